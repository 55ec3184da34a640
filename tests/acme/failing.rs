//! A CA that cannot be reached, that cannot reach us, or that has forgotten us.

use std::time::Duration;

use oneport::Mode;
use oneport::acme::Challenge;
use tokio::time::timeout;

use crate::log_capture::Log;
use crate::pebble::{Pebble, Settings};
use crate::site::{DOMAIN, acme, port, run, serve, shown, until, until_served};

fn everything_to(port: u16, validity: u64) -> Settings {
    Settings {
        http: port,
        tls: port,
        validity,
    }
}

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn one_that_is_not_there_at_the_start_is_tried_again() {
    let (log, _guard) = Log::capture();
    let (listener, addr) = port().await;
    let mut pebble = Pebble::stopped(everything_to(addr.port(), DAY)).await;
    let cache = tempfile::tempdir().unwrap();
    let driver = acme(&pebble, cache.path()).start().unwrap();
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let _running = run(driver);
    until("two attempts", async || log.lines_with("WARN").len() >= 2).await;
    let line = &log.lines_with("WARN")[0];
    for words in [
        "there is no certificate for a.example.test yet",
        "127.0.0.1 cannot be reached",
        "check the URL of the directory",
        "next attempt in",
    ] {
        assert!(line.contains(words), "{line}");
    }
    pebble.start_again().await;
    until_served(addr, &pebble.issuing_root().await).await;
}

#[tokio::test]
async fn one_whose_https_certificate_is_not_trusted_gets_nothing() {
    let (log, _guard) = Log::capture();
    let (listener, addr) = port().await;
    let pebble = Pebble::start(everything_to(addr.port(), DAY)).await;
    let stranger = crate::support::Pki::new();
    let cache = tempfile::tempdir().unwrap();
    let acme = acme(&pebble, cache.path()).root(stranger.ca_path());
    let driver = acme.start().unwrap();
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let _running = run(driver);
    until("an attempt", async || !log.lines_with("WARN").is_empty()).await;
    let line = &log.lines_with("WARN")[0];
    assert!(
        line.contains("invalid peer certificate") && line.contains("trusts the CA's HTTPS"),
        "{line}"
    );
}

#[tokio::test]
async fn one_that_cannot_reach_us_says_for_which_domain_and_port() {
    for (challenge, words) in [
        (Challenge::TlsAlpn01, "by tls-alpn-01"),
        (Challenge::Http01, "by http-01"),
    ] {
        let (log, _guard) = Log::capture();
        let (listener, addr) = port().await;
        let pebble = Pebble::start(everything_to(addr.port(), DAY)).await;
        // Nobody is there.
        pebble.lead(DOMAIN, "127.0.0.9").await;
        let cache = tempfile::tempdir().unwrap();
        let acme = acme(&pebble, cache.path()).challenge(challenge);
        let driver = acme.start().unwrap();
        let challenges = driver.challenges().clone();
        let _server = serve(listener, &driver, Mode::TlsOnly).await;
        let _running = run(driver);
        until("an attempt", async || !log.lines_with("WARN").is_empty()).await;
        let line = &log.lines_with("WARN")[0];
        let port = format!(
            "port {} of {DOMAIN} must lead to this listener",
            challenge.port()
        );
        for words in ["could not validate a.example.test", words, &port] {
            assert!(line.contains(words), "{line}");
        }
        assert!(!line.contains("\\n"), "{line}");
        // The DNS is put right.
        pebble.lead(DOMAIN, "127.0.0.1").await;
        until_served(addr, &pebble.issuing_root().await).await;
        assert_eq!(
            format!("{challenges:?}"),
            "Challenges([])",
            "an answer was left"
        );
    }
}

/// It comes back without its accounts, as no CA should.
#[tokio::test]
async fn the_old_certificate_stays_in_use_until_there_is_another() {
    let (log, _guard) = Log::capture();
    let (listener, addr) = port().await;
    let mut pebble = Pebble::start(everything_to(addr.port(), 9)).await;
    let cache = tempfile::tempdir().unwrap();
    let driver = acme(&pebble, cache.path()).start().unwrap();
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let _running = run(driver);
    let root = pebble.issuing_root().await;
    until_served(addr, &root).await;
    let first = shown(addr, &root).await.unwrap();
    pebble.stop().await;
    until("a failed renewal", async || {
        !log.lines_with("WARN").is_empty()
    })
    .await;
    let line = &log.lines_with("WARN")[0];
    for words in [
        "the certificate for a.example.test was not renewed",
        "cannot be reached",
        "the old one, valid until",
        "stays in use",
    ] {
        assert!(line.contains(words), "{line}");
    }
    assert_eq!(shown(addr, &root).await.unwrap(), first);

    pebble.start_again().await;
    let new_root = pebble.issuing_root().await;
    until_served(addr, &new_root).await;
    assert_ne!(shown(addr, &new_root).await.unwrap(), first);
    let forgotten = log.lines_with("account.json cannot be used");
    assert_eq!(forgotten.len(), 1, "{}", log.text());
}

/// Dropped at any moment, and called again.
#[tokio::test]
async fn a_driver_that_is_dropped_and_called_again_leaves_nothing_behind() {
    let (listener, addr) = port().await;
    let pebble = Pebble::start(everything_to(addr.port(), DAY)).await;
    let cache = tempfile::tempdir().unwrap();
    let mut driver = acme(&pebble, cache.path()).start().unwrap();
    let challenges = driver.challenges().clone();
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let (mut dropped, mut time) = (0, Duration::from_millis(5));
    while driver.certificate().is_none() {
        assert!(dropped < 100, "never");
        dropped += 1;
        time = time.mul_f64(1.25);
        assert!(timeout(time, driver.run()).await.is_err());
        assert_eq!(format!("{challenges:?}"), "Challenges([])");
    }
    assert!(dropped > 10, "{dropped}");
    let root = pebble.issuing_root().await;
    shown(addr, &root).await.unwrap();
    // What is on disk is what is served, and locked by nobody.
    let again = acme(&pebble, cache.path()).start().unwrap();
    assert_eq!(again.certificate(), driver.certificate());
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_replaced() {
    let (log, _guard) = Log::capture();
    let (listener, addr) = port().await;
    let pebble = Pebble::start(everything_to(addr.port(), DAY)).await;
    let cache = tempfile::tempdir().unwrap();
    let driver = acme(&pebble, cache.path()).start().unwrap();
    let path = driver.certificate_path().to_owned();
    let account = path.with_file_name("account.json");
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n").unwrap();
    std::fs::write(&account, "{").unwrap();
    let driver = acme(&pebble, cache.path()).start().unwrap();
    assert!(driver.certificate().is_none());
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let _running = run(driver);
    until_served(addr, &pebble.issuing_root().await).await;
    assert_eq!(log.lines_with("it is kept beside as .unusable").len(), 2);
    assert!(path.with_extension("pem.unusable").exists());
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(kept.contains("PRIVATE KEY") && kept.contains("CERTIFICATE"));
}

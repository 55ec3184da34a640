//! The first certificate, by each challenge.

use oneport::Mode;
use oneport::acme::Challenge;

use crate::log_capture::Log;
use crate::pebble::{NOWHERE, Pebble, Settings};
use crate::site::{DOMAIN, acme, client, connect, port, run, serve, shown, until_served};
use crate::support::exchange;

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn by_tls_alpn_01_on_a_port_that_serves_tls_only() {
    let (log, _guard) = Log::capture();
    let (listener, addr) = port().await;
    // http-01 could not work.
    let settings = Settings {
        http: NOWHERE,
        tls: addr.port(),
        validity: DAY,
    };
    let pebble = Pebble::start(settings).await;
    let cache = tempfile::tempdir().unwrap();
    let driver = acme(&pebble, cache.path()).start().unwrap();
    assert!(driver.certificate().is_none());
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let root = pebble.issuing_root().await;
    // Nobody is shown anything else before.
    assert!(shown(addr, &root).await.is_err());
    let refused = String::from_utf8(exchange(addr, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await);
    assert!(refused.unwrap().starts_with("HTTP/1.1 426"));

    let _running = run(driver);
    let took = until_served(addr, &root).await;
    println!("first certificate by tls-alpn-01: {took:?}");
    assert_eq!(
        log.lines_with("is served from now on").len(),
        1,
        "{}",
        log.text()
    );
    assert_eq!(log.lines_with("WARN"), [""; 0]);

    // On disk: the account, and one file with key and chain.
    let ca = std::fs::read_dir(cache.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let kept = std::fs::read_dir(ca.path()).unwrap();
    let mut kept: Vec<_> = kept
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    kept.sort();
    let [lock, pem, account] = &kept[..] else {
        panic!("{kept:?}");
    };
    assert_eq!([lock, account], [".lock", "account.json"]);
    assert!(pem.starts_with(DOMAIN) && pem.ends_with(".pem"), "{pem}");
    assert!(!log.text().contains("PRIVATE"));
}

#[tokio::test]
async fn by_http_01_although_plaintext_is_refused() {
    let (listener, addr) = port().await;
    let settings = Settings {
        http: addr.port(),
        tls: NOWHERE,
        validity: DAY,
    };
    let pebble = Pebble::start(settings).await;
    let cache = tempfile::tempdir().unwrap();
    let acme = acme(&pebble, cache.path()).challenge(Challenge::Http01);
    let driver = acme.start().unwrap();
    let _server = serve(listener, &driver, Mode::TlsOnly).await;
    let _running = run(driver);
    let took = until_served(addr, &pebble.issuing_root().await).await;
    println!("first certificate by http-01: {took:?}");
}

#[tokio::test]
async fn one_for_several_domains_on_a_port_that_serves_both_modes() {
    let (listener, addr) = port().await;
    let settings = Settings {
        http: NOWHERE,
        tls: addr.port(),
        validity: DAY,
    };
    let pebble = Pebble::start(settings).await;
    let cache = tempfile::tempdir().unwrap();
    let acme = oneport::acme::Acme::new(["b.example.test", DOMAIN, "B.example.test."])
        .accept_terms()
        .directory(pebble.directory())
        .root(pebble.root())
        .cache(cache.path());
    let driver = acme.start().unwrap();
    assert_eq!(driver.domains(), [DOMAIN, "b.example.test"]);
    let _server = serve(listener, &driver, Mode::Dual).await;
    let _running = run(driver);
    let root = pebble.issuing_root().await;
    until_served(addr, &root).await;
    for name in [DOMAIN, "b.example.test"] {
        connect(addr, &client(&root), name).await.unwrap();
    }
    let other = connect(addr, &client(&root), "c.example.test").await;
    let error = other.unwrap_err().to_string();
    assert!(error.contains("not valid for name"), "{error}");
}

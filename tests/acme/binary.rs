//! `oneport --acme`, as its users have it.

use crate::pebble::{NOWHERE, Pebble, Settings, free_port};
use crate::process::Oneport;
use crate::site::{DOMAIN, shown, until, until_served};
use crate::support::{exchange, output_of};
use crate::wrapped::{self, FULL};

async fn pebble(port: u16) -> Pebble {
    Pebble::start(Settings {
        http: NOWHERE,
        tls: port,
        validity: 24 * 60 * 60,
    })
    .await
}

fn arguments(pebble: &Pebble, port: u16) -> Vec<String> {
    let root = pebble.root();
    let listen = format!("127.0.0.1:{port}");
    let flags = [
        ("--listen", &*listen),
        ("--acme", DOMAIN),
        ("--acme-email", "admin@example.test"),
        ("--acme-directory", &pebble.directory()),
        ("--acme-root", root.to_str().unwrap()),
    ];
    let words = flags.into_iter().flat_map(|(flag, value)| [flag, value]);
    words.map(str::to_owned).collect()
}

async fn start(home: tempfile::TempDir, arguments: &[String]) -> Oneport {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    Oneport::start_in(home, &arguments).await
}

#[tokio::test]
async fn one_port_gets_its_own_certificate_and_keeps_it() {
    let port = free_port().await;
    let mut pebble = pebble(port).await;
    let arguments = arguments(&pebble, port);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".local/share/oneport/acme");
    let oneport = start(home, &arguments).await;
    for words in [
        "from a CA    a.example.test",
        "none yet",
        "https://a.example.test:",
    ] {
        assert!(oneport.report.contains(words), "{}", oneport.report);
    }
    let root = pebble.issuing_root().await;
    let took = until_served(oneport.addr, &root).await;
    println!("first certificate by the binary: {took:?}");
    let root_file = pebble.pki.directory.path().join("issuing.pem");
    std::fs::write(&root_file, &root).unwrap();
    let url = format!("https://{DOMAIN}:{port}/whoami");
    let resolve = format!("{DOMAIN}:{port}:127.0.0.1");
    let trust = root_file.to_str().unwrap();
    let options = [
        "-sSf",
        "--noproxy",
        "*",
        "--resolve",
        &resolve,
        "--cacert",
        trust,
        &url,
    ];
    assert!(output_of("curl", &options).await.contains("TLS"));
    let refused = exchange(oneport.addr, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(refused.starts_with(b"HTTP/1.1 426"));
    assert!(path.is_dir());

    // Started again, with the CA gone.
    let first = shown(oneport.addr, &root).await.unwrap();
    pebble.stop().await;
    oneport.signal("TERM").await;
    let (home, (code, log)) = oneport.end_and_leave_home().await;
    assert_eq!(code, 0, "{log}");
    assert_eq!(
        log.lines().filter(|line| line.contains("WARN")).count(),
        0,
        "{log}"
    );
    let again = start(home, &arguments).await;
    assert!(again.report.contains("expires"), "{}", again.report);
    assert!(!again.report.contains("none yet"), "{}", again.report);
    assert_eq!(shown(again.addr, &root).await.unwrap(), first);
}

#[tokio::test]
async fn a_port_that_asks_clients_for_certificates_is_validated_too() {
    let port = free_port().await;
    let pebble = pebble(port).await;
    let mut arguments = arguments(&pebble, port);
    let ca = pebble.pki.ca_path();
    arguments.extend(["--client-ca".to_owned(), ca.to_str().unwrap().to_owned()]);
    arguments.extend(["--tls-min".to_owned(), "1.3".to_owned()]);
    let oneport = start(tempfile::tempdir().unwrap(), &arguments).await;
    let root = pebble.issuing_root().await;
    // In TLS 1.3 a client is done before it is refused.
    until_served(oneport.addr, &root).await;
    let root_file = pebble.pki.directory.path().join("issuing.pem");
    std::fs::write(&root_file, &root).unwrap();
    let url = format!("https://{DOMAIN}:{port}/whoami");
    let resolve = format!("{DOMAIN}:{port}:127.0.0.1");
    let trust = root_file.to_str().unwrap();
    let options = [
        "-sS",
        "--noproxy",
        "*",
        "--resolve",
        &resolve,
        "--cacert",
        trust,
        &url,
    ];
    let refused = crate::support::run("curl", &options).await;
    assert!(
        !refused.status.success(),
        "served without a client certificate"
    );
}

#[tokio::test]
async fn a_ca_that_cannot_be_reached_is_no_reason_to_end() {
    let port = free_port().await;
    let pebble = Pebble::stopped(Settings {
        http: NOWHERE,
        tls: port,
        validity: 60,
    })
    .await;
    let mut arguments = arguments(&pebble, port);
    arguments.push("--allow-plaintext".to_owned());
    let oneport = start(tempfile::tempdir().unwrap(), &arguments).await;
    let served = exchange(
        oneport.addr,
        b"GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    assert!(served.await.starts_with(b"HTTP/1.1 200"));
    // Its first attempt is over before or soon after.
    let root = pebble.pki.directory.path().join("ca.crt");
    let root = std::fs::read_to_string(root).unwrap();
    until("refused", async || {
        shown(oneport.addr, &root).await.is_err()
    })
    .await;
    oneport.signal("TERM").await;
    let (code, log) = oneport.end().await;
    assert_eq!(code, 0, "{log}");
    let words = "there is no certificate for a.example.test yet";
    assert!(
        log.contains(words) && log.contains("cannot be reached"),
        "{log}"
    );
}

/// The server goes on, says which file it could not write, leaves nothing half
/// written, and uses what is kept.
#[tokio::test]
async fn a_full_disk_is_no_reason_to_end() {
    let port = free_port().await;
    let pebble = pebble(port).await;
    let mut arguments = arguments(&pebble, port);
    arguments.push("--allow-plaintext".to_owned());
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let full = async |home: tempfile::TempDir| {
        let command = wrapped::command(home.path(), FULL, &arguments);
        Oneport::started(home, command).await
    };
    let mut oneport = full(tempfile::tempdir().unwrap()).await;
    let line = oneport.says_at_once(&["File too large"]).await;
    assert!(line.contains("there is no certificate"), "{line}");
    assert!(line.contains("/account.json: "), "{line}");
    let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let served = exchange(oneport.addr, request).await;
    assert!(served.starts_with(b"HTTP/1.1 200"));
    oneport.signal("TERM").await;
    let (home, (code, log)) = oneport.end_and_leave_home().await;
    assert_eq!(code, 0, "{log}");
    let kept = home.path().join(".local/share/oneport/acme");
    let find = ["-type", "f", "-name", ".new-*"];
    let find = [&[kept.to_str().unwrap()], &find[..]].concat();
    assert_eq!(output_of("find", &find).await, "");

    let root = pebble.issuing_root().await;
    let oneport = Oneport::start_in(home, &arguments).await;
    until_served(oneport.addr, &root).await;
    oneport.signal("TERM").await;
    let (home, _) = oneport.end_and_leave_home().await;
    let oneport = full(home).await;
    until_served(oneport.addr, &root).await;
    oneport.signal("TERM").await;
    let (code, log) = oneport.end().await;
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

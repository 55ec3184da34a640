//! A server of HTTP/1.0.

use std::process::Stdio;

use oneport::client::probe::Answer;
use tokio::io::AsyncReadExt;

use super::{probe, report, verdict};

/// `python3 -m http.server`, which answers in HTTP/1.0, and 0.9 to what it does
/// not understand.
#[tokio::test]
async fn python() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = tokio::process::Command::new("python3")
        .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("python3 is needed for this test");
    let mut said = String::new();
    let mut stdout = child.stdout.take().unwrap();
    while !said.contains(") ...") {
        let mut part = [0; 256];
        let read = crate::support::within(stdout.read(&mut part))
            .await
            .unwrap();
        said.push_str(std::str::from_utf8(&part[..read]).unwrap());
    }
    let port = said
        .split("port ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let addr = format!("127.0.0.1:{port}").parse().unwrap();
    let plain = report(probe("http", addr)).await;
    assert_eq!(verdict(&plain), "works", "{plain:#?}");
    assert_eq!(
        plain.plaintext.http1.http().unwrap().version,
        http::Version::HTTP_10
    );
    assert!(
        matches!(plain.plaintext.h2c, Answer::Other(_)),
        "{plain:#?}"
    );
    let tls = report(probe("https", addr)).await;
    assert_eq!(verdict(&tls), "tls-to-plaintext", "{tls:#?}");
}

//! Python's http.server, which answers in HTTP/1.0, and uvicorn.

use crate::checked::{check, checked};
use crate::process::ended;
use crate::site::{Running, Site, prepared, source};

/// Debian's own: another one may have another OpenSSL.
const PYTHON: &str = "/usr/bin/python3";

#[tokio::test]
async fn plaintext() {
    let site = Site::new().await;
    let arguments = ["-m", "http.server", "--bind", "127.0.0.1", "{PORT}"];
    let _running = site.start(PYTHON, &arguments).await;
    let port = checked(&site).await;
    port.http.works().urls(&site, &["http"]).finds_only(&[]);
    port.http.has("/plaintext/http1/version", "HTTP/1.0");
    // It answers a ClientHello with a page in HTML, without a head.
    port.https.fails("tls-to-plaintext");
}

#[tokio::test]
async fn tls() {
    let site = Site::new().await;
    let arguments = [&source("python/tls.py"), "{PORT}", "{CERT}", "{KEY}"];
    let _running = site.start(PYTHON, &arguments).await;
    let port = checked(&site).await;
    port.https.works().urls(&site, &["https"]).finds_only(&[]);
    port.http.fails("plaintext-to-tls");
}

/// As the health check of a container that takes its time.
#[tokio::test]
async fn one_that_is_still_starting() {
    let site = Site::new().await;
    let (url, ca) = (site.url("https"), site.ca());
    let waited = ["check", "--quiet", "--wait", "20", "--ca", &ca, &url];
    let arguments = [&source("python/tls.py"), "{PORT}", "{CERT}", "{KEY}"];
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        site.start(PYTHON, &arguments).await
    };
    let (ended, _running) = tokio::join!(ended(&waited), late);
    assert_eq!(ended, (0, String::new(), String::new()));
}

async fn uvicorn(options: &[&str]) -> (Site, Running) {
    let site = Site::new().await;
    let directory = source("python");
    let arguments = ["app:app", "--app-dir", &directory, "--port", "{PORT}"];
    let arguments = [&arguments[..], options].concat();
    let running = site.start(&prepared("venv/bin/uvicorn"), &arguments).await;
    (site, running)
}

#[tokio::test]
async fn uvicorn_in_plaintext() {
    let (site, _running) = uvicorn(&[]).await;
    let port = checked(&site).await;
    port.http.works().finds_only(&[]);
    port.https.fails("tls-to-plaintext");
    check(&site.url("ws"), &[])
        .await
        .works()
        .urls(&site, &["http", "ws"]);
}

#[tokio::test]
async fn uvicorn_with_tls() {
    let options = ["--ssl-certfile", "{CERT}", "--ssl-keyfile", "{KEY}"];
    let (site, _running) = uvicorn(&options).await;
    let port = checked(&site).await;
    port.https
        .works()
        .urls(&site, &["https", "wss"])
        .finds_only(&[]);
    port.http.fails("plaintext-to-tls");
    let ca = site.ca();
    check(&site.url("wss"), &["--ca", &ca]).await.works();
}

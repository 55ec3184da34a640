//! axum-server, with rustls.

use crate::checked::{check, checked};
use crate::site::{Running, Site, prepared};

async fn axum_server(arguments: &[&str]) -> (Site, Running) {
    let site = Site::new().await;
    let program = prepared("rust/debug/oneport-rust-servers");
    let running = site.start(&program, arguments).await;
    (site, running)
}

#[tokio::test]
async fn plaintext() {
    let (site, _running) = axum_server(&["plain", "{PORT}"]).await;
    let port = checked(&site).await;
    port.http.works().urls(&site, &["http"]).finds_only(&[]);
    port.http.has("/plaintext/h2c/status", "200");
    port.https.fails("tls-to-plaintext");
    check(&(site.url("ws") + "ws"), &[]).await.works();
}

#[tokio::test]
async fn tls() {
    let (site, _running) = axum_server(&["tls", "{PORT}", "{CERT}", "{KEY}"]).await;
    let port = checked(&site).await;
    port.https.works().urls(&site, &["https"]).finds_only(&[]);
    // rustls answers plaintext with an alert.
    port.http.fails("plaintext-to-tls");
    let (url, ca) = (site.url("wss") + "ws", site.ca());
    check(&url, &["--ca", &ca]).await.works();
}

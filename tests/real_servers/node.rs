//! Node's own servers, and the `ws` package.

use crate::checked::{check, checked};
use crate::site::{Running, Site, prepared};

async fn node(kind: &str) -> (Site, Running) {
    let site = Site::new().await;
    let arguments = [
        &prepared("node/server.mjs"),
        kind,
        "{PORT}",
        "{CERT}",
        "{KEY}",
    ];
    // A certificate would make it TLS.
    let few = ["http", "h2c", "ws"].contains(&kind);
    let running = site.start("node", &arguments[..if few { 3 } else { 5 }]);
    let running = running.await;
    (site, running)
}

#[tokio::test]
async fn plaintext() {
    let (site, _running) = node("http").await;
    let port = checked(&site).await;
    port.http.works().urls(&site, &["http"]).finds_only(&[]);
    port.https.fails("tls-to-plaintext");
}

#[tokio::test]
async fn tls() {
    let (site, _running) = node("https").await;
    let port = checked(&site).await;
    port.https.works().urls(&site, &["https"]).finds_only(&[]);
    // It hangs up without a word.
    port.http.fails("plaintext-to-tls");
}

#[tokio::test]
async fn http2_in_plaintext() {
    let (site, _running) = node("h2c").await;
    let port = checked(&site).await;
    port.http.fails("http2-only");
    port.http.has("/plaintext/http1/line", "HTTP/2 frames");
    port.either.works().finds_only(&["http2-only"]);
    port.https.fails("tls-to-plaintext").urls(&site, &["http"]);
}

/// Without `allowHTTP1`.
#[tokio::test]
async fn http2_only() {
    let (site, _running) = node("http2").await;
    let port = checked(&site).await;
    port.https.works().urls(&site, &["https"]);
    port.https.has("/tls/alpn/http~11.1", "false");
    port.http.fails("plaintext-to-tls");
}

#[tokio::test]
async fn http2_and_1() {
    let (site, _running) = node("http2-and-1").await;
    let port = checked(&site).await;
    port.https.works().finds_only(&[]);
}

#[tokio::test]
async fn websocket() {
    let (site, _running) = node("ws").await;
    let found = check(&site.url("ws"), &[]).await;
    found.works().urls(&site, &["http", "ws"]);
    // `ws` says 426 to whoever wants no WebSocket, which is not about TLS.
    let port = checked(&site).await;
    port.http.fails("status").says("426");
    port.http.says(&format!("use {}", site.url("ws")));
    let found = check(&site.url("wss"), &["--ca", &site.ca()]).await;
    found.fails("tls-to-plaintext");
    found.says(&format!("use {}", site.url("ws")));
}

#[tokio::test]
async fn websocket_over_tls() {
    let (site, _running) = node("wss").await;
    let (ca, path) = (site.ca(), |scheme| site.url(scheme) + "ws");
    let found = check(&path("wss"), &["--ca", &ca]).await;
    found.works();
    assert_eq!(
        found.json["urls"],
        serde_json::json!([path("https"), path("wss")])
    );
    let found = check(&path("ws"), &["--ca", &ca]).await;
    found.fails("plaintext-to-tls");
    found.says(&format!("use {}", path("wss")));
    // At another path it is no WebSocket server.
    let found = check(&site.url("wss"), &["--ca", &ca]).await;
    found.fails("websocket-refused").says("check the path");
}

//! Go's net/http.

use crate::checked::{check, checked};
use crate::site::{Running, Site, prepared};

pub(crate) async fn go(kind: &str) -> (Site, Running) {
    let site = Site::new().await;
    let arguments = [kind, "{PORT}", "{CERT}", "{KEY}", "{CA}"];
    let running = site.start(&prepared("go-server"), &arguments).await;
    (site, running)
}

#[tokio::test]
async fn plaintext() {
    let (site, _running) = go("plain").await;
    let port = checked(&site).await;
    port.http.works().urls(&site, &["http"]).finds_only(&[]);
    port.https.fails("tls-to-plaintext");
}

#[tokio::test]
async fn tls() {
    let (site, _running) = go("tls").await;
    let port = checked(&site).await;
    port.https.works().urls(&site, &["https"]).finds_only(&[]);
    port.https.has("/tls/http/version", "HTTP/2.0");
    port.http
        .fails("plaintext-to-tls")
        .says("Client sent an HTTP request to an HTTPS server.");
}

#[tokio::test]
async fn tls_without_http2() {
    let (site, _running) = go("tls-http1").await;
    let port = checked(&site).await;
    port.https.works().finds_only(&[]);
    port.https.has("/tls/http/version", "HTTP/1.1");
}

#[tokio::test]
async fn tls12_only() {
    let (site, _running) = go("tls12").await;
    let port = checked(&site).await;
    port.https.works().finds_only(&["tls12-only"]);
}

#[tokio::test]
async fn tls13_only() {
    let (site, _running) = go("tls13").await;
    let port = checked(&site).await;
    port.https.works().finds_only(&[]);
    port.https.has("/tls/tls12", "false");
}

#[tokio::test]
async fn client_certificates_required() {
    let (site, _running) = go("mtls").await;
    let port = checked(&site).await;
    port.https
        .fails("client-certificate-missing")
        .has("/tls/client_certificate", "required")
        .urls(&site, &[]);
    let (ca, cert, key) = (site.ca(), site.path("client.crt"), site.path("client.key"));
    let shown = ["--ca", &ca, "--cert", &cert, "--key", &key];
    check(&site.url("https"), &shown).await.works();
}

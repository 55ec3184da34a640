//! Caddy.

use crate::checked::{check, checked};
use crate::site::{Running, Site};

async fn caddy(site: &Site, caddyfile: &str) -> Running {
    // Without ports of its own beside the site's, and without UDP.
    let all = "{\n admin off\n auto_https disable_redirects\n skip_install_trust\n
        servers {\n protocols h1 h2 MORE\n }\n }\n";
    let (more, caddyfile) = match caddyfile.strip_prefix("h2c ") {
        Some(caddyfile) => ("h2c", caddyfile),
        None => ("", caddyfile),
    };
    let caddyfile = all.replace("MORE", more) + caddyfile;
    site.write("Caddyfile", &site.filled(&caddyfile));
    let arguments = [
        "run",
        "--adapter",
        "caddyfile",
        "--config",
        "{DIR}/Caddyfile",
    ];
    site.start("/usr/bin/caddy", &arguments).await
}

#[tokio::test]
async fn plaintext() {
    let site = Site::new().await;
    let _running = caddy(&site, "http://localhost:{PORT} { \n respond hello \n }").await;
    let port = checked(&site).await;
    port.http.works().urls(&site, &["http"]).finds_only(&[]);
    port.http.has("/plaintext/http1/server", "Caddy");
    port.https.fails("tls-to-plaintext");
}

#[tokio::test]
async fn http2_in_plaintext() {
    let site = Site::new().await;
    let _running = caddy(&site, "h2c http://localhost:{PORT} { \n respond hello \n }").await;
    let port = checked(&site).await;
    port.http.works().has("/plaintext/h2c/status", "200");
}

#[tokio::test]
async fn tls() {
    let site = Site::new().await;
    let caddyfile = "https://localhost:{PORT} { \n tls {CERT} {KEY} \n respond hello \n }";
    let _running = caddy(&site, caddyfile).await;
    let port = checked(&site).await;
    port.https.works().urls(&site, &["https"]).finds_only(&[]);
    port.http
        .fails("plaintext-to-tls")
        .says("Client sent an HTTP request to an HTTPS server.");
}

#[tokio::test]
async fn a_name_that_is_not_known() {
    let site = Site::new().await;
    let caddyfile = "https://localhost:{PORT} { \n tls internal \n respond hello \n }";
    let _running = caddy(&site, caddyfile).await;
    let found = check(&format!("https://127.0.0.1:{}/", site.port), &[]).await;
    // Go's TLS says no more than "internal error" (80).
    assert_eq!(found.code, 1, "{found}");
    found.has("/tls/http/kind", "refused");
}

#[tokio::test]
async fn client_certificates_required() {
    let site = Site::new().await;
    let caddyfile = "https://localhost:{PORT} { \n tls {CERT} {KEY} { \n client_auth { \n
        mode require_and_verify \n trusted_ca_cert_file {CA} \n } \n } \n respond hello \n }";
    let _running = caddy(&site, caddyfile).await;
    let port = checked(&site).await;
    port.https
        .fails("client-certificate-missing")
        .has("/tls/client_certificate", "required");
    let (ca, cert, key) = (site.ca(), site.path("client.crt"), site.path("client.key"));
    let shown = ["--ca", &ca, "--cert", &cert, "--key", &key];
    check(&site.url("https"), &shown).await.works();
}

//! Our own server, with its modes.

use crate::checked::check;
use crate::process::Oneport;
use crate::site::Site;

#[tokio::test]
async fn tls_and_explanations() {
    let server = Oneport::start(&[]).await;
    let (http, https) = (server.url("http", "/"), server.url("https", "/"));
    let ca = server.ca();
    let found = check(&https, &["--ca", &ca]).await;
    found.works().finds_only(&[]);
    let found = check(&http, &["--ca", &ca]).await;
    found
        .fails("plaintext-to-tls")
        .says(&format!("use {https}"));
    check(&https, &[])
        .await
        .fails("server-certificate-unknown-issuer");
}

#[tokio::test]
async fn both() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    let (http, https) = (server.url("http", "/"), server.url("https", "/"));
    let ca = server.ca();
    for url in [&http, &https] {
        let found = check(url, &["--ca", &ca]).await;
        found.works().finds_only(&[]);
        assert_eq!(found.json["urls"], serde_json::json!([https, http]));
    }
}

#[tokio::test]
async fn plaintext_only() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    let (http, https) = (server.url("http", "/"), server.url("https", "/"));
    check(&http, &[]).await.works().finds_only(&[]);
    let found = check(&https, &[]).await;
    found.fails("tls-to-plaintext").says(&format!("use {http}"));
}

#[tokio::test]
async fn client_certificates_required() {
    let site = Site::new().await;
    let (ca, cert, key) = (site.ca(), site.path("client.crt"), site.path("client.key"));
    let server = Oneport::start(&["--client-ca", &ca]).await;
    let (url, trust) = (server.url("https", "/"), server.ca());
    let found = check(&url, &["--ca", &trust]).await;
    found.fails("client-certificate-missing");
    found.has("/tls/client_certificate", "required");
    let shown = ["--ca", &trust, "--cert", &cert, "--key", &key];
    let found = check(&url, &shown).await;
    found.works().has("/tls/client_certificate", "accepted");
}

#[tokio::test]
async fn one_that_wants_a_proxy_in_front() {
    let server = Oneport::start(&["--proxy-protocol", "loopback"]).await;
    let ca = server.ca();
    for scheme in ["http", "https"] {
        let found = check(&server.url(scheme, "/"), &["--ca", &ca]).await;
        found.fails("proxy-header-missing");
        found.has("/proxy_protocol", "required");
    }
}

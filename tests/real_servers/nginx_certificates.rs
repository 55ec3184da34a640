//! nginx with certificates of all kinds, and asking clients for theirs.

use rcgen::date_time_ymd;

use crate::authority::{Authority, params};
use crate::checked::{check, checked};
use crate::nginx::start;
use crate::site::Site;

const TLS: &str = "listen 127.0.0.1:{PORT} ssl http2; ssl_protocols TLSv1.2 TLSv1.3; ";

#[tokio::test]
async fn trust() {
    let site = Site::new().await;
    let _running = start(&site, &format!("{TLS} return 200 hello;")).await;
    let url = site.url("https");
    let found = check(&url, &[]).await;
    found.fails("server-certificate-unknown-issuer");
    found.says("servers test CA").says("--ca");
    let other = Authority::new("another CA");
    site.write("other.crt", &other.pem);
    let found = check(&url, &["--ca", &site.path("other.crt")]).await;
    found.fails("server-certificate-unknown-issuer");
    check(&url, &["--ca", &site.ca()]).await.works();
    check(&url, &["--ca", &site.path("server.crt")])
        .await
        .works();
}

#[tokio::test]
async fn names() {
    let site = Site::new().await;
    let issued = site
        .authority
        .issue(3, &["a.example.test", "b.example.test"]);
    site.write_identity("server", &issued);
    let _running = start(&site, &format!("{TLS} return 200 hello;")).await;
    let port = checked(&site).await;
    port.https
        .fails("server-certificate-wrong-name")
        .says("a.example.test")
        .says("localhost");
    let (ca, url) = (site.ca(), site.url("https"));
    let named = ["--ca", &ca, "--server-name", "b.example.test"];
    check(&url, &named).await.works();
}

#[tokio::test]
async fn an_expired_one() {
    let site = Site::new().await;
    let mut expired = params(3, &["localhost"]);
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    site.write_identity("server", &site.authority.issue_as(expired));
    let _running = start(&site, &format!("{TLS} return 200 hello;")).await;
    let port = checked(&site).await;
    port.https
        .fails("server-certificate-expired")
        .says("2021-01-01");
    // Of HOST:PORT, it is asked only what it speaks.
    port.either.works().finds("server-certificate-expired");
}

/// The usual mistake: `cert.pem` in place of `fullchain.pem`.
#[tokio::test]
async fn a_chain_that_lacks_its_intermediate() {
    let site = Site::new().await;
    let intermediate = site.authority.authority("servers test intermediate");
    site.write_identity("server", &intermediate.server(3));
    let _running = start(&site, &format!("{TLS} return 200 hello;")).await;
    let found = checked(&site).await.https;
    found.fails("server-certificate-unknown-issuer");
    found.says("intermediate");
}

#[tokio::test]
async fn a_whole_chain() {
    let site = Site::new().await;
    let intermediate = site.authority.authority("servers test intermediate");
    let leaf = intermediate.server(3);
    site.write_identity("server", &leaf);
    site.write("server.crt", &(leaf.pem + &intermediate.pem));
    let _running = start(&site, &format!("{TLS} return 200 hello;")).await;
    checked(&site).await.https.works().finds_only(&[]);
}

#[tokio::test]
async fn client_certificates_required() {
    let site = Site::new().await;
    let server = format!("{TLS} ssl_verify_client on; ssl_client_certificate {{CA}}; return 200;");
    let _running = start(&site, &server).await;
    // Without one, nginx says 400 in HTTP.
    let port = checked(&site).await;
    port.https
        .fails("client-certificate-missing")
        .has("/tls/client_certificate", "required")
        .says("No required SSL certificate was sent")
        .says("--cert");
    port.either.fails("client-certificate-missing");
    port.http.fails("plaintext-to-tls");

    let (ca, url) = (site.ca(), site.url("https"));
    let (cert, key) = (site.path("client.crt"), site.path("client.key"));
    let shown = ["--ca", &ca, "--cert", &cert, "--key", &key];
    check(&url, &shown).await.works().finds_only(&[]);

    let stranger = Authority::new("another CA").issue(1, &["stranger"]);
    site.write_identity("stranger", &stranger);
    let (cert, key) = (site.path("stranger.crt"), site.path("stranger.key"));
    let found = check(&url, &["--ca", &ca, "--cert", &cert, "--key", &key]).await;
    assert!(
        found.at("/fault/slug").starts_with("client-certificate-"),
        "{found}"
    );
    found
        .has("/works", "false")
        .says("The SSL certificate error");
}

#[tokio::test]
async fn client_certificates_optional() {
    let site = Site::new().await;
    let server =
        format!("{TLS} ssl_verify_client optional; ssl_client_certificate {{CA}}; return 200;");
    let _running = start(&site, &server).await;
    let port = checked(&site).await;
    port.https
        .works()
        .has("/tls/client_certificate", "requested");
    port.https.says("asked for a certificate, and need none");
}

/// For other names, nginx takes the first server's certificate, or this.
#[tokio::test]
async fn a_name_that_is_not_known() {
    let site = Site::new().await;
    let server = format!(
        "{TLS} return 200; }} server {{ listen 127.0.0.1:{{PORT}} ssl http2 default_server;
         ssl_reject_handshake on;"
    );
    let _running = start(&site, &server).await;
    let ca = site.ca();
    check(&site.url("https"), &["--ca", &ca]).await.works();
    let found = check(&format!("https://127.0.0.1:{}/", site.port), &["--ca", &ca]).await;
    found.fails("unknown-server-name").says("--server-name");
}

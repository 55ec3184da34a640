//! nginx, in the ways in which its documentation and its users set it up.

use crate::checked::{Port, check, checked};
use crate::site::{Running, Site};

/// One `server` block with this in it.
pub(crate) async fn start(site: &Site, server: &str) -> Running {
    let config = "
        daemon off; master_process off; worker_processes 1;
        pid {DIR}/nginx.pid; error_log stderr;
        events {}
        http {
            access_log off;
            client_body_temp_path {DIR}/body; proxy_temp_path {DIR}/proxy;
            fastcgi_temp_path {DIR}/fastcgi; uwsgi_temp_path {DIR}/uwsgi;
            scgi_temp_path {DIR}/scgi;
            ssl_certificate {CERT}; ssl_certificate_key {KEY};
            server {
                server_name localhost;
                SERVER
            }
        }";
    site.write(
        "nginx.conf",
        &site.filled(&config.replace("SERVER", server)),
    );
    let arguments = ["-p", "{DIR}", "-e", "stderr", "-c", "{DIR}/nginx.conf"];
    site.start("/usr/sbin/nginx", &arguments).await
}

async fn nginx(server: &str) -> (Site, Port, Running) {
    let site = Site::new().await;
    let running = start(&site, server).await;
    let port = checked(&site).await;
    (site, port, running)
}

/// What it says to plaintext.
const PLAIN_TO_TLS: &str = "The plain HTTP request was sent to HTTPS port";

#[tokio::test]
async fn plaintext() {
    let (site, port, _running) = nginx("listen 127.0.0.1:{PORT}; return 200 hello;").await;
    port.http.works().urls(&site, &["http"]).finds_only(&[]);
    let server = port.http.at("/plaintext/http1/server");
    assert!(server.starts_with("nginx/"), "{server}");
    port.either.works().urls(&site, &["http"]);
    let instead = format!("use {}", site.url("http"));
    port.https.fails("tls-to-plaintext").says(&instead);
}

#[tokio::test]
async fn http2_in_plaintext() {
    let (site, port, _running) = nginx("listen 127.0.0.1:{PORT} http2; return 200 hello;").await;
    port.either.works();
    port.https.fails("tls-to-plaintext").urls(&site, &["http"]);
    // Before 1.25, nginx speaks nothing else there.
    if port.truth.plaintext.status.is_some() {
        port.http.works();
        return;
    }
    port.http
        .fails("http2-only")
        .says("--http2-prior-knowledge");
    port.http
        .has("/plaintext/http1/kind", "other")
        .has("/plaintext/http1/line", "HTTP/2 frames");
    port.either.finds_only(&["http2-only"]);
    port.https.says("--http2-prior-knowledge");
}

#[tokio::test]
async fn tls() {
    let server = "listen 127.0.0.1:{PORT} ssl; ssl_protocols TLSv1.2; return 200 hello;";
    let (site, port, _running) = nginx(server).await;
    // As before 1.23.4, when TLS 1.3 had to be switched on.
    port.https.works().finds_only(&["tls12-only"]);
    port.https.urls(&site, &["https"]);
    port.https
        .has("/tls/certificates/0/names", r#"["localhost","127.0.0.1"]"#);
    port.either.works().urls(&site, &["https"]);
    port.http.fails("plaintext-to-tls").says(PLAIN_TO_TLS);
    port.http.says(&format!("use {}", site.url("https")));
}

#[tokio::test]
async fn tls_with_http2() {
    let server = "listen 127.0.0.1:{PORT} ssl http2; ssl_protocols TLSv1.2 TLSv1.3;
        add_header Strict-Transport-Security max-age=63072000; return 200 hello;";
    let (site, port, _running) = nginx(server).await;
    port.https.works().finds_only(&[]).urls(&site, &["https"]);
    port.https.has("/tls/http/hsts", "max-age=63072000");
    port.https.says("HSTS          max-age=63072000");
    port.http.fails("plaintext-to-tls").says(PLAIN_TO_TLS);
}

#[tokio::test]
async fn hsts_over_plaintext() {
    let server = "listen 127.0.0.1:{PORT};
        add_header Strict-Transport-Security max-age=63072000; return 200 hello;";
    let (_site, port, _running) = nginx(server).await;
    port.http.works().finds_only(&["hsts-on-plaintext"]);
}

#[tokio::test]
async fn plaintext_that_leads_to_https_elsewhere() {
    let server = "listen 127.0.0.1:{PORT}; return 301 https://$host$request_uri;";
    let (_site, port, _running) = nginx(server).await;
    // $host has no port: this leads to port 443.
    port.http.works().finds_only(&["redirect-elsewhere"]);
    port.http
        .has("/redirects/0/next", "elsewhere")
        .has("/redirects/0/status", "301")
        .has("/redirects/0/location", "https://localhost/");
    port.https.fails("tls-to-plaintext");
}

#[tokio::test]
async fn plaintext_that_leads_to_tls_on_the_same_port() {
    let server = "listen 127.0.0.1:{PORT} ssl http2; ssl_protocols TLSv1.2 TLSv1.3;
        error_page 497 =308 https://$host:$server_port$request_uri; return 200 hello;";
    let site = Site::new().await;
    let _running = start(&site, server).await;
    let (ca, http, https) = (site.ca(), site.url("http"), site.url("https"));
    let found = check(&http, &["--ca", &ca]).await;
    found.works().urls(&site, &["https", "http"]);
    found
        .has("/redirects/0/url", &http)
        .has("/redirects/0/location", &https)
        .has("/redirects/0/next", "followed")
        .has("/answer/status", "200")
        .has("/plaintext/http1/status", "308");
    // Where it leads is not trusted without.
    let found = check(&http, &[]).await;
    found.fails("server-certificate-unknown-issuer");
    found.finds_only(&["server-certificate-unknown-issuer"]);
    found.says("--ca");
    check(&https, &["--ca", &ca]).await.works();
}

#[tokio::test]
async fn redirects_in_a_circle() {
    let server = "listen 127.0.0.1:{PORT};
        location = / { return 302 /login; } location = /login { return 302 /; }";
    let site = Site::new().await;
    let _running = start(&site, server).await;
    let found = check(&site.url("http"), &[]).await;
    found.fails("redirect-loop").says("/login -> 302");
    found.has("/redirects/1/next", "loop");
}

/// Whoever ends TLS in front of it leads to it in plaintext, and it leads back.
#[tokio::test]
async fn a_circle_between_the_modes() {
    let server = "listen 127.0.0.1:{PORT} ssl;
        error_page 497 =301 https://$host:$server_port$request_uri;
        return 301 http://$host:$server_port$request_uri;";
    let site = Site::new().await;
    let _running = start(&site, server).await;
    let ca = site.ca();
    for scheme in ["http", "https"] {
        let found = check(&site.url(scheme), &["--ca", &ca]).await;
        found.fails("redirect-loop").finds("redirect-to-plaintext");
    }
}

#[tokio::test]
async fn one_that_wants_a_proxy_in_front() {
    let server = "listen 127.0.0.1:{PORT} proxy_protocol; return 200 hello;";
    let (site, port, _running) = nginx(server).await;
    for found in [&port.http, &port.https, &port.either] {
        found.fails("proxy-header-missing").urls(&site, &[]);
        found.has("/proxy_protocol", "required");
        found.says("PROXY").says("nginx");
    }
}

#[tokio::test]
async fn one_that_wants_a_proxy_in_front_and_tls() {
    let server = "listen 127.0.0.1:{PORT} ssl proxy_protocol; return 200 hello;";
    let (_site, port, _running) = nginx(server).await;
    for found in [&port.http, &port.https, &port.either] {
        found.fails("proxy-header-missing");
        found.has("/proxy_protocol", "required");
    }
}

#[tokio::test]
async fn a_status_of_failure() {
    let (_site, port, _running) = nginx("listen 127.0.0.1:{PORT}; return 503;").await;
    port.http.fails("status").says("503");
    // It speaks HTTP all the same.
    port.either.works();
}

/// nginx's own status for hanging up, as bots are answered.
#[tokio::test]
async fn hanging_up() {
    let (_site, port, _running) = nginx("listen 127.0.0.1:{PORT}; return 444;").await;
    // Other requests get an answer: it is not deaf.
    port.http
        .fails("unanswered")
        .has("/plaintext/http1/kind", "closed");
}

#[tokio::test]
async fn hanging_up_over_tls() {
    let (_site, port, _running) = nginx("listen 127.0.0.1:{PORT} ssl; return 444;").await;
    // The port is not mute: it speaks TLS.
    port.https.fails("unanswered").says("TLS");
    port.http.fails("plaintext-to-tls");
}

#[tokio::test]
async fn tls_of_the_past() {
    let server = "listen 127.0.0.1:{PORT} ssl; ssl_protocols TLSv1 TLSv1.1;
        ssl_ciphers ALL:@SECLEVEL=0; return 200 hello;";
    let (_site, port, _running) = nginx(server).await;
    port.https.fails("no-common-tls-parameters");
    port.https.says("TLS 1.0 and 1.1 are refused");
    port.http.fails("plaintext-to-tls");
}

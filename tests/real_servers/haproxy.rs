//! HAProxy in HTTP mode, in front of a server.

use crate::checked::{Port, check, checked};
use crate::go::go;
use crate::site::{Running, Site};
use crate::support::listen;

async fn haproxy(bind: &str) -> (Site, Port, [Running; 2]) {
    let (backend, behind) = go("plain").await;
    let site = Site::new().await;
    let config = format!(
        "defaults\n mode http\n timeout connect 1s\n timeout client 5s\n timeout server 5s\n\
         frontend main\n bind 127.0.0.1:{{PORT}} {bind}\n default_backend app\n\
         backend app\n server app 127.0.0.1:{}\n",
        backend.port
    );
    site.write("haproxy.cfg", &site.filled(&config));
    let arguments = ["-db", "-q", "-f", "{DIR}/haproxy.cfg"];
    let running = site.start("/usr/sbin/haproxy", &arguments).await;
    let port = checked(&site).await;
    (site, port, [running, behind])
}

#[tokio::test]
async fn plaintext() {
    let (site, port, _running) = haproxy("").await;
    port.http.works().urls(&site, &["http"]).finds_only(&[]);
    port.https.fails("tls-to-plaintext");
}

#[tokio::test]
async fn tls() {
    let (site, port, _running) = haproxy("ssl crt {PEM}").await;
    port.https.works().urls(&site, &["https"]);
    // It hangs up without a word.
    port.http.fails("plaintext-to-tls");
}

#[tokio::test]
async fn tls_with_http2() {
    let (site, port, _running) = haproxy("ssl crt {PEM} alpn h2,http/1.1").await;
    port.https.works().urls(&site, &["https"]).finds_only(&[]);
    port.http.fails("plaintext-to-tls");
    port.http.says(&format!("use {}", site.url("https")));
}

#[tokio::test]
async fn client_certificates_required() {
    let (_site, port, _running) = haproxy("ssl crt {PEM} ca-file {CA} verify required").await;
    port.https
        .fails("client-certificate-missing")
        .has("/tls/client_certificate", "required");
}

#[tokio::test]
async fn one_that_wants_a_proxy_in_front() {
    let (site, port, _running) = haproxy("accept-proxy").await;
    for found in [&port.http, &port.https, &port.either] {
        found.fails("proxy-header-missing").urls(&site, &[]);
        found.has("/proxy_protocol", "required");
    }
}

#[tokio::test]
async fn one_that_wants_a_proxy_in_front_and_tls() {
    let (_site, port, _running) = haproxy("accept-proxy ssl crt {PEM}").await;
    for found in [&port.http, &port.https, &port.either] {
        found.fails("proxy-header-missing");
        found.has("/proxy_protocol", "required");
    }
}

#[tokio::test]
async fn nobody_behind_it() {
    let site = Site::new().await;
    let config = "defaults\n mode http\n timeout connect 1s\n timeout client 5s\n timeout server 5s\n\
         frontend main\n bind 127.0.0.1:{PORT} ssl crt {PEM}\n default_backend app\n\
         backend app\n retries 0\n server app 127.0.0.1:1\n";
    site.write("haproxy.cfg", &site.filled(config));
    let arguments = ["-db", "-q", "-f", "{DIR}/haproxy.cfg"];
    let _running = site.start("/usr/sbin/haproxy", &arguments).await;
    let port = checked(&site).await;
    port.https.fails("status").says("503");
}

/// TLS is done, and the server behind it hangs.
#[tokio::test]
async fn silence_behind_it() {
    let silent = listen().await;
    let site = Site::new().await;
    let config = format!(
        "defaults\n mode http\n timeout connect 1s\n timeout client 9s\n timeout server 9s\n\
         frontend main\n bind 127.0.0.1:{{PORT}} ssl crt {{PEM}}\n default_backend app\n\
         backend app\n server app {}\n",
        silent.local_addr().unwrap()
    );
    site.write("haproxy.cfg", &site.filled(&config));
    let arguments = ["-db", "-q", "-f", "{DIR}/haproxy.cfg"];
    let _running = site.start("/usr/sbin/haproxy", &arguments).await;
    let (url, ca) = (site.url("https"), site.ca());
    let found = check(&url, &["--ca", &ca, "--timeout", "1"]).await;
    found.fails("unanswered").says("TLS");
    found.says_not("takes connections and says nothing");
}

#[tokio::test]
async fn one_that_wants_a_proxy_in_front_and_client_certificates() {
    let bind = "accept-proxy ssl crt {PEM} ca-file {CA} verify required ssl-max-ver TLSv1.2";
    let (_site, port, _running) = haproxy(bind).await;
    for found in [&port.http, &port.https, &port.either] {
        found.fails("proxy-header-missing");
    }
}

//! Apache httpd.

use crate::checked::{Port, check, checked};
use crate::site::{Running, Site};

async fn apache(more: &str) -> (Site, Port, Running) {
    let site = Site::new().await;
    let modules = [
        "mpm_event",
        "authz_core",
        "dir",
        "headers",
        "http2",
        "mime",
        "ssl",
    ];
    let load = |name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
    let modules: String = modules.into_iter().map(load).collect();
    let config = format!(
        "{modules}
        ServerName localhost
        ServerRoot {{DIR}}
        PidFile {{DIR}}/apache.pid
        DefaultRuntimeDir {{DIR}}
        Mutex file:{{DIR}} default
        ErrorLog /dev/stderr
        User #65534
        Group #65534
        TypesConfig /dev/null
        Listen 127.0.0.1:{{PORT}}
        DocumentRoot {{DIR}}/public
        {more}\n"
    );
    std::fs::create_dir(site.path("public")).unwrap();
    site.write("public/index.html", "apache\n");
    site.write("apache.conf", &site.filled(&config));
    let arguments = ["-X", "-f", "{DIR}/apache.conf"];
    let running = site.start("/usr/sbin/apache2", &arguments).await;
    let port = checked(&site).await;
    (site, port, running)
}

const TLS: &str = "SSLEngine on\n SSLCertificateFile {CERT}\n SSLCertificateKeyFile {KEY}\n";

#[tokio::test]
async fn plaintext() {
    let (site, port, _running) = apache("").await;
    port.http.works().urls(&site, &["http"]).finds_only(&[]);
    // It answers a ClientHello with 400 in HTTP.
    port.https.fails("tls-to-plaintext");
}

#[tokio::test]
async fn tls() {
    let (site, port, _running) = apache(TLS).await;
    port.https.works().urls(&site, &["https"]).finds_only(&[]);
    port.http
        .fails("plaintext-to-tls")
        .says("speaking plain HTTP to an SSL-enabled server port");
}

#[tokio::test]
async fn tls_with_http2() {
    let (_site, port, _running) = apache(&format!("{TLS} Protocols h2 http/1.1")).await;
    port.https.works().finds_only(&[]);
}

#[tokio::test]
async fn http2_in_plaintext() {
    let (site, port, _running) = apache("Protocols h2c http/1.1").await;
    port.http.works().urls(&site, &["http"]);
    port.http.has("/plaintext/h2c/status", "200");
}

#[tokio::test]
async fn client_certificates_required() {
    let more = format!("{TLS} SSLVerifyClient require\n SSLCACertificateFile {{CA}}");
    let (site, port, _running) = apache(&more).await;
    port.https
        .fails("client-certificate-missing")
        .has("/tls/client_certificate", "required");
    let (ca, cert, key) = (site.ca(), site.path("client.crt"), site.path("client.key"));
    let shown = ["--ca", &ca, "--cert", &cert, "--key", &key];
    check(&site.url("https"), &shown).await.works();
}

#[tokio::test]
async fn client_certificates_optional() {
    let more = format!("{TLS} SSLVerifyClient optional\n SSLCACertificateFile {{CA}}");
    let (_site, port, _running) = apache(&more).await;
    port.https
        .works()
        .has("/tls/client_certificate", "requested");
}

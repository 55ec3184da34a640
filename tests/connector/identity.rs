//! Client certificates: what a server has against one is always said.
//!
//! In TLS 1.3 a server's judgement comes when the client's handshake is over, and
//! races with its first request. Clients report a closed channel or a broken pipe
//! then, or the alert, as luck has it.

use std::sync::Arc;

use oneport::client::{
    Certainty, ClientCertificate, ConnectError, ConnectErrorKind, Connector, ConnectorBuilder,
    diagnose,
};
use oneport::tls::MinimumVersion;
use oneport::{CertificateFault, Mismatch, Mode};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use crate::authority::{Authority, params};
use crate::caller::serve;
use crate::site::{Site, ask, diagnosis, fault, url};

/// A connector that speaks this version only.
pub(crate) fn speaking(site: &Site, version: &'static SupportedProtocolVersion) -> Connector {
    let mut roots = RootCertStore::empty();
    roots.add(site.ca.der.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(oneport::tls::provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = Connector::builder().tls_config(Arc::new(config));
    builder.alpn(["http/1.1"]).build().unwrap()
}

/// Of 200 clients without a certificate, 200 hear that they need one.
#[tokio::test]
async fn a_missing_certificate_is_always_named() {
    let site = Site::new();
    let server = site.serve_mutual().await;
    for version in [&TLS13, &TLS12] {
        let connector = speaking(&site, version);
        for run in 0..200 {
            let error = fault(&connector, &url("https", server.addr)).await;
            assert_eq!(error.mismatch(), Some(MISSING), "run {run}: {error:?}");
            assert_eq!(diagnosis(&error).certainty(), Certainty::Certain);
        }
    }
    let error = fault(&site.connector(), &url("https", server.addr)).await;
    let port = server.addr.port();
    assert_eq!(
        error.to_string(),
        format!(
            "https://localhost:{port}: This port requires a client certificate from a CA that it \
             trusts: configure the client with a certificate and its key. (pass a client \
             certificate: Connector::builder().identity(cert, key))"
        )
    );
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(
        source.downcast_ref(),
        Some(&rustls::Error::AlertReceived(
            rustls::AlertDescription::CertificateRequired
        ))
    );
    assert_eq!(
        std::io::Error::from(error).kind(),
        std::io::ErrorKind::InvalidData
    );
}

pub(crate) const MISSING: Mismatch = Mismatch::ClientCertificate(CertificateFault::Missing);

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_named() {
    let site = Site::new();
    let folder = &site.folder;
    let strangers = Authority::new("strangers");
    folder.put("stranger", &strangers.issue(3, &["client"]));
    let mut expired = params(4, &["client"]);
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    folder.put("expired", &site.clients.issue_as(expired));
    folder.put("revoked", &site.clients.issue(5, &["client"]));
    folder.write("clients.crl", site.clients.crl(&[5]));
    let files = folder.server_files().client_ca(folder.path("clients.crt"));
    let files = files.client_crl(folder.path("clients.crl"));
    let server = serve(&files.load().unwrap(), Mode::TlsOnly).await;

    for (name, expected) in [
        ("stranger", CertificateFault::UnknownIssuer),
        ("expired", CertificateFault::Expired),
        ("revoked", CertificateFault::Revoked),
    ] {
        for minimum in [MinimumVersion::Tls12, MinimumVersion::Tls13] {
            for _ in 0..10 {
                let connector = showing(&site, name).minimum_version(minimum).build();
                let error = fault(&connector.unwrap(), &url("wss", server.addr)).await;
                let expected = Mismatch::ClientCertificate(expected);
                assert_eq!(error.mismatch(), Some(expected), "{name}: {error:?}");
                assert!(error.to_string().contains(".identity(cert, key)"));
            }
        }
    }
    let connector = showing(&site, "client").build().unwrap();
    let mut stream = connector.connect(url("wss", server.addr)).await.unwrap();
    let tls = stream.info().tls().unwrap();
    assert_eq!(tls.client_certificate, ClientCertificate::Sent);
    assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"));
}

fn showing(site: &Site, name: &str) -> ConnectorBuilder {
    let path = |ending| site.folder.path(&format!("{name}.{ending}"));
    site.builder().identity(path("crt"), path("key"))
}

/// A server that tells it in HTTP, behind a handshake that it lets everybody
/// complete, is not taken for one that refuses; and its tickets come at once.
#[tokio::test]
async fn a_server_that_explains_is_listened_to() {
    let site = Site::new();
    let files = site.folder.server_files();
    let files = files.client_ca(site.folder.path("clients.crt"));
    let tls = files.explain_client_auth().load().unwrap();
    let server = serve(&tls, Mode::TlsOnly).await;
    let begun = std::time::Instant::now();
    let mut stream = site
        .connector()
        .connect(url("wss", server.addr))
        .await
        .unwrap();
    assert!(begun.elapsed().as_millis() < 200, "{:?}", begun.elapsed());
    let answer = ask(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

/// What a server sends behind the handshake, before it was asked anything, is not
/// lost to the wait for its judgement.
#[tokio::test]
async fn data_that_comes_first_is_kept() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let site = Site::new();
    let files = site.folder.server_files();
    let files = files.client_ca(site.folder.path("clients.crt"));
    let mut config = (*files.load().unwrap().current()).clone();
    // Nothing but the data: no tickets.
    config.send_tls13_tickets = 0;
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = crate::support::listen().await;
    let addr = listener.local_addr().unwrap();
    let serving = async {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut tls = acceptor.accept(tcp).await.unwrap();
        tls.write_all(b"220 hello").await.unwrap();
        tls.shutdown().await.unwrap();
    };
    let connector = showing(&site, "client").build().unwrap();
    let connecting = async {
        let mut stream = connector.connect(url("https", addr)).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"220 hello");
    };
    let both = async { tokio::join!(serving, connecting) };
    crate::support::within(Box::pin(both)).await;
}

/// The files of an identity explain what is wrong with them.
#[test]
fn files_of_an_identity() {
    let site = Site::new();
    let cases = [
        (
            "client.crt",
            "server.key",
            "does not belong to the certificate",
        ),
        (
            "client.key",
            "client.key",
            "holds a private key and no certificate",
        ),
        ("nobody.crt", "client.key", "does not exist"),
        (
            "client.crt",
            "client.crt",
            "holds a certificate and no private key",
        ),
    ];
    for (cert, key, words) in cases {
        let (cert, key) = (site.folder.path(cert), site.folder.path(key));
        let error = site.builder().identity(&cert, &key).build().unwrap_err();
        let said = error.to_string();
        assert!(said.contains(words), "{said}");
    }
    let connector = showing(&site, "client").build().unwrap();
    let shown = format!("{connector:?}");
    assert!(
        shown.contains("client.crt") && !shown.contains("PRIVATE"),
        "{shown}"
    );
}

/// What a server's own words lead to is found behind other errors too.
#[tokio::test]
async fn it_is_found_inside_other_errors() {
    let site = Site::new();
    let server = site.serve_mutual().await;
    let error = fault(&site.connector(), &url("https", server.addr)).await;
    let io = std::io::Error::from(error);
    let outer = std::io::Error::other(io);
    let found = ConnectError::find_in(&outer).unwrap();
    assert_eq!(diagnose(&outer).as_ref(), found.diagnosis());
    assert_eq!(found.kind(), ConnectErrorKind::Tls);
    assert!(ConnectError::find_in(&std::io::Error::other("x")).is_none());
}

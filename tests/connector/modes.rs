//! Our server in each of its modes, and each way to connect to it.

use oneport::client::{
    Certainty, ClientCertificate, ConnectErrorKind, Connector, ConnectorBuilder,
};
use oneport::tls::{ClientAuth, MinimumVersion};
use oneport::{Mismatch, Mode};
use rustls::ProtocolVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::caller::serve;
use crate::site::{Site, ask, diagnosis, fault, url};
use crate::support::within;

#[tokio::test]
async fn a_dual_port_is_reached_by_every_scheme() {
    let site = Site::new();
    let server = site.serve(Mode::Dual).await;
    let connector = site.builder().alpn(["http/1.1"]).build().unwrap();
    for (scheme, transport) in [
        ("http", "plaintext"),
        ("https", "tls"),
        ("ws", "plaintext"),
        ("wss", "tls"),
        ("HTTPS", "tls"),
    ] {
        let mut stream = connector.connect(url(scheme, server.addr)).await.unwrap();
        assert_eq!(stream.info().peer(), server.addr);
        assert_eq!(stream.info().tls().is_some(), transport == "tls");
        let answer = ask(&mut stream).await;
        assert!(answer.contains(&format!("{transport} HTTP/1.1 GET")));
    }
}

#[tokio::test]
async fn what_was_agreed_on_is_known() {
    let site = Site::new();
    let server = site.serve(Mode::Dual).await;
    for (minimum, resumed) in [
        (MinimumVersion::Tls12, false),
        (MinimumVersion::Tls13, false),
    ] {
        let connector = site.builder().minimum_version(minimum).build().unwrap();
        let stream = connector.connect(url("https", server.addr)).await.unwrap();
        let tls = stream.info().tls().unwrap();
        assert_eq!(tls.version, ProtocolVersion::TLSv1_3);
        assert_eq!(tls.alpn.as_deref(), Some(&b"h2"[..]));
        assert_eq!(stream.info().alpn(), Some(&b"h2"[..]));
        assert_eq!(tls.client_certificate, ClientCertificate::NotRequested);
        assert_eq!(tls.resumed, resumed);
        assert_eq!(tls.server_chain.len(), 1);
        assert!(stream.get_ref().nodelay().unwrap());
        let websocket = connector.connect(url("wss", server.addr)).await.unwrap();
        assert_eq!(websocket.info().alpn(), Some(&b"http/1.1"[..]));
    }
    let plaintext = site.connector().connect(url("http", server.addr)).await;
    assert_eq!(plaintext.unwrap().info().alpn(), None);
}

/// The resolver that notes what servers ask for must not cost resumption: rustls
/// resumes only where the resolver is the very same.
#[tokio::test]
async fn sessions_are_resumed() {
    let site = Site::new();
    let server = site.serve_mutual().await;
    let connector = site
        .builder()
        .identity(
            site.folder.path("client.crt"),
            site.folder.path("client.key"),
        )
        .build()
        .unwrap();
    for resumed in [false, true, true] {
        let mut stream = connector.connect(url("wss", server.addr)).await.unwrap();
        let tls = stream.info().tls().unwrap();
        assert_eq!(tls.resumed, resumed);
        let expected = match resumed {
            // It is not asked again.
            true => ClientCertificate::NotRequested,
            false => ClientCertificate::Sent,
        };
        assert_eq!(tls.client_certificate, expected);
        assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn tls_to_a_plaintext_port() {
    let site = Site::new();
    let server = site.serve(Mode::PlaintextOnly).await;
    let error = fault(&site.connector(), &url("wss", server.addr)).await;
    assert_eq!(error.kind(), ConnectErrorKind::Tls);
    assert_eq!(error.mismatch(), Some(Mismatch::TlsToPlaintext), "{error}");
    assert_eq!(diagnosis(&error).certainty(), Certainty::Certain);
    let port = server.addr.port();
    assert!(
        error.to_string().starts_with(&format!(
            "wss://localhost:{port}: This port speaks plaintext only: use http:// (or ws://)"
        )),
        "{error}"
    );
}

/// What rustls' own server does: an alert, which hyper takes for a response.
#[tokio::test]
async fn plaintext_to_a_tls_port() {
    let site = Site::new();
    let server = site.serve(Mode::TlsOnly).await;
    let mut stream = site
        .connector()
        .connect(url("http", server.addr))
        .await
        .unwrap();
    // Ours says it in HTTP.
    assert!(ask(&mut stream).await.starts_with("HTTP/1.1 426"));
}

#[tokio::test]
async fn a_server_with_a_client_ca_that_is_optional() {
    let site = Site::new();
    let files = site.folder.server_files();
    let files = files
        .client_ca(site.folder.path("clients.crt"))
        .client_auth(ClientAuth::Optional);
    let server = serve(&files.load().unwrap(), Mode::TlsOnly).await;
    let connector = site.connector();
    let begun = std::time::Instant::now();
    for _ in 0..3 {
        let mut stream = connector.connect(url("wss", server.addr)).await.unwrap();
        let tls = stream.info().tls().unwrap();
        if !tls.resumed {
            assert_eq!(tls.client_certificate, ClientCertificate::NotSent);
        }
        assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
    // Its tickets come at once: nobody waits for their absence.
    assert!(begun.elapsed().as_millis() < 250, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn large_writes_in_both_directions() {
    let site = Site::new();
    let server = site.serve(Mode::Dual).await;
    let connector = site.builder().alpn(["http/1.1"]).build().unwrap();
    let body = "x".repeat(3_000_000);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    for scheme in ["http", "https"] {
        let stream = connector.connect(url(scheme, server.addr)).await.unwrap();
        let (mut read, mut write) = tokio::io::split(stream);
        let sending = async {
            write.write_all(head.as_bytes()).await.unwrap();
            write.write_all(body.as_bytes()).await.unwrap();
            write.flush().await.unwrap();
        };
        let mut answer = Vec::new();
        let (_, n) = within(async { tokio::join!(sending, read.read_to_end(&mut answer)) }).await;
        assert!(n.unwrap() > body.len());
    }
}

/// A configuration of the caller's is taken as it is, but for `wss`.
#[tokio::test]
async fn a_configuration_of_ones_own() {
    let pki = crate::support::Pki::new();
    let server = crate::support::Server::dual(&pki).await;
    let own = |alpn: &[&str]| -> ConnectorBuilder {
        Connector::builder().tls_config(pki.client_config(alpn))
    };
    for (alpn, https, wss) in [
        (&["h2", "http/1.1"][..], Some("h2"), Some("http/1.1")),
        (&["h2"], Some("h2"), Some("http/1.1")),
        (&[], None, None),
    ] {
        let connector = own(alpn).build().unwrap();
        for (scheme, expected) in [("https", https), ("wss", wss)] {
            let stream = connector.connect(url(scheme, server.addr)).await.unwrap();
            let expected = expected.map(str::as_bytes);
            assert_eq!(stream.info().alpn(), expected, "{alpn:?} {scheme}");
        }
    }
    let error = own(&[]).ca("ca.crt").build().unwrap_err();
    assert!(error.to_string().starts_with("tls_config and ca exclude"));
}

//! Alerts that come later than the connection was handed out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use oneport::client::{Certainty, ConnectError};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::identity::{MISSING, speaking};
use crate::site::{Site, diagnosis, url};
use crate::support::{listen, within};

/// Requires client certificates, and sends no tickets.
fn mutual(site: &Site) -> Arc<ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(site.clients.der.clone()).unwrap();
    let provider = oneport::tls::provider();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
    let issued = site.ca.server(7);
    let mut config = ServerConfig::builder_with_provider(oneport::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![issued.der.clone()], issued.private_key())
        .unwrap();
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

/// Judges a client only when `judge` completes, and resets the connection behind
/// the alert if anything of the client's is unread.
async fn judge_late(mut tcp: TcpStream, config: Arc<ServerConfig>, judge: Duration) {
    let mut session = ServerConnection::new(config).unwrap();
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let n = tcp.read(&mut bytes).await.unwrap();
        let mut received = &bytes[..n];
        if !session.wants_write() && n > 0 && session.is_handshaking() && received[0] != 22 {
            // The client's second flight.
            tokio::time::sleep(judge).await;
        }
        let mut verdict = Ok(());
        while !received.is_empty() && verdict.is_ok() {
            session.read_tls(&mut received).unwrap();
            verdict = session.process_new_packets().map(drop);
        }
        let mut flight = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut flight).unwrap();
        }
        tcp.write_all(&flight).await.unwrap();
        if verdict.is_err() || n == 0 {
            return;
        }
    }
}

/// The wait for the judgement is bounded; what comes after it is read before the
/// failed write is reported.
#[tokio::test]
async fn a_write_that_fails_reports_the_alert() {
    let site = Site::new();
    let config = mutual(&site);
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    let late = Duration::from_millis(300);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(judge_late(tcp, config.clone(), late));
        }
    });
    let connector = speaking(&site, &rustls::version::TLS13);
    let runs = (0..10).map(|_| async {
        let mut stream = within(connector.connect(url("https", addr))).await.unwrap();
        // Nobody reads. The server closes with some of this unread.
        let error = within(async {
            loop {
                if let Err(error) = stream.write_all(&[b'x'; 1000]).await {
                    break error;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let error = error.await;
        let found = ConnectError::find_in(&error).unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(found.mismatch(), Some(MISSING));
        assert_eq!(diagnosis(found).certainty(), Certainty::Certain);
    });
    futures_util::future::join_all(runs).await;
}

/// hyper calls it a closed channel or a canceled request otherwise.
#[tokio::test]
async fn hyper_util_reports_the_alert_of_a_late_judge() {
    let site = Site::new();
    let config = mutual(&site);
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let late = Duration::from_millis(300);
            tokio::spawn(judge_late(tcp, config.clone(), late));
        }
    });
    let client: Client<_, Empty<Bytes>> =
        Client::builder(TokioExecutor::new()).build(speaking(&site, &rustls::version::TLS13));
    let runs = (0..10).map(|_| async {
        let error = within(client.get(url("https", addr).parse().unwrap())).await;
        let error = error.unwrap_err();
        let found = ConnectError::find_in(&error).unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(found.mismatch(), Some(MISSING));
    });
    futures_util::future::join_all(runs).await;
}

/// A server that has asked in vain and closes without a word most likely means
/// that; that it is certain is not said.
#[tokio::test]
async fn a_close_without_an_alert() {
    let site = Site::new();
    let config = mutual(&site);
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut session = ServerConnection::new(config.clone()).unwrap();
            let mut bytes = vec![0; 16 * 1024];
            let n = tcp.read(&mut bytes).await.unwrap();
            session.read_tls(&mut &bytes[..n]).unwrap();
            session.process_new_packets().unwrap();
            let mut flight = Vec::new();
            while session.wants_write() {
                session.write_tls(&mut flight).unwrap();
            }
            tcp.write_all(&flight).await.unwrap();
            let _ = tcp.read(&mut bytes).await;
        }
    });
    let connector = speaking(&site, &rustls::version::TLS13);
    let error = crate::site::fault(&connector, &url("https", addr)).await;
    assert_eq!(error.mismatch(), Some(MISSING));
    assert_eq!(diagnosis(&error).certainty(), Certainty::MostLikely);
    // Its words are not taken for the server's.
    let found = oneport::client::diagnose(&error);
    assert_eq!(found.as_ref(), error.diagnosis());
}

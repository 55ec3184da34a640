//! Servers that go on after they have said that they do not, or say more than
//! anybody reads.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use oneport::client::{ConnectError, Connector};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::site::{Site, url};
use crate::support::within;

/// Asks for client certificates, does without, and sends this many tickets.
fn asking(site: &Site, tickets: usize) -> Arc<ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(site.clients.der.clone()).unwrap();
    let provider = oneport::tls::provider();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
    let verifier = verifier.allow_unauthenticated().build().unwrap();
    let issued = site.ca.server(7);
    let mut config = ServerConfig::builder_with_provider(oneport::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![issued.der.clone()], issued.private_key())
        .unwrap();
    config.send_tls13_tickets = tickets;
    Arc::new(config)
}

/// One connection: the handshake, then whatever `then` does.
fn server(
    config: Arc<ServerConfig>,
    then: impl FnOnce(ServerConnection, TcpStream) + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        // What waits for an acknowledgement is lost to a reset.
        tcp.set_nodelay(true).unwrap();
        let mut session = ServerConnection::new(config).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut tcp).unwrap();
        }
        then(session, tcp);
    });
    addr
}

/// What the session has to say.
fn written(session: &mut ServerConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// On a thread of its own: what hangs without yielding is no case for a timeout
/// of the runtime's.
fn in_time(run: impl Future<Output = ()> + Send + 'static) {
    let (done, wait) = mpsc::channel();
    thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build();
        runtime.unwrap().block_on(run);
        done.send(()).unwrap();
    });
    wait.recv_timeout(Duration::from_secs(20))
        .expect("neither hangs nor panics");
}

/// rustls reads nothing behind close_notify: whoever fed it until nothing was left
/// did so for ever.
#[test]
fn bytes_behind_a_close() {
    let site = Site::new();
    let connector = site.connector();
    let addr = server(asking(&site, 0), |mut session, mut tcp| {
        session.send_close_notify();
        let mut bytes = written(&mut session);
        bytes.resize(bytes.len() + 32 * 1024, b'x');
        let _ = tcp.write_all(&bytes);
        let _ = tcp.read(&mut [0; 1024]);
    });
    in_time(async move {
        connector.connect(url("https", addr)).await.unwrap_err();
    });
}

/// The same where a write has failed, and what arrived before is looked at.
#[test]
fn bytes_behind_a_close_when_a_write_fails() {
    let site = Site::new();
    let connector = site.connector();
    let addr = server(asking(&site, 1), |mut session, mut tcp| {
        session.send_close_notify();
        let mut bytes = written(&mut session);
        bytes.resize(bytes.len() + 32 * 1024, b'x');
        // Closed with unread bytes: reset.
        tcp.read_exact(&mut [0; 1024]).unwrap();
        let _ = tcp.write_all(&bytes);
    });
    in_time(async move {
        let mut stream = connector.connect(url("https", addr)).await.unwrap();
        while stream.write_all(&[b'x'; 10_000]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

/// An answer that comes before the request was sent, and a connection that is
/// reset under the rest of it: the write reports the reset, and the answer is
/// there to be read, all of it.
#[tokio::test]
async fn an_early_answer_outlives_a_failed_write() {
    // More than rustls holds, less than a new connection's window.
    const ANSWER: usize = 40_000;
    let site = Site::new();
    let connector = site.connector();
    let addr = server(asking(&site, 1), |mut session, mut tcp| {
        tcp.read_exact(&mut [0; 1024]).unwrap();
        let answer: Vec<u8> = (0..ANSWER).map(|at| at as u8).collect();
        for part in answer.chunks(10_000) {
            session.writer().write_all(part).unwrap();
            let _ = tcp.write_all(&written(&mut session));
        }
    });
    let mut stream = within(connector.connect(url("https", addr))).await.unwrap();
    let error = within(async {
        loop {
            if let Err(error) = stream.write_all(&[b'x'; 10_000]).await {
                break error;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let error = error.await;
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
    assert!(
        [BrokenPipe, ConnectionReset].contains(&error.kind()),
        "{error:?}"
    );
    let mut answer = Vec::new();
    let end = within(stream.read_to_end(&mut answer)).await;
    assert_eq!(answer.len(), ANSWER, "{error:?}, {end:?}");
    assert!(answer.iter().enumerate().all(|(at, it)| *it == at as u8));
}

/// A server that has sent its tickets has let the client in; so has one of TLS
/// 1.2 that has finished its handshake. Why it closes later is not known.
#[tokio::test]
async fn a_close_behind_the_judgement_is_not_the_judgement() {
    let site = Site::new();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let connector: Connector = crate::identity::speaking(&site, version);
        let addr = server(asking(&site, 1), |_, mut tcp| {
            tcp.read_exact(&mut [0; 100]).unwrap();
        });
        let mut stream = within(connector.connect(url("https", addr))).await.unwrap();
        stream.write_all(&[b'x'; 100]).await.unwrap();
        let error = within(stream.read(&mut [0; 100])).await.unwrap_err();
        let found = ConnectError::find_in(&error);
        assert!(found.is_none(), "{version:?}: {error}");
    }
}

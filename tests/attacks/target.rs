//! A server to be attacked, and a TLS client that is driven by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Request;
use hyper::body::Incoming;
use oneport::Limits;
use rustls::ClientConnection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::service_fn;

use crate::good::Good;
use crate::support::{Pki, Server, hello, told, within};

/// A server, and how many requests but the good client's its application saw.
pub(crate) struct Target {
    pub(crate) pki: Pki,
    pub(crate) server: Server,
    pub(crate) seen: Arc<AtomicUsize>,
}

impl Target {
    pub(crate) async fn start(limits: Limits) -> Self {
        let pki = Pki::new();
        let seen = Arc::<AtomicUsize>::default();
        let counted = seen.clone();
        let app = service_fn(move |request: Request<Incoming>| {
            if request.uri().path() != "/good" {
                counted.fetch_add(1, Ordering::Relaxed);
            }
            hello(request)
        });
        let tls = pki.tls();
        let server = Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, app)
                .limits(limits)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        Self { pki, server, seen }
    }

    pub(crate) fn good(&self) -> Good {
        Good::new(&self.pki, self.server.addr)
    }

    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }

    /// A client and its first flight.
    pub(crate) fn client(&self) -> (ClientConnection, Vec<u8>) {
        let mut config = Arc::unwrap_or_clone(self.pki.client_config(&["http/1.1"]));
        config.enable_secret_extraction = true;
        let name = "localhost".try_into().unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        let flight = flight(&mut client);
        (client, flight)
    }

    /// A client that has shaken hands, but for this last flight.
    pub(crate) async fn almost(&self) -> (ClientConnection, TcpStream, Vec<u8>) {
        let (mut client, first) = self.client();
        let mut tcp = TcpStream::connect(self.server.addr).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.write_all(&first).await.unwrap();
        let last = answered(&mut client, &mut tcp).await;
        (client, tcp, last)
    }
}

/// What the client has to send now.
pub(crate) fn flight(client: &mut ClientConnection) -> Vec<u8> {
    let mut flight = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut flight).unwrap();
    }
    flight
}

/// Reads until the client's part of the handshake is done; its last flight.
pub(crate) async fn answered(client: &mut ClientConnection, tcp: &mut TcpStream) -> Vec<u8> {
    while client.is_handshaking() {
        let mut chunk = [0; 16 * 1024];
        let n = within(tcp.read(&mut chunk)).await.unwrap();
        assert_ne!(n, 0, "hung up on");
        client.read_tls(&mut &chunk[..n]).unwrap();
        client.process_new_packets().unwrap();
    }
    flight(client)
}

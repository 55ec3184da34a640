//! A connection that may hibernate.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use oneport::{ConnInfo, Drained};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tower::service_fn;

use crate::in_memory::InMemory;
use crate::support::{Pki, told};

pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// The only connection of a server, in either mode.
pub(crate) struct Connected {
    pub(crate) client: Box<dyn Duplex>,
    pub(crate) server: JoinHandle<io::Result<Drained>>,
    pub(crate) shutdown: oneshot::Sender<()>,
    _connect: mpsc::Sender<DuplexStream>,
}

impl Connected {
    /// `head`: what an application has set as hyper's own deadline.
    pub(crate) async fn new(tls: bool, head: Option<Duration>) -> Self {
        let pki = Pki::new();
        let (connect, connections) = mpsc::channel(1);
        let (shutdown, signal) = oneshot::channel();
        // Each connection has a service of its own, which counts its requests.
        let app = service_fn(async |_: SocketAddr| {
            let asked = Arc::new(AtomicUsize::new(0));
            Ok::<_, Infallible>(service_fn(move |request: Request<Incoming>| {
                let nth = asked.fetch_add(1, Ordering::Relaxed) + 1;
                answer(nth, request)
            }))
        });
        let server = oneport::serve_dual(InMemory(connections), pki.tls(), app)
            .http1(|http1| match head {
                Some(_) => http1.header_read_timeout(head),
                None => http1,
            })
            .with_graceful_shutdown(told(signal));
        let server = tokio::spawn(server.into_future());
        let (client, io) = duplex(1024);
        connect.send(io).await.unwrap();
        let client: Box<dyn Duplex> = match tls {
            false => Box::new(client),
            true => {
                let config = pki.client_config(&["http/1.1"]);
                let name = "localhost".try_into().unwrap();
                let connector = TlsConnector::from(config);
                Box::new(connector.connect(name, client).await.unwrap())
            }
        };
        Self {
            client,
            server,
            shutdown,
            _connect: connect,
        }
    }

    /// Sends this, and reads one answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> String {
        self.client.write_all(request).await.unwrap();
        self.client.flush().await.unwrap();
        self.answer().await
    }

    /// One answer, by its end.
    pub(crate) async fn answer(&mut self) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(b"!") {
            let byte = self.client.read_u8().await.unwrap();
            answer.push(byte);
        }
        String::from_utf8(answer).unwrap()
    }

    /// What still comes, and after how long it ends. Inside TLS it is an error
    /// without close_notify.
    pub(crate) async fn end(&mut self) -> (String, Duration) {
        let start = Instant::now();
        let mut rest = String::new();
        let read = timeout(
            Duration::from_secs(3600),
            self.client.read_to_string(&mut rest),
        );
        read.await.expect("ended within an hour").unwrap();
        (rest, start.elapsed())
    }
}

async fn answer(nth: usize, request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let id = request.extensions().get::<ConnInfo>().unwrap().id();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let answer = format!("request {nth} on {id}, {} bytes!", body.len());
    Ok(Response::new(answer))
}

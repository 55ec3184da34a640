//! The client that is to be served whatever becomes of the others.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use turmoil::Sim;

use crate::support::Pki;
use crate::world::{connect, connect_tls, now};

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Http1,
    Http2,
    Https1,
    Https2,
}

pub(crate) const WAYS: [Way; 4] = [Way::Http1, Way::Https1, Way::Http2, Way::Https2];

/// A client that asks twice a second until then, each time on a connection of
/// its own, and is answered within a second.
pub(crate) fn add_good(sim: &mut Sim<'static>, pki: &Pki, until: Duration) {
    let asker = Asker::new(pki);
    sim.client("good", async move {
        for way in WAYS.iter().cycle() {
            if now() >= until {
                break;
            }
            let answer = timeout(Duration::from_secs(1), asker.ask(*way, "/")).await;
            let at = now();
            let answer = answer.unwrap_or_else(|_| panic!("{way:?} not answered at {at:?}"));
            assert_eq!(answer?, "hello", "{way:?} at {at:?}");
            sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    });
}

#[derive(Clone)]
pub(crate) struct Asker {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

impl Asker {
    pub(crate) fn new(pki: &Pki) -> Self {
        Self {
            http1: pki.client_config(&["http/1.1"]),
            http2: pki.client_config(&["h2"]),
        }
    }

    /// The body of the answer to one that says hello.
    pub(crate) async fn ask(&self, way: Way, path: &str) -> io::Result<String> {
        match way {
            Way::Http1 => by_http1(connect().await?, path).await,
            Way::Https1 => by_http1(connect_tls(self.http1.clone()).await?, path).await,
            Way::Http2 => by_http2(connect().await?, path).await,
            Way::Https2 => by_http2(connect_tls(self.http2.clone()).await?, path).await,
        }
    }
}

async fn by_http1<I>(io: I, path: &str) -> io::Result<String>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut send, connection) = http1::handshake(TokioIo::new(io)).await.map_err(other)?;
    let connection = tokio::spawn(connection);
    let answer = send.send_request(hello(path)).await.map_err(other)?;
    let answer = text(answer).await;
    connection.abort();
    answer
}

async fn by_http2<I>(io: I, path: &str) -> io::Result<String>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let connecting = http2::handshake(TokioExecutor::new(), TokioIo::new(io));
    let (mut send, connection) = connecting.await.map_err(other)?;
    let connection = tokio::spawn(connection);
    let answer = send.send_request(hello(path)).await.map_err(other)?;
    let answer = text(answer).await;
    connection.abort();
    answer
}

fn hello(path: &str) -> Request<Full<Bytes>> {
    let request = Request::post(format!("http://server{path}")).header("host", "server");
    request.body(Full::new(Bytes::from("hello"))).unwrap()
}

async fn text(answer: http::Response<hyper::body::Incoming>) -> io::Result<String> {
    let body = answer.into_body().collect().await.map_err(other)?;
    Ok(String::from_utf8(body.to_bytes().to_vec()).unwrap())
}

fn other(error: hyper::Error) -> io::Error {
    io::Error::other(error)
}

//! All layers at once, around everything that an app may be.
#![allow(clippy::unwrap_used)] // a test

mod requests;
mod support;

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream};
use http::{HeaderMap, Request, Response};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use oneport::layer::{ForwardedHeaders, Hsts, ReportPlaintext, RequireTls, SecureCookies};
use oneport::{Drained, Redirect};
use requests::{over_tls, plaintext, request};
use support::{Pki, Server, exchange, told, within};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tower::ServiceBuilder;

/// The first one sees a request first. TLS is required under `/secure/` only.
macro_rules! layers {
    ($builder:expr) => {
        $builder
            .layer(ForwardedHeaders::new())
            .layer(ReportPlaintext::new())
            .layer(Hsts::max_age(Duration::from_secs(60)))
            .layer(SecureCookies::new())
            .layer(RequireTls::new().except(|request| !request.uri.path().starts_with("/secure/")))
            .layer(
                Redirect::to_matching(["redirected.example"])
                    .unwrap()
                    .browsers_only(),
            )
    };
}

macro_rules! serve {
    ($pki:expr, $app:expr) => {{
        let (tls, app) = ($pki.tls(), $app);
        Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, app)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await
    }};
}

#[tokio::test]
async fn axum_08() {
    use axum::Router;
    use axum::extract::ws::{WebSocket, WebSocketUpgrade};
    use axum::routing::{any, get};

    async fn echo(mut socket: WebSocket) {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    }
    let pki = Pki::new();
    let app = Router::new()
        .route("/", get(|| async { "served\n" }))
        .route(
            "/ws",
            any(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) }),
        )
        .layer(layers!(ServiceBuilder::new()));
    let server = serve!(pki, app);
    check(&pki, &server).await;
    for scheme in ["ws", "wss"] {
        check_websocket(&pki, &server, scheme).await;
    }
    assert_eq!(server.shut_down().await.unwrap(), Drained::Clean);
}

#[tokio::test]
async fn axum_07() {
    use axum07::{Router, routing::get};

    let pki = Pki::new();
    let app = Router::new()
        .route("/", get(|| async { "served\n" }))
        .layer(layers!(ServiceBuilder::new()));
    let server = serve!(pki, app);
    check(&pki, &server).await;
}

/// Frames come through as they are, trailers included.
#[tokio::test]
async fn a_plain_service() {
    async fn streamed(
        _: Request<Incoming>,
    ) -> Result<Response<impl Body<Data = Bytes, Error = Infallible>>, Infallible> {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "7".parse().unwrap());
        let frames = [
            Frame::data(Bytes::from("serv")),
            Frame::data(Bytes::from("ed\n")),
            Frame::trailers(trailers),
        ];
        let body = StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)));
        Ok(Response::builder()
            .header("trailer", "x-sum")
            .body(body)
            .unwrap())
    }
    use http_body::Body;

    let pki = Pki::new();
    let app = layers!(ServiceBuilder::new()).service_fn(streamed);
    let server = serve!(pki, app);
    let request = request("GET / HTTP/1.1\nHost: localhost\nTE: trailers");
    let answer = exchange(server.addr, &request).await;
    let answer = String::from_utf8(answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "4\r\nserv\r\n3\r\ned\n\r\n0\r\nx-sum: 7\r\n\r\n");
}

async fn check(pki: &Pki, server: &Server) {
    let head = "GET / HTTP/1.1\nHost: a.example";
    let answer = plaintext(server.addr, head).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "served\n"));
    assert_eq!(answer.header("content-length"), Some("7"));
    assert!(answer.header("oneport-warning").is_some());
    assert_eq!(answer.header("strict-transport-security"), None);

    let answer = over_tls(pki, server.addr, head).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "served\n"));
    assert_eq!(answer.header("oneport-warning"), None);
    assert_eq!(
        answer.header("strict-transport-security"),
        Some("max-age=60")
    );

    let answer = plaintext(server.addr, "GET /secure/ HTTP/1.1\nHost: a.example").await;
    assert_eq!(answer.status, 426);
    // Also what a layer answers goes through those around it.
    assert!(!answer.all("oneport-warning").is_empty());
    let browser = "GET / HTTP/1.1\nHost: redirected.example\nUpgrade-Insecure-Requests: 1";
    assert_eq!(plaintext(server.addr, browser).await.status, 308);
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Io for S {}

/// Echoed under `/ws`, told to use TLS under `/secure/`.
async fn check_websocket(pki: &Pki, server: &Server, scheme: &str) {
    for path in ["ws", "secure/ws"] {
        let io: Box<dyn Io> = match scheme {
            "wss" => Box::new(pki.connect(server.addr, &[]).await.unwrap()),
            _ => Box::new(TcpStream::connect(server.addr).await.unwrap()),
        };
        let url = format!("{scheme}://redirected.example/{path}");
        let connected = within(tokio_tungstenite::client_async(url, io)).await;
        match (path, scheme) {
            ("ws", _) => {
                let (mut socket, _) = connected.unwrap();
                socket.send(Message::text("a")).await.unwrap();
                let answer = within(socket.next()).await.unwrap().unwrap();
                assert_eq!(answer, Message::text("a"));
                socket.close(None).await.unwrap();
            }
            (_, scheme) => {
                let Err(tungstenite::Error::Http(answer)) = connected else {
                    panic!("{connected:?}");
                };
                let expected = if scheme == "ws" { 426 } else { 404 };
                assert_eq!(answer.status(), expected);
            }
        }
    }
}

//! WebSockets over both transports, through axum and through a bare acceptor.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ws::{Message as Received, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use oneport::Mode;
use support::{Pki, Server, told, within};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};

fn app() -> Router {
    async fn echo(mut socket: WebSocket) {
        while let Some(Ok(message)) = socket.recv().await {
            if let Received::Close(_) = message {
                break;
            }
            if socket.send(message).await.is_err() {
                break;
            }
        }
    }
    let upgrade = |upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) };
    Router::new().route("/ws", any(upgrade))
}

async fn serve(pki: &Pki, mode: Mode) -> Server {
    let tls = pki.tls();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app())
            .mode(mode)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

type Socket = tokio_tungstenite::WebSocketStream<Box<dyn Io>>;

trait Io: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Io for S {}

async fn connect(addr: SocketAddr, pki: &Pki, scheme: &str) -> Result<Socket, tungstenite::Error> {
    let url = format!("{scheme}://localhost:{}/ws", addr.port());
    let io: Box<dyn Io> = match scheme {
        "wss" => Box::new(pki.connect(addr, &[]).await?),
        _ => Box::new(TcpStream::connect(addr).await?),
    };
    Ok(within(tokio_tungstenite::client_async(url, io)).await?.0)
}

async fn say(socket: &mut Socket, text: &str) -> String {
    socket.send(Message::text(text)).await.unwrap();
    let answer = within(socket.next()).await.unwrap().unwrap();
    answer.into_text().unwrap().to_string()
}

#[tokio::test]
async fn ws_and_wss_on_one_port() {
    let pki = Pki::new();
    let server = serve(&pki, Mode::Dual).await;
    let mut ws = connect(server.addr, &pki, "ws").await.unwrap();
    let mut wss = connect(server.addr, &pki, "wss").await.unwrap();
    for text in ["one", "two", &"three".repeat(20_000)] {
        assert_eq!(say(&mut ws, text).await, text);
        assert_eq!(say(&mut wss, text).await, text);
    }
}

/// tungstenite's users see its Display or its Debug. The first has the
/// canonical reason, the second the `x-error` header as text.
#[tokio::test]
async fn ws_to_a_tls_only_port_names_the_remedy() {
    let pki = Pki::new();
    let server = serve(&pki, Mode::TlsOnly).await;
    let error = connect(server.addr, &pki, "ws").await.unwrap_err();
    assert_eq!(error.to_string(), "HTTP error: 426 Upgrade Required");
    let sentence = oneport::Mismatch::PlaintextToTls.sentence();
    assert!(format!("{error:?}").contains(sentence), "{error:?}");
}

/// The option for pages, whose script can read nothing else: open, then
/// `Close(1008, sentence)`. A subprotocol cannot be confirmed, so it gets 426.
#[tokio::test]
async fn ws_to_a_tls_only_port_may_be_closed_with_the_sentence() {
    let pki = Pki::new();
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app())
            .mode(Mode::TlsOnly)
            .explain(oneport::Explain::new().close_websockets())
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let mut ws = connect(server.addr, &pki, "ws").await.unwrap();
    let Message::Close(Some(close)) = within(ws.next()).await.unwrap().unwrap() else {
        panic!("no close frame");
    };
    assert_eq!(u16::from(close.code), 1008);
    assert_eq!(close.reason, oneport::Mismatch::PlaintextToTls.sentence());
    // The closing handshake comes to its end.
    assert!(within(ws.next()).await.is_none());
    let request = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Protocol: chat\r\n\r\n";
    let answer = support::exchange(server.addr, request).await;
    assert!(answer.starts_with(b"HTTP/1.1 426 "));
}

/// An upgraded connection counts: the shutdown waits for it, and reports the
/// one that does not end. hyper-util's and axum's forget them (axum#3003).
#[tokio::test]
async fn an_open_websocket_is_aborted_after_the_drain_time() {
    for scheme in ["ws", "wss"] {
        let pki = Pki::new();
        let tls = pki.tls();
        let server = Server::start(|listener, signal| {
            let mut limits = oneport::Limits::default();
            limits.drain = std::time::Duration::from_millis(300);
            oneport::serve_dual(listener, tls, app())
                .limits(limits)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        let mut socket = connect(server.addr, &pki, scheme).await.unwrap();
        assert_eq!(say(&mut socket, "still here").await, "still here");
        let addr = server.addr;
        let drained = server.shut_down().await.unwrap();
        assert_eq!(drained, oneport::Drained::Aborted(1), "{scheme}");
        // Nothing outlives the server: the socket is closed, not abandoned.
        let end = within(socket.next()).await;
        assert!(
            !matches!(end, Some(Ok(Message::Text(_)))),
            "{scheme}: {end:?}"
        );
        assert!(
            TcpStream::connect(addr).await.is_err(),
            "the port is closed"
        );
    }
}

#[tokio::test]
async fn a_websocket_that_closes_while_draining_makes_a_clean_end() {
    let pki = Pki::new();
    let server = serve(&pki, Mode::Dual).await;
    let mut socket = connect(server.addr, &pki, "wss").await.unwrap();
    assert_eq!(say(&mut socket, "before").await, "before");
    let server = server.begin_shut_down();
    // Served to its end, new connections or not.
    assert_eq!(say(&mut socket, "while").await, "while");
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = within(socket.next()).await {}
    drop(socket);
    let drained = within(server).await.unwrap().unwrap();
    assert_eq!(drained, oneport::Drained::Clean);
}

/// `ConnInfo::draining` lets a WebSocket handler say goodbye.
#[tokio::test]
async fn a_handler_hears_of_the_shutdown() {
    use axum::Extension;
    use axum::extract::ws::CloseFrame;

    async fn until_drained(mut socket: WebSocket, info: oneport::ConnInfo) {
        info.draining().await;
        let goodbye = CloseFrame {
            code: 1001,
            reason: "the server is going away".into(),
        };
        let _ = socket.send(Received::Close(Some(goodbye))).await;
    }
    let handler = |upgrade: WebSocketUpgrade, Extension(info): Extension<oneport::ConnInfo>| async {
        upgrade.on_upgrade(|socket| until_drained(socket, info))
    };
    let pki = Pki::new();
    let tls = pki.tls();
    let app = Router::new().route("/ws", any(handler));
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let mut socket = connect(server.addr, &pki, "ws").await.unwrap();
    let server = server.begin_shut_down();
    let goodbye = within(socket.next()).await.unwrap().unwrap();
    let Message::Close(Some(frame)) = goodbye else {
        panic!("no close frame but {goodbye:?}");
    };
    assert_eq!(u16::from(frame.code), 1001);
    drop(socket);
    assert_eq!(
        within(server).await.unwrap().unwrap(),
        oneport::Drained::Clean
    );
}

/// The Internet Computer's gateway does this: no hyper at all.
#[tokio::test]
async fn a_bare_acceptor_feeds_tungstenite() {
    let pki = Pki::new();
    let acceptor = oneport::Acceptor::new(pki.tls());
    let listener = support::listen().await;
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (tcp, peer) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let accepted = acceptor.accept(tcp, peer).await.unwrap();
                let greeting = format!("{}", accepted.info.is_tls());
                let mut socket = tokio_tungstenite::accept_async(accepted.stream)
                    .await
                    .unwrap();
                socket.send(Message::text(greeting)).await.unwrap();
                let _ = socket.next().await;
            });
        }
    });
    for (scheme, expected) in [("ws", "false"), ("wss", "true")] {
        let mut socket = connect(addr, &pki, scheme).await.unwrap();
        let greeting = within(socket.next()).await.unwrap().unwrap();
        assert_eq!(greeting.into_text().unwrap(), expected);
    }
}

/// RFC 8441: a WebSocket in a stream of an HTTP/2 connection, over h2c and TLS.
#[tokio::test]
async fn websockets_over_http2() {
    use http_body_util::Empty;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;

    let pki = Pki::new();
    let server = serve(&pki, Mode::Dual).await;
    for scheme in ["http", "https"] {
        let io: Box<dyn Io> = match scheme {
            "https" => Box::new(pki.connect(server.addr, &["h2"]).await.unwrap()),
            _ => Box::new(TcpStream::connect(server.addr).await.unwrap()),
        };
        let connecting =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io));
        let (mut send, connection) = connecting.await.unwrap();
        tokio::spawn(connection);
        // The server's SETTINGS have to be there before extended CONNECT.
        let uri = format!("{scheme}://localhost/");
        let request = http::Request::get(uri)
            .body(Empty::<bytes::Bytes>::new())
            .unwrap();
        assert_eq!(
            within(send.send_request(request)).await.unwrap().status(),
            404
        );
        let request = http::Request::connect(format!("{scheme}://localhost/ws"))
            .version(http::Version::HTTP_2)
            .extension(hyper::ext::Protocol::from_static("websocket"))
            .header("sec-websocket-version", "13")
            .body(Empty::new())
            .unwrap();
        let response = within(send.send_request(request)).await.unwrap();
        assert_eq!(response.status(), 200);
        let upgraded = within(hyper::upgrade::on(response)).await.unwrap();
        let io: Box<dyn Io> = Box::new(TokioIo::new(upgraded));
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Client, None).await;
        assert_eq!(
            say(&mut socket, "one stream of many").await,
            "one stream of many"
        );
    }
}

//! hyper-util's client, tokio-tungstenite and tonic on a connector.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Request, Version};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use oneport::Mode;
use oneport::client::{ConnectError, ConnectionInfo, Connector};
use tokio_tungstenite::tungstenite::Message;

use crate::site::{Site, url};
use crate::support::{Server, told, within};

fn client(connector: Connector) -> Client<Connector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build(connector)
}

#[tokio::test]
async fn hyper_util_speaks_http_1_and_2() {
    let site = Site::new();
    let server = site.serve(Mode::Dual).await;
    let http1 = site.builder().alpn(["http/1.1"]).build().unwrap();
    for (connector, scheme, said) in [
        (site.connector(), "http", "plaintext HTTP/1.1 POST body"),
        (http1, "https", "tls HTTP/1.1 POST body"),
        (site.connector(), "https", "tls HTTP/2.0 POST body"),
    ] {
        let client = client(connector);
        // The second takes the first one's connection.
        for _ in 0..2 {
            let request = Request::post(url(scheme, server.addr)).body("body".into());
            let response = within(client.request(request.unwrap())).await.unwrap();
            let info = response.extensions().get::<ConnectionInfo>().unwrap();
            assert_eq!(info.peer(), server.addr);
            let is_http2 = response.version() == Version::HTTP_2;
            assert_eq!(info.alpn() == Some(b"h2"), is_http2);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body.trim_ascii(), said.as_bytes());
        }
    }
}

#[tokio::test]
async fn hyper_util_hands_the_reason_on() {
    let site = Site::new();
    let server = site.serve_mutual().await;
    let client = client(site.connector());
    let url = url("https", server.addr).parse().unwrap();
    let error = within(client.get(url)).await.unwrap_err();
    assert!(error.is_connect());
    let why = ConnectError::find_in(&error).unwrap().to_string();
    assert!(
        why.contains("This port requires a client certificate"),
        "{why}"
    );
    assert!(why.contains(".identity(cert, key)"), "{why}");
}

/// Sends back what it is sent.
async fn echo() -> (Site, Server) {
    use axum::extract::ws::{Message, WebSocketUpgrade};
    let site = Site::new();
    let tls = site.folder.server_files().load().unwrap();
    let upgrade = |upgrade: WebSocketUpgrade| async {
        upgrade.on_upgrade(|mut socket| async move {
            while let Some(Ok(Message::Text(text))) = socket.recv().await {
                socket.send(Message::Text(text)).await.unwrap();
            }
        })
    };
    let app = axum::Router::new().route("/", axum::routing::get(upgrade));
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    });
    (site, server.await)
}

#[tokio::test]
async fn tungstenite_over_ws_and_wss() {
    let (site, server) = echo().await;
    for scheme in ["ws", "wss"] {
        let url = url(scheme, server.addr);
        let stream = site.connector().connect(&*url).await.unwrap();
        let (mut socket, _) = tokio_tungstenite::client_async(&url, stream).await.unwrap();
        for text in ["one", "two"] {
            socket.send(Message::text(text)).await.unwrap();
            let back = within(socket.next()).await.unwrap().unwrap();
            assert_eq!(back, Message::text(text));
        }
        socket.close(None).await.unwrap();
    }
}

/// An upgrade is HTTP/1's: the protocol has to be said.
#[tokio::test]
async fn hyper_util_upgrades_to_a_websocket() {
    let (site, server) = echo().await;
    let connector = site.builder().alpn(["http/1.1"]).build().unwrap();
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    for scheme in ["http", "https"] {
        let request = Request::get(url(scheme, server.addr))
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let request = request.body(Empty::new()).unwrap();
        let response = within(client.request(request)).await.unwrap();
        assert_eq!(response.status(), 101);
        let upgraded = hyper::upgrade::on(response).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(upgraded);
        let role = tokio_tungstenite::tungstenite::protocol::Role::Client;
        let mut socket = tokio_tungstenite::WebSocketStream::from_raw_socket(io, role, None).await;
        socket.send(Message::text("hello")).await.unwrap();
        let back = within(socket.next()).await.unwrap().unwrap();
        assert_eq!(back, Message::text("hello"));
    }
}

/// What tonic's `connect_with_connector` asks of a connector.
#[tokio::test]
async fn tonic_takes_it() {
    let site = Site::new();
    let server = site.serve(Mode::Dual).await;
    let endpoint = tonic::transport::Endpoint::from_shared(url("http", server.addr)).unwrap();
    let channel = endpoint.connect_with_connector(site.connector()).await;
    channel.unwrap();
}

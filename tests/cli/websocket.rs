//! The WebSocket echo at `/echo`.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, Version};
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::process::Oneport;
use crate::support::within;

pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// A connection to the server; over TLS, it trusts the development CA.
pub(crate) async fn connect(server: &Oneport, scheme: &str) -> Box<dyn Duplex> {
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    if scheme == "ws" {
        return Box::new(tcp);
    }
    let mut roots = rustls::RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(server.ca()).unwrap();
    roots.add(ca).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(oneport::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    Box::new(within(connector.connect(name, tcp)).await.unwrap())
}

async fn open(server: &Oneport, scheme: &str) -> Result<WebSocketStream<Box<dyn Duplex>>, Error> {
    let mut request = server.url(scheme, "/echo").into_client_request().unwrap();
    let protocols = "first, second".parse().unwrap();
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", protocols);
    let stream = connect(server, scheme).await;
    let (socket, response) = within(tokio_tungstenite::client_async(request, stream)).await?;
    assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "first");
    Ok(socket)
}

async fn echoes<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) {
    let long: Bytes = (0..=u8::MAX).cycle().take(300_000).collect();
    for message in [
        Message::text(""),
        Message::text("Grüße"),
        Message::binary(long),
    ] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(within(socket.next()).await.unwrap().unwrap(), message);
    }
}

#[tokio::test]
async fn text_and_binary_over_both_schemes() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    for scheme in ["ws", "wss"] {
        let mut socket = open(&server, scheme).await.unwrap();
        echoes(&mut socket).await;
        socket.close(None).await.unwrap();
        while within(socket.next()).await.is_some() {}
    }
}

/// RFC 8441: a WebSocket inside an HTTP/2 stream.
#[tokio::test]
async fn over_http2() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    let tcp = TokioIo::new(TcpStream::connect(server.addr).await.unwrap());
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), tcp);
    let (mut sender, connection) = within(handshake).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::CONNECT)
        .version(Version::HTTP_2)
        .uri(server.url("http", "/echo"))
        .header("sec-websocket-version", "13")
        .extension(hyper::ext::Protocol::from_static("websocket"))
        .body(Empty::<Bytes>::new())
        .unwrap();
    let mut response = within(sender.send_request(request)).await.unwrap();
    assert_eq!(response.status(), 200);
    let stream = within(hyper::upgrade::on(&mut response)).await.unwrap();
    let stream = TokioIo::new(stream);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    echoes(&mut socket).await;
}

#[tokio::test]
async fn a_tls_only_port_tells_ws_clients_what_to_do() {
    let server = Oneport::start(&[]).await;
    let Err(Error::Http(response)) = open(&server, "ws").await else {
        panic!("no HTTP answer");
    };
    assert_eq!(response.status(), 426);
    let sentence = response.headers()["x-error"].to_str().unwrap();
    assert!(sentence.contains("wss://"), "{sentence}");
}

#[tokio::test]
async fn draining_closes_with_1001() {
    let server = Oneport::start(&["--allow-plaintext"]).await;
    let mut sockets = Vec::new();
    for scheme in ["ws", "wss"] {
        let mut socket = open(&server, scheme).await.unwrap();
        echoes(&mut socket).await;
        sockets.push(socket);
    }
    // This one never answers the close frame.
    let mut mute = open(&server, "ws").await.unwrap();
    echoes(&mut mute).await;
    server.signal("TERM").await;
    for mut socket in sockets {
        let message = within(socket.next()).await.unwrap().unwrap();
        let Message::Close(Some(frame)) = message else {
            panic!("{message:?}");
        };
        assert_eq!(frame.code, CloseCode::Away);
        assert_eq!(frame.reason, "the server is shutting down");
        while within(socket.next()).await.is_some() {}
    }
    assert_eq!(server.end().await.0, 0, "nothing was cut off");
}

#[tokio::test]
async fn a_broken_upgrade_is_refused_with_a_reason() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    let options = [
        "-i",
        "-H",
        "Upgrade: websocket",
        "-H",
        "Connection: Upgrade",
    ];
    let answer = server.curl("http", "/echo", &options).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.to_lowercase().contains("sec-websocket-"), "{answer}");
}

//! URLs, addresses and hosts.

use oneport::Mode;
use oneport::client::{ConnectErrorKind, ConnectStage, Connector};
use tokio::net::TcpListener;

use crate::caller::serve;
use crate::site::{Site, ask, fault};
use crate::support::{listen, within};

#[tokio::test]
async fn other_schemes_are_refused_with_a_list() {
    let connector = Connector::new();
    for url in ["ftp://localhost/", "file:///etc/passwd", "unix://x/"] {
        let Err(error) = connector.connect(url).await else {
            panic!("{url}");
        };
        assert_eq!(error.kind(), ConnectErrorKind::Uri);
        let said = error.to_string();
        assert!(
            said.ends_with("expected http, https, ws or wss") || url.starts_with("file"),
            "{said}"
        );
    }
    let error = connector.connect("localhost:3000").await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("write https://localhost:3000"), "{said}");
    let uri: http::Uri = "/path".parse().unwrap();
    let error = connector.connect(uri).await.unwrap_err();
    assert!(error.to_string().contains("names no host"), "{error}");
}

#[tokio::test]
async fn addresses_have_certificates_too() {
    let site = Site::new();
    let tls = site.folder.server_files().load().unwrap();
    let connector = site.builder().alpn(["http/1.1"]).build().unwrap();
    for (listen, host) in [("[::1]:0", "[::1]"), ("127.0.0.1:0", "127.0.0.1")] {
        let listener = TcpListener::bind(listen).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = tower::service_fn(crate::support::hello);
        let server = oneport::serve_dual(listener, tls.clone(), app).into_future();
        let server = tokio::spawn(server);
        for scheme in ["http", "https", "ws", "wss"] {
            let url = format!("{scheme}://{host}:{port}/x?y");
            let mut stream = within(connector.connect(&*url)).await.unwrap();
            assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"), "{url}");
        }
        server.abort();
    }
}

/// localhost is ::1 as well, where nothing listens on this port.
#[tokio::test]
async fn all_addresses_of_a_name_are_tried() {
    let site = Site::new();
    let server = serve(&site.folder.server_files().load().unwrap(), Mode::Dual).await;
    let url = crate::site::url("http", server.addr);
    let stream = within(site.connector().connect(url)).await.unwrap();
    assert_eq!(stream.info().peer(), server.addr);
}

#[tokio::test]
async fn nothing_listens() {
    let free = listen().await.local_addr().unwrap();
    let site = Site::new();
    let url = format!("https://127.0.0.1:{}/secret?token=1", free.port());
    let error = fault(&site.connector(), &url).await;
    assert_eq!(error.kind(), ConnectErrorKind::Connect);
    let said = format!("{error} {error:?}");
    assert!(said.contains(&format!(
        "https://127.0.0.1:{}: there is no connection",
        free.port()
    )));
    assert!(!said.contains("secret"), "{said}");
    let refused = std::iter::successors(std::error::Error::source(&error), |it| it.source());
    let mut refused = refused.filter_map(|it| it.downcast_ref::<std::io::Error>());
    assert!(refused.any(|it| it.kind() == std::io::ErrorKind::ConnectionRefused));
    let io = std::io::Error::from(error);
    assert_eq!(io.kind(), std::io::ErrorKind::ConnectionRefused);
}

/// A label of more than 63 octets is refused without a question to any server
/// (RFC 1035 2.3.4).
#[tokio::test]
async fn a_host_without_an_address() {
    let url = format!("http://{}.invalid/", "x".repeat(64));
    let error = fault(&Connector::new(), &url).await;
    assert_eq!(error.kind(), ConnectErrorKind::Resolve, "{error:?}");
    assert!(error.to_string().contains("has no address"), "{error}");
}

/// A listener whose backlog is full does not answer.
#[tokio::test]
async fn a_port_that_does_not_answer() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    let mut held = Vec::new();
    for _ in 0..4 {
        let client = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let client = client.unwrap();
        client.set_nonblocking(true).unwrap();
        let _ = client.connect(&addr.into());
        held.push(client);
    }
    let limit = std::time::Duration::from_millis(200);
    let connector = Connector::builder().connect_timeout(limit).build().unwrap();
    let error = fault(&connector, &format!("http://{addr}/")).await;
    let expected = ConnectErrorKind::Timeout(ConnectStage::Connect);
    assert_eq!(error.kind(), expected, "{error:?}");
    assert!(error.to_string().contains("within 200ms"), "{error}");
}

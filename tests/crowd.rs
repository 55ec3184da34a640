//! No client makes another one wait.
#![allow(clippy::unwrap_used)] // a test

mod log_capture;
mod support;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use log_capture::Log;
use oneport::{Limits, Mode};
use support::{Pki, Server, exchange, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// dufs 0.47 took 19.98 s for the next request with two silent clients: the
/// handshake ran on the accept path.
#[tokio::test]
async fn five_hundred_stuck_clients_and_a_good_one() {
    let pki = Pki::new();
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        let mut limits = Limits::default();
        limits.sniff = Duration::from_secs(3);
        limits.handshake = Duration::from_secs(3);
        limits.first_request = Duration::from_secs(3);
        limits.request_head = Duration::from_secs(3);
        oneport::serve_dual(listener, tls, tower::service_fn(support::hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let mut stuck = Vec::new();
    for n in 0..500 {
        let mut client = TcpStream::connect(server.addr).await.unwrap();
        let part: &[u8] = match n % 5 {
            0 => b"",
            1 => b"\x16",
            2 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            3 => b"GET / HTT",
            _ => b"GET / HTTP/1.1\r\nHost: a\r\n",
        };
        client.write_all(part).await.unwrap();
        stuck.push(client);
    }
    for _ in 0..10 {
        let good = async {
            let answer = exchange(server.addr, REQUEST).await;
            assert!(answer.ends_with(b"plaintext HTTP/1.1 GET \n"));
            let mut tls = pki.connect(server.addr, &[]).await.unwrap();
            tls.write_all(REQUEST).await.unwrap();
            let mut answer = Vec::new();
            tls.read_to_end(&mut answer).await.unwrap();
            assert!(answer.ends_with(b"tls HTTP/1.1 GET \n"));
        };
        timeout(Duration::from_secs(1), good)
            .await
            .expect("not made to wait");
    }
    // Each stuck one is closed by its deadline, in every phase.
    for mut client in stuck {
        let mut rest = Vec::new();
        let _ = within(client.read_to_end(&mut rest)).await;
    }
    assert_eq!(server.shut_down().await.unwrap(), oneport::Drained::Clean);
}

/// Above the limit nobody is served, the others wait; a place that becomes
/// free is used. Upgraded or not, a connection counts until its stream is gone.
#[tokio::test]
async fn the_connection_limit_pauses_accepting() {
    let server = Server::start(|listener, signal| {
        let mut limits = Limits::default();
        limits.connections = 2;
        limits.undecided = Some(2);
        oneport::serve_plaintext(listener, tower::service_fn(support::hello))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let first = TcpStream::connect(server.addr).await.unwrap();
    let second = TcpStream::connect(server.addr).await.unwrap();
    let third = tokio::spawn(exchange(server.addr, REQUEST));
    let waited = timeout(Duration::from_millis(300), async {
        while !third.is_finished() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_err(), "the third connection waits");
    drop(first);
    let answer = within(third).await.unwrap();
    assert!(answer.ends_with(b"plaintext HTTP/1.1 GET \n"));
    drop(second);
}

/// A listener that plays a script of accept errors first.
struct Scripted {
    errors: Vec<io::Error>,
    inner: TcpListener,
}

impl oneport::Listener for Scripted {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        match self.errors.pop() {
            Some(error) => Err(error),
            None => TcpListener::accept(&self.inner).await,
        }
    }
}

/// RUSTSEC-2024-0376: an accept error ended the server.
#[tokio::test]
async fn accept_errors_do_not_end_the_server() {
    let errors = [
        libc::EMFILE,
        libc::ECONNABORTED,
        libc::ENFILE,
        libc::ENOBUFS,
        libc::EPROTO,
    ];
    let server = Server::start(|inner, signal| {
        let errors = errors.map(io::Error::from_raw_os_error).into();
        let listener = Scripted { errors, inner };
        oneport::serve_plaintext(listener, tower::service_fn(support::hello))
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let answer = exchange(server.addr, REQUEST).await;
    assert!(answer.ends_with(b"plaintext HTTP/1.1 GET \n"));
    assert_eq!(server.shut_down().await.unwrap(), oneport::Drained::Clean);
}

#[tokio::test]
async fn a_broken_listener_ends_the_server_with_its_error() {
    let inner = support::listen().await;
    let errors = vec![io::Error::from_raw_os_error(libc::EBADF)];
    let listener = Scripted { errors, inner };
    let serve = oneport::serve_plaintext(listener, tower::service_fn(support::hello));
    let error = within(serve.into_future()).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_listener_serves_both_transports() {
    let pki = Pki::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("oneport.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    // Its clients count as loopback.
    let serve = oneport::serve_dual(listener, pki.tls(), tower::service_fn(support::hello))
        .policy(oneport::AllowPlaintext::loopback());
    let server = tokio::spawn(serve.into_future());
    let (socket, ca) = (path.to_str().unwrap(), pki.ca_path());
    let options = ["-sS", "--http1.1", "--unix-socket", socket];
    let plaintext = [&options[..], &["http://localhost/"]].concat();
    let answer = support::output_of("curl", &plaintext).await;
    assert_eq!(answer, "plaintext HTTP/1.1 GET \n");
    let tls = [
        &options[..],
        &["--cacert", ca.to_str().unwrap(), "https://localhost/"],
    ]
    .concat();
    assert_eq!(
        support::output_of("curl", &tls).await,
        "tls HTTP/1.1 GET \n"
    );
    server.abort();
}

/// The docker health check of a TLS service: plaintext from loopback only.
#[tokio::test]
async fn plaintext_by_network() {
    let pki = Pki::new();
    for (network, status) in [("127.0.0.0/8", "200"), ("192.0.2.0/24", "426")] {
        let tls = pki.tls();
        let policy = oneport::AllowPlaintext::from_networks([network.parse().unwrap()]);
        let server = Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, tower::service_fn(support::hello))
                .policy(policy)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        let answer = exchange(server.addr, REQUEST).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{network}: {answer}"
        );
    }
}

/// Without TCP_NODELAY every fresh TLS connection stalls for 44 ms; it is the
/// listener's option, so it is said once, and the options are left alone.
#[tokio::test]
async fn a_listener_without_nodelay_is_warned_about_once_and_left_alone() {
    let (log, _guard) = Log::capture();
    for nodelay in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        socket2::SockRef::from(&listener)
            .set_tcp_nodelay(nodelay)
            .unwrap();
        let addr = listener.local_addr().unwrap();
        let app = tower::service_fn(|request: http::Request<hyper::body::Incoming>| async {
            support::hello(request).await
        });
        let serve = oneport::serve_plaintext(listener, app);
        let client = async {
            for _ in 0..3 {
                exchange(addr, REQUEST).await;
            }
        };
        tokio::select! {
            _ = serve => panic!("ended by itself"),
            () = client => {}
        }
        // One, from the first of the two.
        let warnings = log.lines_with("TCP_NODELAY");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }
}

/// The listener's TCP_NODELAY reaches the accepted socket, plaintext and TLS.
#[tokio::test]
async fn accepted_sockets_keep_the_listeners_nodelay() {
    let pki = Pki::new();
    let acceptor = oneport::Acceptor::new(pki.tls()).mode(Mode::Dual);
    let listener = support::listen().await;
    let addr = listener.local_addr().unwrap();
    let client = tokio::spawn(async move {
        let mut tls = pki.connect(addr, &[]).await.unwrap();
        tls.write_all(REQUEST).await.unwrap();
        tls
    });
    let (tcp, peer) = listener.accept().await.unwrap();
    let accepted = within(acceptor.accept(tcp, peer)).await.unwrap();
    assert!(accepted.stream.get_ref().nodelay().unwrap());
    assert!(accepted.info.is_tls());
    client.abort();
}

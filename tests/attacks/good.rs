//! The client that is to be served whatever the others do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::Pki;

const REQUEST: &[u8] = b"GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// What one request may take, from connect to the last byte.
const AT_MOST: Duration = Duration::from_secs(1);

/// The same beside somebody who keeps all processors busy, which are the good
/// client's, too.
const AT_MOST_BESIDE: Duration = Duration::from_secs(5);

/// A client of the server at `addr`, by plaintext and by TLS in turn, each time
/// on a connection of its own.
#[derive(Clone)]
pub(crate) struct Good {
    addr: std::net::SocketAddr,
    tls: tokio_rustls::TlsConnector,
}

/// How long its requests took.
#[derive(Debug)]
pub(crate) struct Times(Vec<Duration>);

impl Good {
    pub(crate) fn new(pki: &Pki, addr: std::net::SocketAddr) -> Self {
        // Each handshake is a whole one.
        let mut config = Arc::unwrap_or_clone(pki.client_config(&["http/1.1"]));
        config.resumption = rustls::client::Resumption::disabled();
        Self {
            addr,
            tls: Arc::new(config).into(),
        }
    }

    /// Fails the test if one of so many requests takes longer than a second.
    pub(crate) async fn ask(&self, requests: usize) -> Times {
        self.ask_within(AT_MOST, requests).await
    }

    async fn ask_within(&self, most: Duration, requests: usize) -> Times {
        let mut times = Vec::new();
        for n in 0..requests {
            let begun = Instant::now();
            let answer = timeout(most, self.once(n % 2 == 1)).await;
            let answer = answer.unwrap_or_else(|_| panic!("request {n} took more than {most:?}"));
            assert!(
                answer.starts_with(b"HTTP/1.1 200"),
                "request {n}: {answer:?}"
            );
            times.push(begun.elapsed());
        }
        Times(times)
    }

    /// Asks until `attack` is over.
    pub(crate) async fn beside<T>(&self, attack: impl Future<Output = T>) -> T {
        let asking = async {
            loop {
                self.ask_within(AT_MOST_BESIDE, 2).await;
            }
        };
        let outcome = tokio::select! {
            biased;
            outcome = attack => outcome,
            () = asking => unreachable!(),
        };
        // And behind it.
        self.ask_within(AT_MOST_BESIDE, 4).await;
        outcome
    }

    async fn once(&self, tls: bool) -> Vec<u8> {
        let tcp = TcpStream::connect(self.addr).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        match tls {
            false => exchange(tcp).await,
            true => {
                let name = "localhost".try_into().unwrap();
                exchange(self.tls.connect(name, tcp).await.unwrap()).await
            }
        }
    }
}

async fn exchange(mut io: impl AsyncRead + AsyncWrite + Unpin) -> Vec<u8> {
    io.write_all(REQUEST).await.unwrap();
    io.flush().await.unwrap();
    let mut answer = Vec::new();
    io.read_to_end(&mut answer).await.unwrap();
    answer
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort();
        let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part) as usize];
        write!(f, "p50 {:.1?}, p99 {:.1?}", at(0.5), at(0.99))
    }
}

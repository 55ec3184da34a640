//! SIGTERM while requests of all kinds are under way.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::Oneport;
use crate::support::within;
use crate::websocket::{Duplex, connect};

const BEGIN: &[u8] = b"POST /echo HTTP/1.1\r\nHost: localhost\r\n\
    Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
const REST: &[u8] = b"4\r\nrest\r\n0\r\n\r\n";

/// A request of which the application has half, and has said so.
struct Begun {
    io: Box<dyn Duplex>,
    answer: Vec<u8>,
}

impl Begun {
    async fn new(server: &Oneport, scheme: &str) -> Self {
        let mut begun = Self {
            io: connect(server, scheme).await,
            answer: Vec::new(),
        };
        begun.io.write_all(BEGIN).await.unwrap();
        begun.io.flush().await.unwrap();
        begun.read_until("half").await;
        begun
    }

    async fn read_until(&mut self, words: &str) {
        while !String::from_utf8_lossy(&self.answer).contains(words) {
            let read = within(self.io.read_buf(&mut self.answer)).await.unwrap();
            let answer = String::from_utf8_lossy(&self.answer);
            assert_ne!(read, 0, "cut off after: {answer}");
        }
    }

    async fn finish(mut self) {
        self.io.write_all(REST).await.unwrap();
        self.io.flush().await.unwrap();
        self.read_until("rest").await;
        within(self.io.read_to_end(&mut self.answer)).await.unwrap();
        let answer = String::from_utf8(self.answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.ends_with("\r\n0\r\n\r\n"), "{answer}");
    }
}

/// What became of the requests of clients that go on as long as they can.
#[derive(Default)]
struct Load {
    answered: AtomicUsize,
    /// Of a connection that was never accepted, or let go before it was asked
    /// anything: no byte came.
    unheard: AtomicUsize,
    torn: AtomicUsize,
}

impl Load {
    /// On a connection each, or all on one that is kept.
    async fn run(&self, addr: SocketAddr, kept: bool) {
        let close = if kept { "" } else { "Connection: close\r\n" };
        let request = format!("GET /bytes?n=50000 HTTP/1.1\r\nHost: a\r\n{close}\r\n");
        while let Ok(mut tcp) = TcpStream::connect(addr).await {
            loop {
                let answer = match tcp.write_all(request.as_bytes()).await {
                    Ok(()) => within(whole(&mut tcp)).await,
                    Err(_) => Ok(None),
                };
                let count = match answer {
                    Ok(Some(())) => &self.answered,
                    Ok(None) => &self.unheard,
                    Err(_) => &self.torn,
                };
                count.fetch_add(1, Ordering::SeqCst);
                if !kept || !matches!(answer, Ok(Some(()))) {
                    break;
                }
            }
        }
    }
}

/// None if not a byte came.
async fn whole(tcp: &mut TcpStream) -> io::Result<Option<()>> {
    let mut answer = Vec::new();
    loop {
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n");
        if head.is_some_and(|head| answer.len() == head + 4 + 50_000) {
            return Ok(Some(()));
        }
        match tcp.read_buf(&mut answer).await {
            Ok(0) | Err(_) if answer.is_empty() => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Everything that the application had begun is answered, in full, and so is
/// everything of which a byte was sent; the exit code says that nobody was cut off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_fails_no_request() {
    let mut server = Oneport::start(&["--allow-plaintext"]).await;
    let mut begun = Vec::new();
    for n in 0..40 {
        begun.push(Begun::new(&server, ["ws", "wss"][n % 2]).await);
    }
    let (load, addr) = (Arc::<Load>::default(), server.addr);
    let mut clients = JoinSet::new();
    for n in 0..8 {
        let load = load.clone();
        clients.spawn(async move { load.run(addr, n % 2 == 0).await });
    }
    within(async {
        while load.answered.load(Ordering::SeqCst) < 100 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    server.signal("TERM").await;
    server.says("SIGTERM: draining").await;
    let mut finishing: JoinSet<()> = begun.into_iter().map(Begun::finish).collect();
    while let Some(finished) = finishing.join_next().await {
        finished.unwrap();
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let (code, log) = server.end().await;
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    let Load {
        answered,
        unheard,
        torn,
    } = &*load;
    println!("{} answered, {} unheard", count(answered), count(unheard));
    assert_eq!(count(torn), 0, "{log}");
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("drained=Clean"), "{log}");
}

/// Who does not finish in time is counted, and nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_do_not_finish_are_counted_exactly() {
    let mut server = Oneport::start(&["--allow-plaintext", "--drain", "2"]).await;
    let (mut stay, mut finish) = (Vec::new(), Vec::new());
    for n in 0..34 {
        let begun = Begun::new(&server, ["ws", "wss"][n % 2]).await;
        match n % 2 == 0 || n > 20 {
            true => stay.push(begun),
            false => finish.push(begun),
        }
    }
    // Without a request: they are nobody's loss.
    let mut idle = Vec::new();
    for _ in 0..10 {
        idle.push(connect(&server, "ws").await);
        idle.push(connect(&server, "wss").await);
    }
    server.signal("TERM").await;
    server.says("SIGTERM: draining").await;
    for begun in finish {
        begun.finish().await;
    }
    let (code, log) = server.end().await;
    assert_eq!(code, 5, "{log}");
    let stayed = stay.len();
    let sentence = format!("oneport: {stayed} connection(s) were cut off");
    assert!(log.contains(&sentence), "{log}");
    assert!(log.contains(&format!("drained=Aborted({stayed})")), "{log}");
}

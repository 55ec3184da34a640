//! One server with accept loops on several runtimes.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;
use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use oneport::{Drained, Limits};
use support::{exchange, listen, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower::service_fn;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A current-thread runtime in a thread of this name, until it is told to end.
struct Worker {
    handle: Handle,
    end: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Worker {
    fn start(name: &str) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name(name.to_owned());
        let thread = thread.spawn(move || runtime.block_on(told(ended)));
        let thread = thread.unwrap();
        Self {
            handle,
            end,
            thread,
        }
    }

    /// On another port than the server's first one: so a test says which worker
    /// it means.
    fn listen(&self) -> (TcpListener, SocketAddr) {
        let _guard = self.handle.enter();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let at = listener.local_addr().unwrap();
        (TcpListener::from_std(listener).unwrap(), at)
    }

    fn end(self) {
        self.end.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// A server with one worker besides its own runtime.
struct Pair {
    first: SocketAddr,
    second: SocketAddr,
    worker: Worker,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<io::Result<Drained>>,
    waits: Arc<Notify>,
}

impl Pair {
    async fn start(limits: Limits) -> Self {
        let worker = Worker::start("second");
        let (listener, second) = worker.listen();
        let here = listen().await;
        let first = here.local_addr().unwrap();
        let (shutdown, signal) = oneshot::channel();
        let waits = Arc::new(Notify::new());
        let noted = waits.clone();
        let app = service_fn(move |request| who(request, noted.clone()));
        let server = oneport::serve_plaintext(here, app)
            .worker(worker.handle.clone(), listener)
            .limits(limits)
            .with_graceful_shutdown(told(signal));
        let task = tokio::spawn(server.into_future());
        Self {
            first,
            second,
            worker,
            shutdown,
            task,
            waits,
        }
    }

    /// A connection with an answer that never comes.
    async fn stuck(&self, at: SocketAddr) -> TcpStream {
        let mut tcp = TcpStream::connect(at).await.unwrap();
        let request = b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
        tcp.write_all(request).await.unwrap();
        within(self.waits.notified()).await;
        tcp
    }
}

/// Answers with the thread that serves; at `/wait` never, and says so.
async fn who(
    request: Request<Incoming>,
    waits: Arc<Notify>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/wait" {
        waits.notify_one();
        std::future::pending::<()>().await;
    }
    let thread = thread::current();
    let name = thread.name().unwrap_or_default().to_owned();
    Ok(Response::new(name.into()))
}

async fn served_by(at: SocketAddr) -> String {
    let answer = String::from_utf8(exchange(at, REQUEST).await).unwrap();
    answer.rsplit("\r\n\r\n").next().unwrap().to_owned()
}

#[tokio::test]
async fn each_serves_what_its_listener_brings() {
    let server = Pair::start(Limits::default()).await;
    for _ in 0..3 {
        assert_ne!(served_by(server.first).await, "second");
        assert_eq!(served_by(server.second).await, "second");
    }
    server.shutdown.send(()).unwrap();
    let drained = within(server.task).await.unwrap().unwrap();
    assert_eq!(drained, Drained::Clean);
    for port in [server.first, server.second] {
        assert!(TcpStream::connect(port).await.is_err());
    }
    server.worker.end();
}

/// A loop that waits for clients must not keep a place from another.
#[tokio::test]
async fn the_connection_limit_is_for_all_together() {
    let mut limits = Limits::default();
    limits.connections = 1;
    let server = Pair::start(limits).await;
    for (one, other) in [(server.first, server.second), (server.second, server.first)] {
        let mut held = TcpStream::connect(one).await.unwrap();
        held.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        within(held.read_u8()).await.unwrap();
        let mut waiting = tokio::spawn(exchange(other, REQUEST));
        let waited = timeout(Duration::from_millis(300), &mut waiting).await;
        assert!(waited.is_err(), "there is one place only");
        drop(held);
        let answer = within(waiting).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
    server.shutdown.send(()).unwrap();
    let drained = within(server.task).await.unwrap().unwrap();
    assert_eq!(drained, Drained::Clean);
}

#[tokio::test]
async fn what_is_cut_off_is_counted_over_all() {
    let mut limits = Limits::default();
    limits.drain = Duration::from_millis(200);
    let server = Pair::start(limits).await;
    let mut clients = Vec::new();
    for at in [server.first, server.second, server.second] {
        clients.push(server.stuck(at).await);
    }
    server.shutdown.send(()).unwrap();
    let drained = within(server.task).await.unwrap().unwrap();
    assert_eq!(drained, Drained::Aborted(3));
    for mut client in clients {
        // Its end may be FIN or RST.
        let _ = within(client.read_to_end(&mut Vec::new())).await;
    }
}

/// Dropping the server aborts what its workers do.
#[tokio::test]
async fn a_dropped_server_ends_everywhere() {
    let server = Pair::start(Limits::default()).await;
    let mut client = server.stuck(server.second).await;
    server.task.abort();
    let _ = within(client.read_to_end(&mut Vec::new())).await;
    // The loop's end needs no more than its worker's next turn.
    within(async { while TcpStream::connect(server.second).await.is_ok() {} }).await;
}

#[tokio::test]
async fn a_runtime_that_is_gone_ends_the_server() {
    let server = Pair::start(Limits::default()).await;
    assert_eq!(served_by(server.second).await, "second");
    server.worker.end();
    let error = within(server.task).await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("runtime of a worker has ended"),
        "{error}"
    );
}

/// A listener that is broken from the moment it is told so.
struct Breakable(Option<Arc<Notify>>, TcpListener);

impl oneport::Listener for Breakable {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        match &self.0 {
            Some(breaks) => {
                breaks.notified().await;
                Err(io::Error::from_raw_os_error(libc::EBADF))
            }
            None => self.1.accept().await,
        }
    }
}

#[tokio::test]
async fn a_broken_listener_ends_the_server_whosever_it_is() {
    let worker = Worker::start("second");
    let breaks = Arc::new(Notify::new());
    let there = Breakable(Some(breaks.clone()), worker.listen().0);
    let here = Breakable(None, listen().await);
    let server = oneport::serve_plaintext(here, service_fn(support::hello));
    let server = server.worker(worker.handle.clone(), there);
    let task = tokio::spawn(server.into_future());
    breaks.notify_one();
    let error = within(task).await.unwrap().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    worker.end();
}

//! Servers on several threads, and clients that keep them busy.
//!
//! `bench-scale serve RUNTIME CA_FILE` serves as `oneport` does: with `pool` one
//! listener and tokio's multi-threaded runtime, with `workers:N` so many listeners
//! of one port, each with a current-thread runtime. It writes its certificate to
//! CA_FILE, its address to the standard output, and ends with its standard input.
//! `bench-scale load WORKLOAD ADDRESS CA_FILE COUNT CONNECTIONS` does COUNT
//! operations on each of so many connections at once.
#![allow(unreachable_pub, clippy::expect_used, clippy::print_stdout)] // a program's, whose output is read by the script

#[allow(dead_code)] // shared with the criterion bench
mod client;
#[allow(dead_code)] // shared with the criterion bench
mod servers;

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::process::exit;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use client::{Client, Close};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use oneport::Limits;
use servers::BODY;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Handle};

const IDLE: Duration = Duration::from_secs(60);

/// Of a program: whatever went wrong.
pub type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The whole program; `benches/allocators` has it with other allocators.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", runtime, ca] => serve(runtime, ca),
        ["load", workload, server, ca, count, connections] => {
            let (server, ca) = (server.parse()?, std::fs::read(ca)?);
            let client = match workload.split_once('-') {
                Some(("plaintext", _)) => Client::plaintext(server),
                Some(("tls", _)) => Client::tls(server, ca.into())?,
                _ => return Err(format!("{workload}: unknown workload").into()),
            };
            load(workload, &client, count.parse()?, connections.parse()?)
        }
        _ => {
            Err("serve RUNTIME CA_FILE, or load WORKLOAD ADDRESS CA_FILE COUNT CONNECTIONS".into())
        }
    }
}

fn serve(runtime: &str, ca: &str) -> Result {
    let (certificate, tls) = servers::tls();
    std::fs::write(ca, &certificate)?;
    thread::spawn(|| {
        let ended = io::stdin().read_to_end(&mut Vec::new());
        exit(i32::from(ended.is_err()));
    });
    let any = "127.0.0.1:0".parse()?;
    let app = tower::service_fn(hello);
    let Some(count) = runtime.strip_prefix("workers:") else {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let _guard = runtime.enter();
        let listener = listen(any)?;
        println!("{}", listener.local_addr()?);
        let server = oneport::serve_dual(listener, tls, app).limits(limits());
        runtime.block_on(server.into_future())?;
        return Ok(());
    };
    let workers = (0..count.parse()?).map(|_| worker());
    let workers = workers.collect::<Result<Vec<Handle>>>()?;
    let listen_on = |worker: &Handle, at| {
        let _guard = worker.enter();
        listen(at)
    };
    let (home, others) = workers.split_first().ok_or("no workers")?;
    let listener = listen_on(home, any)?;
    let at = listener.local_addr()?;
    let mut server = oneport::serve_dual(listener, tls, app).limits(limits());
    for worker in others {
        server = server.worker(worker.clone(), listen_on(worker, at)?);
    }
    println!("{at}");
    // As in the binary: this thread only waits.
    let runtime = Builder::new_current_thread().build()?;
    runtime.block_on(home.spawn(server.into_future()))??;
    Ok(())
}

fn worker() -> Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    Ok(handle)
}

fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.set_nodelay(true)?;
    socket.bind(at)?;
    socket.listen(4096)
}

/// So that idle connections can be counted in peace.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.sniff = IDLE;
    limits.request_head = IDLE;
    limits
}

async fn hello(_: Request<Incoming>) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from(BODY)))
}

fn load(workload: &str, client: &Client, count: usize, connections: usize) -> Result {
    let one = || match workload {
        "plaintext-connection" | "tls-connection" => {
            (0..count).try_for_each(|_| client.once(Close::Client))
        }
        "plaintext-request" | "tls-request" => {
            let mut connection = client.connect()?;
            (0..count).try_for_each(|_| connection.request())
        }
        _ => Err(io::Error::other(format!("{workload}: unknown workload"))),
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        for thread in all {
            thread.join().expect("it does not panic")?;
        }
        Ok(())
    })
}

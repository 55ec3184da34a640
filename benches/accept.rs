//! Time per connection of the bare `Acceptor` on a stream in memory, and per read
//! of what it replays: no socket, no kernel.
//!
//! `cargo bench --bench accept`

// criterion's macros generate an undocumented function.
#![allow(missing_docs)]

use std::hint::black_box;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use oneport::{AcceptError, Acceptor, Mode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::runtime::Runtime;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n";

/// Has these bytes to read, and then its end; takes all that is written.
struct InMemory {
    rest: &'static [u8],
    /// So much at a time.
    at_once: usize,
}

impl AsyncRead for InMemory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.at_once.min(self.rest.len()).min(buf.remaining());
        let (now, later) = self.rest.split_at(count);
        buf.put_slice(now);
        self.rest = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for InMemory {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime")
}

fn peer() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

/// From a stream to one that is served, or to an answer that was written.
fn accept(c: &mut Criterion) {
    let runtime = runtime();
    let plaintext = Acceptor::plaintext_only();
    let tls_only = Acceptor::plaintext_only().mode(Mode::TlsOnly);
    let mut group = c.benchmark_group("accept");
    for (name, acceptor, bytes, at_once) in [
        ("http/1", &plaintext, REQUEST, usize::MAX),
        ("http/1 byte by byte", &plaintext, REQUEST, 1),
        ("http/2 preface", &plaintext, PREFACE, usize::MAX),
        ("http/1 refused", &tls_only, REQUEST, usize::MAX),
        ("ssh refused", &plaintext, SSH, usize::MAX),
    ] {
        let once = || {
            let io = InMemory {
                rest: bytes,
                at_once,
            };
            runtime.block_on(acceptor.accept(io, peer()))
        };
        match (name.ends_with("refused"), once()) {
            (false, Ok(_)) | (true, Err(AcceptError::Refused(_))) => {}
            (_, ended) => panic!("{name}: {ended:?}", ended = ended.map(|it| it.info)),
        }
        group.bench_function(name, |b| b.iter(|| black_box(once().is_ok())));
    }
    group.finish();
}

/// What comes behind the verdict, through the stream and beside it.
fn rewind(c: &mut Criterion) {
    const BODY: &[u8] = &{
        let mut bytes = [b'x'; 64 * 1024];
        let mut at = 0;
        while at < REQUEST.len() {
            bytes[at] = REQUEST[at];
            at += 1;
        }
        bytes
    };
    let runtime = runtime();
    let acceptor = Acceptor::plaintext_only();
    let fresh = || InMemory {
        rest: BODY,
        at_once: 4096,
    };
    let mut group = c.benchmark_group("64 KiB in reads of 4 KiB");
    group.throughput(Throughput::Bytes(BODY.len() as u64));
    group.bench_function("bare", |b| {
        b.iter_batched(
            fresh,
            |io| runtime.block_on(read(io)),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("replayed, then through", |b| {
        let accepted = || {
            let accepted = runtime.block_on(acceptor.accept(fresh(), peer()));
            accepted.expect("plaintext is served").stream
        };
        b.iter_batched(
            accepted,
            |io| runtime.block_on(read(io)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// The number of bytes, which is checked.
async fn read(mut io: impl AsyncRead + Unpin) {
    let (mut all, mut chunk) = (0, [0; 4096]);
    loop {
        match io.read(&mut chunk).await.expect("in memory") {
            0 => break,
            count => all += count,
        }
        black_box(&chunk);
    }
    assert_eq!(all, 64 * 1024);
}

criterion_group!(benches, accept, rewind);
criterion_main!(benches);

//! What an acceptor has read is replayed: any cut of the first bytes and of what
//! follows, read in any cut, is the identity.
//!
//! The replaying stream is private. An acceptor makes one of all that it has read
//! when it knows the protocol, so how the beginning is cut says how much that is.

use std::future::poll_fn;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::Poll;
use std::time::Duration;

use oneport::{Accepted, Acceptor};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::input;
use super::runtime;
use super::wire::{Cut, Cuts, End, Log, Script};

static ACCEPTOR: LazyLock<Acceptor> = LazyLock::new(Acceptor::plaintext_only);

pub fn check(data: &[u8]) {
    let (bytes, mut choices) = input::split(data);
    let beginning = choices.of(&[
        &b"GET / HTTP/1.1\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\nX-a_1! /* HTTP/1.0\n",
    ]);
    let writing = choices.flag();
    // One half is for what comes in, the other for how it is read.
    let cuts = choices.rest();
    let (incoming, reading) = cuts.split_at(cuts.len() / 2);
    let sent = [beginning, bytes].concat();
    let (script, log) = Script::new(&sent, End::Eof);
    let io = Cut::new(script, Cuts::new(incoming), Cuts::new(reading));
    let peer = SocketAddr::from(([192, 0, 2, 1], 1));
    // A slow client's bytes come in their time.
    runtime::within(Duration::from_secs(60 * 60 * 24 * 365), async {
        let accepted = match ACCEPTOR.accept(io, peer).await {
            Ok(accepted) => accepted,
            Err(error) => {
                assert!(Cuts::new(incoming).are_slow(), "{error}");
                return;
            }
        };
        identity(accepted, &sent, &Cuts::new(reading), writing, &log).await;
    });
}

async fn identity<I>(
    accepted: Accepted<Cut<I>>,
    sent: &[u8],
    cuts: &Cuts,
    writing: bool,
    log: &Arc<Mutex<Log>>,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stream = accepted.stream;
    let mut read = Vec::new();
    let mut wrote = Vec::new();
    for step in 0.. {
        // Nothing is taken by a buffer without room, first of all at the joint.
        assert_eq!(stream.read(&mut []).await.unwrap(), 0);
        let mut room = vec![0; cuts.size(step).min(16 * 1024)];
        // What is in the buffer already stays there.
        let kept = room.len() / 3;
        let mut buffer = ReadBuf::new(&mut room);
        buffer.put_slice(&[b'k'; 16 * 1024][..kept]);
        poll_fn(|cx| Pin::new(&mut stream).poll_read(cx, &mut buffer))
            .await
            .unwrap();
        let (before, new) = buffer.filled().split_at(kept);
        assert!(before.iter().all(|&b| b == b'k'));
        if new.is_empty() && buffer.remaining() > 0 {
            break;
        }
        read.extend_from_slice(new);
        assert!(sent.starts_with(&read), "at {}", read.len());
        if writing {
            let piece = &read[read.len().saturating_sub(5)..];
            wrote.extend_from_slice(&piece[..write(&mut stream, piece).await]);
        }
    }
    assert_eq!(read, sent);
    stream.shutdown().await.unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.written, wrote);
    assert!(log.shut_down);
}

/// One gathered write, of which a part may be taken.
async fn write<S: AsyncWrite + Unpin>(stream: &mut S, piece: &[u8]) -> usize {
    assert!(stream.is_write_vectored());
    let (one, two) = piece.split_at(piece.len() / 2);
    let slices = [IoSlice::new(one), IoSlice::new(&[]), IoSlice::new(two)];
    let wrote = poll_fn(
        |cx| match Pin::new(&mut *stream).poll_write_vectored(cx, &slices) {
            Poll::Ready(wrote) => Poll::Ready(wrote.unwrap()),
            Poll::Pending => Poll::Pending,
        },
    );
    let wrote = wrote.await;
    assert!(wrote <= piece.len());
    wrote
}

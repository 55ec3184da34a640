//! Connections that do not go on, in every phase at once.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use oneport::Limits;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tower::service_fn;

use crate::good::Good;
use crate::support::{Pki, Server, told, within};
use crate::{allocated, alone, descriptors, descriptors_until, resident};

/// Each deadline of the server.
const DEADLINE: Duration = Duration::from_secs(6);

/// What is far from fitting into the buffers below.
static LARGE: [u8; 1 << 20] = [b'x'; 1 << 20];

async fn app(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let large = request.uri().path() == "/large";
    let _body = request.into_body().collect().await;
    let body = if large { &LARGE[..] } else { b"fine" };
    Ok(Response::new(Full::new(Bytes::from_static(body))))
}

async fn start(pki: &Pki, undecided: usize) -> Server {
    let mut limits = Limits::default();
    limits.sniff = DEADLINE;
    limits.handshake = DEADLINE;
    limits.first_request = DEADLINE;
    limits.request_head = DEADLINE;
    limits.keep_alive_idle = DEADLINE;
    limits.body_idle = DEADLINE;
    limits.write_stall = DEADLINE;
    limits.refusal = DEADLINE;
    limits.linger = DEADLINE;
    limits.undecided = Some(undecided);
    limits.drain = Duration::from_millis(100);
    let tls = pki.tls();
    Server::start(|listener, signal| {
        // Inherited by what it accepts: a megabyte is then more than is buffered.
        socket2::SockRef::from(&listener)
            .set_send_buffer_size(32 * 1024)
            .unwrap();
        oneport::serve_dual(listener, tls, service_fn(app))
            .limits(limits)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// A connection that is held, and never read from again.
type Held = Box<dyn Duplex>;

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<I: AsyncRead + AsyncWrite + Send + Unpin> Duplex for I {}

/// What may be allocated more than before when all of them are gone, in bytes:
/// tables that have grown, such as tokio's. Together they held fifty megabytes.
const ALLOCATED_MARGIN: usize = 128 * 1024;

/// And resident. It comes down late, or never: the allocator keeps pages of which a
/// part is in use.
const RESIDENT_MARGIN: u64 = 32 << 20;

const PHASES: usize = 12;

/// Silent, in half of a hello, without a request after the handshake, in half of
/// a head and of a body, in front of a response, refused, in HTTP/2. None if it
/// had to make room before it was there.
async fn stick(addr: SocketAddr, tls: tokio_rustls::TlsConnector, phase: usize) -> Option<Held> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let mut tcp = socket.connect(addr).await.unwrap();
    let part: &[u8] = match phase % PHASES {
        0 => b"",
        1 => b"\x16\x03",
        2 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        3 => b"GET / HTT",
        4 => b"GET / HTTP/1.1\r\nHost: a\r\n",
        5 => b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        6 => b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
        // Answered and hung up on; it stays.
        7 => b"SSH-2.0-OpenSSH_9.2\r\n",
        8 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        inside => {
            let name = "localhost".try_into().unwrap();
            let mut tls = within(tls.connect(name, tcp)).await.ok()?;
            let part: &[u8] = match inside {
                9 => b"",
                10 => b"GET / HTTP/1.1\r\nHost: a\r\n",
                _ => b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
            };
            tls.write_all(part).await.ok()?;
            tls.flush().await.ok()?;
            return Some(Box::new(tls));
        }
    };
    tcp.write_all(part).await.ok()?;
    if phase % PHASES == 7 {
        within(tcp.read_exact(&mut [0; 8])).await.ok()?;
    }
    Some(Box::new(tcp))
}

/// As many as there may be, each with a descriptor at both ends.
async fn stick_all(addr: SocketAddr, pki: &Pki) -> Vec<Held> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let count = limit.map_or(2000, |limit| limit / 3).min(2000) as usize;
    println!("{count} stuck connections (RLIMIT_NOFILE {limit:?})");
    let tls = tokio_rustls::TlsConnector::from(pki.client_config(&["http/1.1"]));
    let (mut held, mut opening) = (Vec::new(), JoinSet::new());
    for n in 0..count {
        if opening.len() == 50 {
            held.extend(opening.join_next().await.unwrap().unwrap());
        }
        opening.spawn(stick(addr, tls.clone(), n % PHASES));
    }
    while let Some(stuck) = opening.join_next().await {
        held.extend(stuck.unwrap());
    }
    held
}

/// Nobody makes room: each stays until its deadline.
#[test]
fn two_thousand_stuck_connections_and_a_good_one() {
    alone(async {
        let pki = Pki::new();
        let server = start(&pki, 10_000).await;
        let good = Good::new(&pki, server.addr);
        good.ask(20).await;
        let before = descriptors();
        // What the allocator has once had it keeps: so all of them come twice.
        drop(stick_all(server.addr, &pki).await);
        descriptors_until(before, Duration::from_secs(5)).await;
        let without = good.ask(200).await;
        let memory = (allocated(), resident());

        let begun = Instant::now();
        let held = stick_all(server.addr, &pki).await;
        let opened = begun.elapsed();
        let with = good.ask(200).await;
        let left = descriptors().saturating_sub(before + held.len());
        let both_ends = allocated().saturating_sub(memory.0) / held.len();
        println!("{both_ends} bytes each, both ends of it");
        println!(
            "the good client's requests without them: {without}; with them: {with} \
         (opened in {opened:.1?}, {left} of them still there after {:.1?})",
            begun.elapsed()
        );
        assert!(
            left > held.len() / 2,
            "they were gone too early to disturb anybody"
        );

        // Twice: those that were told so have a lingering time as well.
        let bound = 2 * DEADLINE + Duration::from_secs(6);
        let left = descriptors_until(before + held.len(), bound).await;
        let left = left.saturating_sub(before + held.len());
        assert_eq!(left, 0, "still there after {:?}", begun.elapsed());
        println!("all gone {:.1?} after the first had come", begun.elapsed());
        drop(held);
        let after = descriptors_until(before, Duration::from_secs(5)).await;
        assert!(
            after <= before,
            "{before} descriptors before, {after} after"
        );
        let after = (allocated(), resident());
        println!("bytes allocated and resident: {memory:?} before, {after:?} after");
        assert!(after.0 <= memory.0 + ALLOCATED_MARGIN);
        assert!(after.1 <= memory.1 + RESIDENT_MARGIN);
        server.shut_down().await.unwrap();
    });
}

/// The same with few places for the undecided: the older ones make room.
#[test]
fn two_thousand_stuck_connections_of_which_few_may_stay() {
    alone(async {
        let pki = Pki::new();
        let server = start(&pki, 64).await;
        let good = Good::new(&pki, server.addr);
        good.ask(20).await;
        let before = descriptors();
        let held = stick_all(server.addr, &pki).await;
        let with = good.ask(100).await;
        let left = descriptors().saturating_sub(before + held.len());
        println!("the good client's requests with 64 undecided: {with}");
        // Five of twelve phases are undecided, and 64 of them may stay.
        let most = held.len() - held.len() / PHASES * 4 + 64;
        assert!(left < most, "{left} of {} are still there", held.len());
        drop(held);
        let after = descriptors_until(before, Duration::from_secs(5)).await;
        assert!(
            after <= before,
            "{before} descriptors before, {after} after"
        );
        server.shut_down().await.unwrap();
    });
}

//! TLS records as no library makes them (RFC 8446 5.1).

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use oneport::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::among_others;
use crate::support::within;
use crate::target::{Target, answered, flight};

/// Below the deadlines of the server where a test does not set them.
const SOON: Duration = Duration::from_secs(4);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// The same handshake messages in records of `size` bytes.
fn in_records_of(size: usize, mut records: &[u8]) -> Vec<u8> {
    let mut cut = Vec::new();
    while let [0x16, 3, 1, hi, lo, rest @ ..] = records {
        let (messages, rest) = rest.split_at(usize::from(u16::from_be_bytes([*hi, *lo])));
        for piece in messages.chunks(size) {
            cut.extend([0x16, 3, 1, 0, u8::try_from(piece.len()).unwrap()]);
            cut.extend(piece);
        }
        records = rest;
    }
    cut
}

/// The hello and the request, in records of one byte each.
#[test]
fn records_of_one_byte() {
    among_others(async {
        let target = Target::start(Limits::default()).await;
        let (mut client, first) = target.client();
        let mut tcp = TcpStream::connect(target.server.addr).await.unwrap();
        tcp.write_all(&in_records_of(1, &first)).await.unwrap();
        let last = answered(&mut client, &mut tcp).await;
        tcp.write_all(&last).await.unwrap();
        for byte in REQUEST {
            client.writer().write_all(&[*byte]).unwrap();
            tcp.write_all(&flight(&mut client)).await.unwrap();
        }
        let mut answer = Vec::new();
        within(tcp.read_to_end(&mut answer)).await.unwrap();
        let (mut text, mut answer) = (Vec::new(), &answer[..]);
        while !answer.is_empty() {
            client.read_tls(&mut answer).unwrap();
            client.process_new_packets().unwrap();
            let _ = std::io::Read::read_to_end(&mut client.reader(), &mut text);
        }
        assert!(text.ends_with(b"tls HTTP/1.1 GET \n"), "{text:?}");
    });
}

/// Reads to the end; false if there is none, and what came.
async fn ends(tcp: &mut TcpStream) -> (bool, Vec<u8>) {
    let mut answer = Vec::new();
    let ended = timeout(SOON, tcp.read_to_end(&mut answer)).await.is_ok();
    (ended, answer)
}

/// In place of a handshake, or behind the hello: the connection ends, and the
/// application sees nothing of it. What came with the hello is looked at when
/// more comes, or not before the handshake's deadline.
#[test]
fn records_that_are_no_handshake() {
    among_others(async {
        let mut limits = Limits::default();
        limits.handshake = Duration::from_secs(2);
        let target = Target::start(limits).await;
        let huge = [
            &b"\x16\x03\x01\x40\x00\x01\xff\xff\xff\x03\x03"[..],
            &[0; 16_378],
        ]
        .concat();
        let more = [&b"\x16\x03\x01\x40\x00"[..], &[0; 16_384]].concat();
        let table: [(&str, bool, Vec<u8>); 13] = [
            ("an empty record", false, b"\x16\x03\x01\0\0".repeat(9)),
            (
                "an oversized record",
                false,
                b"\x16\x03\x01\x41\x01\x01".to_vec(),
            ),
            ("a hello of 16 MB", false, [huge, more.repeat(20)].concat()),
            ("an alert", false, b"\x15\x03\x01\0\x02\x01\0".to_vec()),
            ("empty records behind", true, b"\x16\x03\x03\0\0".repeat(99)),
            (
                "an oversized record behind",
                true,
                b"\x17\x03\x03\x48\x01".to_vec(),
            ),
            ("a request behind", true, REQUEST.to_vec()),
            (
                "a request in a record behind",
                true,
                [b"\x17\x03\x03\0\x2e", REQUEST].concat(),
            ),
            (
                "a heartbeat (CVE-2014-0160)",
                true,
                b"\x18\x03\x03\0\x03\x01\x40\0".to_vec(),
            ),
            (
                "99 changes of cipher",
                true,
                b"\x14\x03\x03\0\x01\x01".repeat(99),
            ),
            (
                "99 warnings",
                true,
                b"\x15\x03\x03\0\x02\x01\x5a".repeat(99),
            ),
            (
                "close_notify behind",
                true,
                b"\x15\x03\x03\0\x02\x01\0".to_vec(),
            ),
            ("another hello", true, target.client().1),
        ];
        // All at once: some take as long as a handshake may.
        let (addr, target_of) = (target.server.addr, &target);
        let attacks = table.map(|(what, hello, bytes)| async move {
            let begin = match hello {
                true => target_of.client().1,
                false => Vec::new(),
            };
            let begun = Instant::now();
            let mut tcp = TcpStream::connect(addr).await.unwrap();
            // It may be over before all is sent.
            let _ = tcp.write_all(&[&begin[..], &bytes].concat()).await;
            let (ended, answer) = ends(&mut tcp).await;
            let after = begun.elapsed();
            println!("{what}: {:02x?} .. after {after:.1?}", answer.get(..7));
            assert!(ended, "{what}: the connection stays");
            if !hello {
                return;
            }
            // And once the server has answered the hello.
            let mut tcp = TcpStream::connect(addr).await.unwrap();
            tcp.write_all(&target_of.client().1).await.unwrap();
            within(tcp.read_exact(&mut [0; 5])).await.unwrap();
            let begun = Instant::now();
            let _ = tcp.write_all(&bytes).await;
            let (ended, _) = ends(&mut tcp).await;
            let after = begun.elapsed();
            println!("{what}, later: after {after:.1?}");
            assert!(ended, "{what}: the connection stays");
            // Which rustls passes over.
            let at_once = what != "empty records behind";
            assert!(
                !at_once || after < Duration::from_secs(1),
                "{what}: {after:?}"
            );
        });
        futures_util::future::join_all(attacks).await;
        assert_eq!(target.seen(), 0);
        target.good().ask(2).await;
    });
}

/// Into an established session, from somebody who has no keys.
#[test]
fn records_of_somebody_else() {
    among_others(async {
        let target = Target::start(Limits::default()).await;
        let table: [(&str, &[u8]); 6] = [
            ("an empty record", b"\x17\x03\x03\0\0"),
            ("an oversized record", b"\x17\x03\x03\x48\x01"),
            ("a request", REQUEST),
            ("close_notify", b"\x15\x03\x03\0\x02\x01\0"),
            ("a change of cipher", b"\x14\x03\x03\0\x01\x01"),
            ("a handshake", b"\x16\x03\x03\0\x04\x18\0\0\x01"),
        ];
        for (what, bytes) in table {
            let (mut client, mut tcp, last) = target.almost().await;
            tcp.write_all(&last).await.unwrap();
            client.writer().write_all(&REQUEST[..20]).unwrap();
            tcp.write_all(&flight(&mut client)).await.unwrap();
            tcp.write_all(bytes).await.unwrap();
            assert!(ends(&mut tcp).await.0, "{what}: the connection stays");
        }
        assert_eq!(target.seen(), 0);
        target.good().ask(2).await;
    });
}

/// Valid records without a byte in them are no sign of life: the deadlines hold,
/// and the others are served, on the same thread.
#[test]
fn encrypted_records_of_nothing() {
    among_others(async {
        let mut limits = Limits::default();
        limits.first_request = Duration::from_secs(1);
        limits.request_head = Duration::from_secs(1);
        let target = Target::start(limits).await;
        for begun in [&b""[..], b"GET / HTTP/1.1\r\nHo"] {
            let (mut client, mut tcp, mut last) = target.almost().await;
            if !begun.is_empty() {
                client.writer().write_all(begun).unwrap();
                last.extend(flight(&mut client));
            }
            tcp.write_all(&last).await.unwrap();
            let mut records = crate::tls_aborts::Records::of(client);
            let flood = async {
                let start = Instant::now();
                let mut sent = 0;
                while start.elapsed() < SOON {
                    let some: Vec<u8> = (0..500).flat_map(|_| records.seal(b"")).collect();
                    if tcp.write_all(&some).await.is_err() {
                        return Some((sent, start.elapsed()));
                    }
                    sent += 500;
                }
                None
            };
            let ended = target.good().beside(flood).await;
            println!("records of nothing: {ended:?}");
            assert!(ended.is_some(), "behind {begun:?}: the connection stays");
        }
        assert_eq!(target.seen(), 0);
    });
}

/// A renegotiation, which in TLS 1.2 costs the server more than the client.
#[test]
fn renegotiation() {
    among_others(async {
        let mut limits = Limits::default();
        limits.first_request = Duration::from_secs(1);
        let target = Target::start(limits).await;
        let mut child = tokio::process::Command::new("openssl")
            .args(["s_client", "-tls1_2", "-connect"])
            .arg(target.server.addr.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("openssl is needed");
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"R\n").await.unwrap();
        let output = within(child.wait_with_output()).await.unwrap();
        drop(input);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("RENEGOTIATING"), "{said}");
        assert!(said.contains("no renegotiation"), "{said}");
        assert_eq!(target.seen(), 0);
        target.good().ask(2).await;
    });
}

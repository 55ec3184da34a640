//! Strangers over TCP: what the wire says to each, and what curl makes of it.
#![allow(clippy::unwrap_used)] // a test

#[path = "corpus/load.rs"]
mod corpus;
mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use oneport::{Foreign, Limits, Mismatch, Mode, Protocol, Status, sniff};
use support::{Pki, Server, exchange, output_of, run, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The flights of the corpus that are neither TLS nor HTTP.
fn strangers() -> Vec<(String, Foreign, Vec<u8>)> {
    let named = |sample: corpus::Sample| match sniff(&sample.bytes) {
        Status::Complete(Protocol::Foreign(foreign)) => Some((sample.id, foreign, sample.bytes)),
        _ => None,
    };
    corpus::load().into_iter().filter_map(named).collect()
}

/// The whole answer to a flight of the corpus.
fn answer_to(foreign: Foreign, flight: &[u8]) -> Vec<u8> {
    let mismatch = Mismatch::Foreign(foreign);
    let text = mismatch.sentence();
    let length = text.len() as u8;
    let line = |start: &str| format!("{start}{text}\r\n").into_bytes();
    let bad_request = || {
        let slug = mismatch.slug();
        let length = length + 1;
        format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {length}\r\nOneport-Mismatch: {slug}\r\nConnection: close\r\n\r\n\
             {text}\n"
        )
        .into_bytes()
    };
    let with_body = |start: &str, header: &str| {
        let length = length + 2;
        format!(
            "{start} 400 {text}\r\n{header}Content-Type: text/plain\r\n\
             Content-Length: {length}\r\n\r\n{text}\r\n"
        )
        .into_bytes()
    };
    match foreign {
        Foreign::Amqp if flight.starts_with(b"AMQP\x03\x01") => bad_request(),
        Foreign::Ftp => line("421 "),
        Foreign::Http09
        | Foreign::HttpMalformed
        | Foreign::HttpVersion
        | Foreign::ProxyV1
        | Foreign::ProxyV2
        | Foreign::Text => bad_request(),
        Foreign::Icap => format!(
            "ICAP/1.0 400 {text}\r\nISTag: \"oneport\"\r\nEncapsulated: null-body=0\r\n\
             Connection: close\r\n\r\n"
        )
        .into_bytes(),
        Foreign::Imap => line("* BYE "),
        Foreign::Irc => line("ERROR :"),
        Foreign::Ldap => {
            let head = [0x30, length + 12, 2, 1, 1, 0x61, length + 7];
            let result = [0x0a, 1, 53, 4, 0, 4, length];
            [&head[..], &result, text.as_bytes()].concat()
        }
        Foreign::Mqtt => b"\x20\x02\x00\x03".to_vec(),
        Foreign::Multistream => b"\x13/multistream/1.0.0\n\x03na\n".to_vec(),
        Foreign::Pop3 => line("-ERR "),
        Foreign::PostgresStartup if flight[4..8] != *b"\x04\xd2\x16\x2e" => {
            let fields = format!("SFATAL\0VFATAL\0C57P03\0M{text}\0\0");
            let head = [b'E', 0, 0, 0, fields.len() as u8 + 4];
            [&head[..], fields.as_bytes()].concat()
        }
        Foreign::Redis => line("-ERR ").repeat(redis_commands(flight)),
        Foreign::Rtsp => with_body("RTSP/1.0", "CSeq: 1\r\n"),
        Foreign::Sip => with_body("SIP/2.0", ""),
        Foreign::Smtp => line("554 "),
        Foreign::Socks4 => b"\x00\x5b\0\0\0\0\0\0".to_vec(),
        Foreign::Socks5 => b"\x05\xff".to_vec(),
        Foreign::Ssh => {
            let disconnect = [1, 0, 0, 0, 2, 0, 0, 0, length];
            let padding = 16 - (5 + disconnect.len() as u8 + length + 4) % 8;
            let size = 1 + disconnect.len() as u8 + length + 4 + padding;
            let mut answer = b"SSH-2.0-oneport\r\n".to_vec();
            answer.extend([0, 0, 0, size, padding]);
            answer.extend(disconnect);
            answer.extend(text.as_bytes());
            answer.extend(vec![0; 4 + usize::from(padding)]);
            answer
        }
        Foreign::Sslv2 if flight[3] == 3 => b"\x15\x03\x01\x00\x02\x02\x46".to_vec(),
        _ => Vec::new(),
    }
}

fn redis_commands(flight: &[u8]) -> usize {
    let arrays = flight.split(|&b| b == b'\n');
    arrays.filter(|line| line.starts_with(b"*")).count().max(1)
}

/// In as many bytes at once, with `more` behind it before anything is read. A
/// reset would be an error.
async fn exchange_in_pieces(addr: SocketAddr, flight: &[u8], size: usize, more: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(addr).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    // Beyond its first bytes a flight is drained.
    let (head, tail) = flight.split_at(flight.len().min(512));
    for piece in head.chunks(size) {
        tcp.write_all(piece).await.unwrap();
    }
    for rest in [tail, more] {
        within(tcp.write_all(rest)).await.unwrap();
    }
    let mut answer = Vec::new();
    within(tcp.read_to_end(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn every_stranger_of_the_corpus_gets_its_answer_and_a_clean_end() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let mut seen = BTreeMap::new();
    for (id, foreign, flight) in strangers() {
        *seen.entry(foreign.name()).or_insert(0) += 1;
        let expected = answer_to(foreign, &flight);
        let expected = expected.escape_ascii().to_string();
        // Bytes that a libp2p client sends behind its header are proposals.
        let upload = match foreign {
            Foreign::Multistream => Vec::new(),
            _ => vec![b'\n'; 200_000],
        };
        for (size, more) in [(512, &[][..]), (1, &[]), (7, &upload)] {
            let answer = exchange_in_pieces(server.addr, &flight, size, more).await;
            assert_eq!(
                answer.escape_ascii().to_string(),
                expected,
                "{id} in pieces of {size}, {} bytes behind it",
                more.len()
            );
        }
    }
    assert!(seen.len() >= 25, "{seen:?}");
}

/// psql, with `sslmode=prefer`: it waits for `N`, then goes on in plaintext.
#[tokio::test]
async fn postgres_clients_are_told_after_they_have_asked_for_encryption() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let startup = b"\0\0\0\x16\0\x03\0\0user\0u\0db\0d\0\0\0";
    for requests in [&[0x30, 0x2f][..], &[0x2f], &[0x30]] {
        let mut tcp = TcpStream::connect(server.addr).await.unwrap();
        for code in requests {
            let request = [0, 0, 0, 8, 0x04, 0xd2, 0x16, *code];
            tcp.write_all(&request).await.unwrap();
            assert_eq!(within(tcp.read_u8()).await.unwrap(), b'N');
        }
        tcp.write_all(startup).await.unwrap();
        let mut answer = Vec::new();
        within(tcp.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer, answer_to(Foreign::PostgresStartup, startup));
    }
    // `sslmode=require` leaves.
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    let request = b"\0\0\0\x08\x04\xd2\x16\x2f";
    tcp.write_all(request).await.unwrap();
    tcp.shutdown().await.unwrap();
    let mut answer = Vec::new();
    within(tcp.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"N");
}

/// What a client still sends after it has read all is no reason for a reset.
#[tokio::test]
async fn the_rest_of_a_flight_may_come_after_the_end() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let ssh = b"SSH-2.0-OpenSSH_9.2p1\r\n";
    let mut tcp = TcpStream::connect(server.addr).await.unwrap();
    tcp.write_all(ssh).await.unwrap();
    let mut answer = Vec::new();
    within(tcp.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, answer_to(Foreign::Ssh, ssh));
    for _ in 0..10 {
        tcp.write_all(&[0; 1500]).await.unwrap();
        assert_eq!(within(tcp.read(&mut [0; 16])).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_proxy_header_where_none_is_expected_has_its_own_sentence() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let v1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 1111 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let v2 = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for flight in [&v1[..], v2] {
        let answer = String::from_utf8(exchange(server.addr, flight).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        let header = "\r\nOneport-Mismatch: proxy-header-unexpected\r\n";
        assert!(answer.contains(header), "{answer}");
        let sentence = "\r\n\r\nA proxy sends the PROXY protocol to this port, which does not \
            expect it: switch it off at the proxy.\n";
        assert!(answer.ends_with(sentence), "{answer}");
    }
}

/// Nothing that the client sent comes back.
#[tokio::test]
async fn no_answer_reflects_what_was_sent() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    for flight in [
        &b"EHLO <script>\r\nX-Evil: 1\r\n"[..],
        b"OPTIONS <script> RTSP/1.0\r\nCSeq: <script>\r\n\r\n",
        b"OPTIONS <script> SIP/2.0\r\nVia: <script>\r\n\r\n",
        b"SSH-2.0-<script>\r\n",
        b"NICK <script>\r\n",
        b"a1 LOGIN <script> x\r\n",
        b"GET /<script> <script> HTTP/1.1\r\n\r\n",
        b"PROXY UNKNOWN <script>\r\n",
        b"\0\0\0\x1a\0\x03\0\0user\0<script>\0\0",
        b"\x10\x18\0\x04MQTT\x04\x02\0\x3c\0\x08<script>",
        b"\x13/multistream/1.0.0\n\x09<script>\n",
    ] {
        let answer = exchange(server.addr, flight).await;
        let answer = answer.escape_ascii().to_string();
        assert!(!answer.is_empty(), "{}", flight.escape_ascii());
        assert!(!answer.contains("script"), "{answer}");
        assert!(!answer.contains("Evil"), "{answer}");
    }
}

#[tokio::test]
async fn curl_in_other_languages() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let addr = server.addr;
    let text = Mismatch::Foreign(Foreign::Text).sentence();
    for url in [format!("gopher://{addr}/1x"), format!("dict://{addr}/d:x")] {
        let shown = output_of("curl", &["-sS", &url]).await;
        assert!(shown.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{shown}");
        assert!(shown.ends_with(&format!("\r\n\r\n{text}\n")), "{shown}");
    }
    let rtsp = output_of("curl", &["-sS", "-i", &format!("rtsp://{addr}/x")]).await;
    let sentence = Mismatch::Foreign(Foreign::Rtsp).sentence();
    let status = format!("RTSP/1.0 400 {sentence}\r\n");
    assert!(rtsp.starts_with(&status), "{rtsp}");

    // It ends with its input, whether there was an answer or not.
    let mut telnet = tokio::process::Command::new("curl")
        .args(["-sSN", &format!("telnet://{addr}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut typed = telnet.stdin.take().unwrap();
    typed.write_all(b"hello\n").await.unwrap();
    let mut shown = vec![0; answer_to(Foreign::Text, b"").len()];
    let mut output = telnet.stdout.take().unwrap();
    within(output.read_exact(&mut shown)).await.unwrap();
    assert_eq!(shown, answer_to(Foreign::Text, b""));
    drop(typed);
    assert!(within(telnet.wait()).await.unwrap().success());
}

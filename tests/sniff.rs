//! What each kind of first bytes is called, case by case.

use oneport::{Foreign, MAX_PREFIX, Mismatch, Protocol, Status, sniff};

use Status::Partial;

const HTTP1: Status = Status::Complete(Protocol::Http1);
const HTTP2: Status = Status::Complete(Protocol::Http2);
const TLS: Status = Status::Complete(Protocol::Tls);

const fn is(foreign: Foreign) -> Status {
    Status::Complete(Protocol::Foreign(foreign))
}

/// At least one example of each name.
#[rustfmt::skip]
const FOREIGN: &[(&[u8], Foreign)] = &[
    (b"AMQP\x00\x00\x09\x01", Foreign::Amqp),
    (b"AMQP\x03\x01\x00\x00", Foreign::Amqp),
    (b"\x16\xfe\xff\x00\x00", Foreign::Dtls),
    (b"\x16\xfe\xfd\x00\x00", Foreign::Dtls),
    (b"\x15\xfe\xfd\x00\x02", Foreign::Dtls),
    (b"AUTH TLS\r\n", Foreign::Ftp),
    (b"FEAT\r\n", Foreign::Ftp),
    (b"GET /\r\n", Foreign::Http09),
    (b"GET /index.html\n", Foreign::Http09),
    (b"GET /a b HTTP/1.1\r\n", Foreign::HttpMalformed),
    (b"GET  / HTTP/1.1\r\n", Foreign::HttpMalformed),
    (b"GET HTTP/1.1\r\n", Foreign::HttpMalformed),
    (b"GET / HTTP/2.0\r\n", Foreign::HttpVersion),
    (b"GET / HTTP/3\r\n", Foreign::HttpVersion),
    (b"GET / http/1.1\r\n", Foreign::HttpVersion),
    (b"GET / HTTP/1.10\r\n", Foreign::HttpVersion),
    (b"PRI * HTTP/2.0\r\nHost: a\r\n", Foreign::HttpVersion),
    (b"OPTIONS icap://localhost/a ICAP/1.0\r\n", Foreign::Icap),
    (b"a001 CAPABILITY\r\n", Foreign::Imap),
    (b"1 login user secret\r\n", Foreign::Imap),
    (b"NICK foo\r\n", Foreign::Irc),
    (b"CAP LS 302\r\n", Foreign::Irc),
    (b"USER foo 0 * :Foo Bar\r\n", Foreign::Irc),
    (b"USER foo 0 * :foo\r\n", Foreign::Irc),
    (b"0\x0c\x02\x01\x01\x60\x07\x02", Foreign::Ldap),
    (b"0\x1d\x02\x01\x01\x77\x18\x80", Foreign::Ldap),
    (b"0\x84\x00\x00\x00\x41\x02\x01\x01\x63", Foreign::Ldap),
    (b"\x10\x10\x00\x04MQTT\x04\x02", Foreign::Mqtt),
    (b"\x10\x90\x01\x00\x04MQTT\x05\x02", Foreign::Mqtt),
    (b"\x10\x12\x00\x06MQIsdp\x03\x02", Foreign::Mqtt),
    (b"\x13/multistream/1.0.0\n", Foreign::Multistream),
    (b"CAPA\r\n", Foreign::Pop3),
    (b"stls\r\n", Foreign::Pop3),
    (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", Foreign::PostgresSsl),
    (b"\x00\x00\x00\x08\x04\xd2\x16\x30", Foreign::PostgresStartup),
    (b"\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01", Foreign::PostgresStartup),
    (b"\x00\x00\x00\x16\x00\x03\x00\x00user\x00u\x00", Foreign::PostgresStartup),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1111 443\r\n", Foreign::ProxyV1),
    (b"PROXY UNKNOWN\r\n", Foreign::ProxyV1),
    (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11", Foreign::ProxyV2),
    (b"\x03\x00\x00\x13\x0e\xe0\x00\x00", Foreign::Rdp),
    (b"*1\r\n$4\r\nping\r\n", Foreign::Redis),
    (b"PING\r\n", Foreign::Redis),
    (b"OPTIONS * RTSP/1.0\r\n", Foreign::Rtsp),
    (b"OPTIONS sip:a@localhost SIP/2.0\r\n", Foreign::Sip),
    (b"\x00\x00\x00\x2f\xffSMBr", Foreign::Smb),
    (b"\x00\x00\x00\x40\xfeSMB@", Foreign::Smb),
    (b"EHLO test.example\r\n", Foreign::Smtp),
    (b"helo [192.0.2.1]\r\n", Foreign::Smtp),
    (b"\x04\x01\x01\xbb\xc0\x00\x02\x01\x00", Foreign::Socks4),
    (b"\x04\x01\x01\xbb\xc0\x00\x02\x01user\x00", Foreign::Socks4),
    (b"\x05\x01\x00", Foreign::Socks5),
    (b"\x05\x02\x00\x02", Foreign::Socks5),
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Foreign::Ssh),
    (b"SSH-1.99-x\n", Foreign::Ssh),
    (b"\x80\x2e\x01\x00\x02\x00\x15", Foreign::Sslv2),
    (b"\x81\x0e\x01\x03\x01\x00\x15", Foreign::Sslv2),
    (b"\xff\xfd\x18\xff\xfb", Foreign::Telnet),
    (b"hi\r\n", Foreign::Text),
    (b"HELP\n", Foreign::Text),
    (b"get key\r\n", Foreign::Text),
    (b"GET key\r\n", Foreign::Text),
    (b"QUIT\r\n", Foreign::Text),
    (b"USER name\r\n", Foreign::Text),
    (b"AUTH PLAIN\r\n", Foreign::Text),
    (b"STARTTLS\r\n", Foreign::Text),
    (b"{", Foreign::Text),
    (b" GET", Foreign::Text),
    (b"GET:", Foreign::Text),
    (b"GET\t", Foreign::Text),
    (b"GET / HTTP/1.1\rX", Foreign::Text),
    (b"\r ", Foreign::Text),
    (b"HTTP/", Foreign::Text),
    (b"\x15\x03\x01\x00\x02\x02\x28", Foreign::TlsAlert),
    (b"\x17\x03\x03\x00\x20", Foreign::TlsApplicationData),
    (b"\x14\x03\x03\x00\x01\x01", Foreign::TlsOther),
    (b"\x16\x03\x03\x00\x7a\x02", Foreign::TlsOther),
    (b"\x18\x03\x02\x00\x03\x01", Foreign::TlsOther),
    (b"\x16\x01", Foreign::Unknown),
    (b"\x16\x03\x05", Foreign::Unknown),
    (b"\x16\x03\x01\x42", Foreign::Unknown),
    (b"\x16\x03\x01\x41\x01", Foreign::Unknown),
    (b"\x16\x03\x01\x00\x00", Foreign::Unknown),
    (b"\x00\x00\x00\x14\x00\x03\x00\x00\x00\x00", Foreign::Unknown), // Kafka
    (b"\x01", Foreign::Unknown),
    (b"GET\x00", Foreign::Unknown),
    (b"GET /\x00", Foreign::Unknown),
    (b"GET /\x7f", Foreign::Unknown),
    (b"\xd0\xbf", Foreign::Unknown),
];

#[test]
fn foreign_first_bytes_are_named_as_soon_as_they_are_certain() {
    for &(bytes, foreign) in FOREIGN {
        assert_eq!(sniff(bytes), is(foreign), "{}", bytes.escape_ascii());
        for len in 0..bytes.len() {
            let status = sniff(&bytes[..len]);
            assert!(
                status == Partial || status == is(foreign),
                "{status:?}: {}",
                bytes[..len].escape_ascii()
            );
        }
    }
}

#[test]
fn every_name_is_said_in_words_and_has_an_example() {
    let mut seen: Vec<Foreign> = FOREIGN.iter().map(|&(_, foreign)| foreign).collect();
    seen.dedup();
    assert_eq!(seen.len(), 33, "{seen:?}");
    for foreign in seen {
        assert_eq!(foreign.to_string(), foreign.name());
        assert!(!foreign.name().is_empty());
        // Into headers, pages and lines of text it goes as it is.
        let mismatch = Mismatch::Foreign(foreign);
        for text in [mismatch.sentence(), mismatch.slug(), mismatch.remedy()] {
            let plain = |c: char| (' '..='~').contains(&c) && !"%\"<>&\\".contains(c);
            assert!(text.chars().all(plain), "{text}");
            assert!(text.len() < 200, "too long for LDAP: {text}");
        }
    }
}

#[test]
fn tls_takes_six_bytes_and_any_plausible_record() {
    for minor in 0..=4 {
        for len in [1, 4, 512, 16_384, 16_385, 16_640_u16] {
            let [hi, lo] = len.to_be_bytes();
            let hello = [0x16, 3, minor, hi, lo, 1];
            assert_eq!(sniff(&hello), TLS, "{hello:02x?}");
            for len in 0..6 {
                assert_eq!(sniff(&hello[..len]), Partial, "{hello:02x?} at {len}");
            }
        }
    }
}

#[test]
fn http_is_a_grammar_and_no_list_of_methods() {
    for line in [
        "GET / HTTP/1.1",
        "GET / HTTP/1.0",
        "GET / HTTP/1.2",
        "get / HTTP/1.1",
        "PATCH /x HTTP/1.1",
        "DELETE /x HTTP/1.1",
        "PROPFIND /x HTTP/1.1",
        "M-SEARCH * HTTP/1.1",
        "CONNECT example.com:443 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "PRI /x HTTP/1.1",
        "PRI * HTTP/1.1",
        "PROXY / HTTP/1.1",
        "SSH-2.0-x y HTTP/1.1",
        "EHLO test.example HTTP/1.1",
        "0 / HTTP/1.1",
        "A / HTTP/1.1",
        "!#$%&'*+-.^_`|~ / HTTP/1.1",
        "GET /\u{e9} HTTP/1.1",
        "GET http://example.com/ HTTP/1.1",
        "GET HTTP/1.1 HTTP/1.1",
    ] {
        for empty_lines in ["", "\r\n", "\n", "\r\n\n\r\n\r\n"] {
            for end in ["\r\n", "\n"] {
                let request = format!("{empty_lines}{line}{end}");
                assert_eq!(sniff(request.as_bytes()), HTTP1, "{request:?}");
                for len in 0..request.len() {
                    assert_eq!(sniff(&request.as_bytes()[..len]), Partial, "{request:?}");
                }
            }
        }
    }
}

#[test]
fn http2_is_its_whole_preface() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for len in 0..preface.len() {
        assert_eq!(sniff(&preface[..len]), Partial, "{len}");
    }
    assert_eq!(sniff(preface), HTTP2);
    // RFC 9113 3.4 has no empty lines before it.
    let late = [b"\r\n", preface.as_slice()].concat();
    assert_eq!(sniff(&late), is(Foreign::HttpVersion));
    assert_eq!(sniff(b"PRI * HTTP/2.0\r\n\r\nSX"), is(Foreign::HttpVersion));
}

#[test]
fn four_empty_lines_are_waited_for_and_no_fifth() {
    assert_eq!(sniff(b"\r\n\r\n\r\n\r\n"), Partial);
    assert_eq!(sniff(b"\n\n\n\n"), Partial);
    assert_eq!(sniff(b"\n\n\n\nGET / HTTP/1.1\n"), HTTP1);
    assert_eq!(sniff(b"\n\n\n\n\n"), is(Foreign::Text));
    assert_eq!(sniff(b"\r\n\r\n\r\n\r\n\r\n"), is(Foreign::Text));
}

#[test]
fn a_line_is_judged_within_8_kib() {
    const MAX_LINE: usize = 8 * 1024;
    let fill = |start: &str, byte: u8, len: usize, end: &str| {
        let mut line = start.as_bytes().to_vec();
        line.resize(len - end.len(), byte);
        line.extend_from_slice(end.as_bytes());
        line
    };
    for start in ["GET /", "\r\n\r\n\r\n\r\nGET /"] {
        let max = MAX_LINE + start.len() - 5;
        assert!(max <= MAX_PREFIX);
        // What is as long as that, or longer, is HTTP as far as one can tell.
        for end in [
            "",
            " ",
            " H",
            " HTTP/1.",
            " HTTP/1.1",
            " HTTP/1.1\r",
            " HTTP/1.1\n",
        ] {
            let line = fill(start, b'a', max, end);
            assert_eq!(sniff(&line), HTTP1, "{end:?}");
            assert_eq!(sniff(&line[..max - 1]), Partial, "{end:?}");
        }
        let line = fill(start, b'a', max - 1, " SIP/2.0\r");
        assert_eq!(sniff(&line), Partial);
        for end in [" HTTX", " HTTP/2", " HTTP/1.11", " x y", " SIP/2.0"] {
            let line = fill(start, b'a', max, end);
            assert_eq!(sniff(&line), is(Foreign::Text), "{end:?}");
        }
    }
    // A method that long is none.
    let line = fill("", b'a', MAX_LINE, "");
    assert_eq!(sniff(&line[..MAX_LINE - 1]), Partial);
    assert_eq!(sniff(&line), is(Foreign::Text));
    assert_eq!(sniff(&fill("", b'a', MAX_LINE, " ")), is(Foreign::Text));
    assert_eq!(sniff(&fill("", b'a', MAX_LINE, " /")), HTTP1);
}

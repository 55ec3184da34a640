//! The answer to what is neither TLS nor HTTP, in the stranger's own language.
//!
//! Only where its client shows it to somebody, or names the problem better for
//! it; all others are closed without a word. The text is constant: nothing that
//! the client sent comes back, but for the message id of LDAP.

mod amqp;
mod ldap;
mod line;
mod mqtt;
mod multistream;
mod postgres;
mod redis;
mod socks;
mod ssh;
mod sslv2;

use tokio::io::{AsyncRead, AsyncWrite};

use super::literal::say;
use super::{Result, Sent, bad_request};
use crate::foreign::Foreign;
use crate::mismatch::Mismatch;

/// Answers; `io` begins with the client's first byte. What an answer does not
/// need of the client's words is left unread: the caller drains it.
///
/// The mismatch need not be the stranger's own: a policy may refuse it for
/// another reason, and where a proxy has to introduce everybody, its header is
/// what is missing first.
pub(crate) async fn foreign<I>(io: &mut I, foreign: Foreign, mismatch: Mismatch) -> Result
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let sentence = mismatch.sentence();
    let answer = match foreign {
        Foreign::Amqp => amqp::answer(io, mismatch).await?,
        Foreign::Ldap => ldap::answer(io, sentence).await?,
        Foreign::Mqtt => mqtt::answer(io, sentence).await?,
        Foreign::Multistream => {
            multistream::converse(io).await?;
            return Ok(Sent::Open);
        }
        Foreign::PostgresSsl | Foreign::PostgresStartup => {
            postgres::converse(io, sentence).await?;
            return Ok(Sent::Open);
        }
        Foreign::Redis => {
            redis::converse(io, sentence).await?;
            return Ok(Sent::Open);
        }
        Foreign::Socks4 => socks::REJECTED_4.to_vec(),
        Foreign::Ssh => ssh::answer(sentence),
        Foreign::Sslv2 => sslv2::answer(io).await?,
        Foreign::Ftp
        | Foreign::Icap
        | Foreign::Imap
        | Foreign::Irc
        | Foreign::Pop3
        | Foreign::Rtsp
        | Foreign::Sip
        | Foreign::Smtp
        | Foreign::Telnet => line::answer(foreign, sentence),
        Foreign::Http09
        | Foreign::HttpMalformed
        | Foreign::HttpVersion
        | Foreign::ProxyV1
        | Foreign::ProxyV2
        // "No acceptable methods" (RFC 1928 3) sends people looking for
        // credentials; with this curl and ncat say that it is no SOCKS.
        | Foreign::Socks5
        | Foreign::Text => bad_request::answer(mismatch),
        // Nothing that could be said to them reaches anybody. RDP has a refusal
        // (MS-RDPBCGR 2.2.1.2.2), but each of its codes speaks of SSL, and
        // FreeRDP tries again with less security.
        Foreign::Dtls
        | Foreign::Rdp
        | Foreign::Smb
        | Foreign::TlsAlert
        | Foreign::TlsApplicationData
        | Foreign::TlsOther
        | Foreign::Unknown => return Ok(Sent::Open),
    };
    say(io, &answer).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    /// What a client gets that says all this at once and closes.
    async fn answer_to(foreign: Foreign, flight: &[u8]) -> Vec<u8> {
        let (mut client, server) = duplex(4096);
        client.write_all(flight).await.expect("in memory");
        client.shutdown().await.expect("in memory");
        answer(server, foreign).await;
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.expect("in memory");
        answer
    }

    async fn answer(mut server: DuplexStream, foreign: Foreign) {
        let mismatch = Mismatch::Foreign(foreign);
        let sent = super::foreign(&mut server, foreign, mismatch).await;
        assert!(matches!(sent, Ok(Sent::Open)), "{foreign}: {sent:?}");
    }

    /// The lengths are counted by hand.
    #[tokio::test]
    async fn each_speaks_its_own_language() {
        const POSTGRES: &[u8] = b"E\0\0\0\x7fSFATAL\0VFATAL\0C57P03\0MThis port speaks HTTP (or \
            WebSocket, or gRPC), not PostgreSQL: use the port that serves PostgreSQL.\0\0";
        #[rustfmt::skip]
        let table: &[(Foreign, &[u8], &[u8])] = &[
            (Foreign::Amqp, b"AMQP\0\0\x09\x01", b""),
            (Foreign::Amqp, b"AMQP\x01\x01\0\x0a", b""),
            (Foreign::Dtls, b"\x16\xfe\xfd\0\0", b""),
            (Foreign::Ftp, b"FEAT\r\n", b"421 This port speaks HTTP (or WebSocket, or gRPC), not \
                FTP: use the port that serves FTP.\r\n"),
            (Foreign::Icap, b"OPTIONS icap://a/ ICAP/1.0\r\n", b"ICAP/1.0 400 This port speaks \
                HTTP (or WebSocket, or gRPC), not ICAP: use the port that serves ICAP.\r\nISTag: \
                \"oneport\"\r\nEncapsulated: null-body=0\r\nConnection: close\r\n\r\n"),
            (Foreign::Imap, b"a1 CAPABILITY\r\n", b"* BYE This port speaks HTTP (or WebSocket, or \
                gRPC), not IMAP: use the port that serves IMAP.\r\n"),
            (Foreign::Irc, b"NICK a\r\n", b"ERROR :This port speaks HTTP (or WebSocket, or gRPC), \
                not IRC: use the port that serves IRC.\r\n"),
            (Foreign::Ldap, b"0\x0c\x02\x01\x07\x60\x07", b"0\x63\x02\x01\x07\x61\x5e\x0a\x01\x35\
                \x04\0\x04\x57This port speaks HTTP (or WebSocket, or gRPC), not LDAP: use the \
                port that serves LDAP."),
            (Foreign::Ldap, b"0\x84\0\0\0\x41\x02\x01\x01\x63", b"0\x63\x02\x01\x01\x65\x5e\x0a\
                \x01\x35\x04\0\x04\x57This port speaks HTTP (or WebSocket, or gRPC), not LDAP: \
                use the port that serves LDAP."),
            (Foreign::Ldap, b"0\x1d\x02\x01\x01\x77\x18\x80", b"0\x63\x02\x01\x01\x78\x5e\x0a\
                \x01\x35\x04\0\x04\x57This port speaks HTTP (or WebSocket, or gRPC), not LDAP: \
                use the port that serves LDAP."),
            (Foreign::Mqtt, b"\x10\x10\0\x04MQTT\x04\x02", b"\x20\x02\0\x03"),
            (Foreign::Mqtt, b"\x10\x12\0\x06MQIsdp\x83\x02", b"\x20\x02\0\x03"),
            (Foreign::Mqtt, b"\x10\x90\x01\0\x04MQTT\x05\x02", b"\x20\x5d\0\x88\x5a\x1f\0\x57This \
                port speaks HTTP (or WebSocket, or gRPC), not MQTT: use the port that serves MQTT."),
            (Foreign::Multistream, b"\x13/multistream/1.0.0\n\x07/noise\n",
                b"\x13/multistream/1.0.0\n\x03na\n"),
            (Foreign::Pop3, b"CAPA\r\n", b"-ERR This port speaks HTTP (or WebSocket, or gRPC), \
                not POP3: use the port that serves POP3.\r\n"),
            // SSL, and the client leaves; SSL; GSSAPI, then SSL; SSL without end.
            (Foreign::PostgresSsl, b"\0\0\0\x08\x04\xd2\x16\x2f", b"N"),
            (Foreign::PostgresSsl, b"\0\0\0\x08\x04\xd2\x16\x2f\0\0\0\x16\0\x03\0\0user\0u\0",
                &[b"N", POSTGRES].concat()),
            (Foreign::PostgresStartup, b"\0\0\0\x08\x04\xd2\x16\x30\0\0\0\x08\x04\xd2\x16\x2f\
                \0\0\0\x16\0\x03\0\0user\0u\0", &[b"NN", POSTGRES].concat()),
            (Foreign::PostgresSsl, &b"\0\0\0\x08\x04\xd2\x16\x2f".repeat(9), b"NNN"),
            (Foreign::PostgresStartup, b"\0\0\0\x16\0\x03\0\0user\0u\0", POSTGRES),
            (Foreign::PostgresStartup, b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02", b""),
            (Foreign::Rdp, b"\x03\0\0\x13\x0e\xe0\0\0", b""),
            (Foreign::Redis, b"*1\r\n$4\r\nping\r\n", b"-ERR This port speaks HTTP (or WebSocket, \
                or gRPC), not Redis: use the port that serves Redis.\r\n"),
            (Foreign::Rtsp, b"OPTIONS * RTSP/1.0\r\n", b"RTSP/1.0 400 This port speaks HTTP (or \
                WebSocket, or gRPC), not RTSP: use the port that serves RTSP.\r\nCSeq: 1\r\n\
                Content-Type: text/plain\r\nContent-Length: 89\r\n\r\nThis port speaks HTTP (or \
                WebSocket, or gRPC), not RTSP: use the port that serves RTSP.\r\n"),
            (Foreign::Sip, b"OPTIONS sip:a SIP/2.0\r\n", b"SIP/2.0 400 This port speaks HTTP (or \
                WebSocket, or gRPC), not SIP: use the port that serves SIP.\r\nContent-Type: \
                text/plain\r\nContent-Length: 87\r\n\r\nThis port speaks HTTP (or WebSocket, or \
                gRPC), not SIP: use the port that serves SIP.\r\n"),
            (Foreign::Smb, b"\0\0\0\x2f\xffSMBr", b""),
            (Foreign::Smtp, b"EHLO a\r\n", b"554 This port speaks HTTP (or WebSocket, or gRPC), \
                not SMTP: use the port that serves SMTP.\r\n"),
            (Foreign::Socks4, b"\x04\x01\x01\xbb\xc0\0\x02\x01\0", b"\0\x5b\0\0\0\0\0\0"),
            (Foreign::Ssh, b"SSH-2.0-a\r\n", b"SSH-2.0-oneport\r\n\0\0\0\x6c\x09\x01\0\0\0\x02\
                \0\0\0\x55This port speaks HTTP (or WebSocket, or gRPC), not SSH: use the port \
                that serves SSH.\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            (Foreign::Sslv2, b"\x81\x0e\x01\x03\x01\0\x15", b"\x15\x03\x01\0\x02\x02\x46"),
            (Foreign::Sslv2, b"\x80\x2e\x01\0\x02\0\x15", b""),
            (Foreign::Telnet, b"\xff\xfd\x18", b"This port speaks HTTP (or WebSocket, or gRPC), \
                not Telnet: use the port that serves Telnet.\r\n"),
            (Foreign::TlsAlert, b"\x15\x03\x01\0\x02\x02\x28", b""),
            (Foreign::TlsApplicationData, b"\x17\x03\x03\0\x20", b""),
            (Foreign::TlsOther, b"\x14\x03\x03\0\x01\x01", b""),
            (Foreign::Unknown, b"\x01", b""),
        ];
        for &(foreign, flight, expected) in table {
            let answer = answer_to(foreign, flight).await;
            assert_eq!(
                answer.escape_ascii().to_string(),
                expected.escape_ascii().to_string(),
                "{foreign}: {}",
                flight.escape_ascii(),
            );
        }
    }

    /// A policy may refuse with any mismatch, and some sentences take lengths of
    /// more than one byte.
    #[tokio::test]
    async fn long_sentences_fit_as_well() {
        let text = "x".repeat(200);
        let mut bind = &b"0\x0c\x02\x01\x07\x60"[..];
        let ldap = ldap::answer(&mut bind, &text).await.expect("in memory");
        let head = b"0\x81\xd6\x02\x01\x07\x61\x81\xd0\x0a\x01\x35\x04\0\x04\x81\xc8";
        assert_eq!(ldap, [&head[..], text.as_bytes()].concat());
        let mut connect = &b"\x10\x10\0\x04MQTT\x05"[..];
        let mqtt = mqtt::answer(&mut connect, &text).await.expect("in memory");
        let head = b"\x20\xcf\x01\0\x88\xcb\x01\x1f\0\xc8";
        assert_eq!(mqtt, [&head[..], text.as_bytes()].concat());
    }

    #[tokio::test]
    async fn what_resembles_http_is_told_in_http() {
        for (foreign, flight, start) in [
            (Foreign::Amqp, &b"AMQP\0\x01\0\0"[..], "This port speaks"),
            (Foreign::Amqp, b"AMQP\x03\x01\0\0", "This port speaks"),
            (Foreign::Http09, b"GET /\r\n", "This port speaks HTTP/1.0"),
            (Foreign::HttpMalformed, b"", "This request line is malf"),
            (Foreign::HttpVersion, b"", "This request line names a"),
            (Foreign::ProxyV1, b"PROXY UNKNOWN\r\n", "A proxy sends"),
            (Foreign::ProxyV2, b"\r\n\r\n\0\r\nQUIT\n", "A proxy sends"),
            (Foreign::Text, b"hi\r\n", "This port speaks HTTP (or"),
        ] {
            let answer = answer_to(foreign, flight).await;
            let answer = String::from_utf8(answer).expect("text");
            let mismatch = Mismatch::Foreign(foreign);
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
            assert_eq!(body, format!("{mismatch}\n"));
            assert!(body.starts_with(start), "{body}");
            let expected = format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
                 Content-Length: {}\r\nOneport-Mismatch: {}\r\nConnection: close",
                body.len(),
                mismatch.slug(),
            );
            assert_eq!(head, expected);
        }
    }

    /// With one error for all of them, redis-py (RESP 2) and ioredis showed
    /// only that the connection was closed.
    #[tokio::test]
    async fn every_command_of_redis_gets_an_error() {
        let error = "-ERR This port speaks HTTP (or WebSocket, or gRPC), not Redis: use the port \
            that serves Redis.\r\n";
        let table: &[(&[u8], usize)] = &[
            (b"*1\r\n", 1),
            (b"*1\r\n$4\r\nping\r\n*1\r\n$4\r\npi", 1),
            (b"*2\r\n$5\r\nhello\r\n$1\r\n3\r\n*1\r\n$4\r\nping\r\n", 2),
            (b"PING\r\n\r\n\r\nPING\nQUIT\r\n", 3),
            (b"*1\r\n$5\r\n*9\r\n\n\r\n*1\r\n$4\r\nping\r\n", 2),
            (b"*99999999999999999999\r\n*-1\r\n*x\r\n", 3),
            (b"*1\r\n$18446744073709551615\r\nPING\r\nPING\r\n", 1),
            (&b"PING\r\n".repeat(500), 16),
        ];
        for &(flight, errors) in table {
            let answer = answer_to(Foreign::Redis, flight).await;
            let answer = String::from_utf8(answer).expect("text");
            assert_eq!(answer, error.repeat(errors), "{}", flight.escape_ascii());
        }
    }

    /// js-libp2p offers TLS, then Noise: at an end after the first `na` it said
    /// "Unexpected EOF" instead of "could not negotiate".
    #[tokio::test(start_paused = true)]
    async fn every_proposal_of_libp2p_gets_its_na_until_the_client_is_silent() {
        let (mut client, server) = duplex(4096);
        let answering = tokio::spawn(answer(server, Foreign::Multistream));
        let mut na = [0; 4];
        let proposals = [&b"\x13/multistream/1.0.0\n"[..], b"\x0b/tls/1.0.0\n"].concat();
        client.write_all(&proposals).await.expect("in memory");
        let mut header = [0; 20];
        client.read_exact(&mut header).await.expect("in memory");
        client.read_exact(&mut na).await.expect("in memory");
        for piece in [&b"\x07"[..], b"/noi", b"se\n"] {
            client.write_all(piece).await.expect("in memory");
            tokio::task::yield_now().await;
        }
        client.read_exact(&mut na).await.expect("in memory");
        assert_eq!(&na, b"\x03na\n");
        assert_eq!(client.read(&mut na).await.expect("in memory"), 0);
        answering.await.expect("no panic");
    }
}

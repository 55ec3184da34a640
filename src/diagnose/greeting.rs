//! Servers that are neither TLS nor HTTP, by their first words.

use crate::foreign::Foreign;
use crate::foreign::signature::{self, Match};

/// Who speaks, and its words, if it has any that people can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Greeting<'a> {
    pub(super) foreign: Foreign,
    pub(super) words: Option<&'a [u8]>,
}

/// Names the server that sent `received`. None if more bytes may say more,
/// which they cannot if this is the `whole` of it.
pub(super) fn read(received: &[u8], whole: bool) -> Option<Greeting<'_>> {
    let greeting = |foreign, words| Some(Greeting { foreign, words });
    match signature::find(received) {
        Match::Full(foreign) if SERVERS_TOO.contains(&foreign) => return greeting(foreign, None),
        Match::Possible if !whole => return None,
        _ if !whole && received.len() < PACKET => return None,
        _ => {}
    }
    if is_mysql(received) {
        // Its clients have no first bytes, so it has no name here.
        let complete = whole || received.len() >= 4 + usize::from(received[0]);
        return complete.then_some(Greeting {
            foreign: Foreign::Unknown,
            words: mysql_words(received),
        });
    }
    if is_postgres(received) {
        return greeting(Foreign::PostgresStartup, None);
    }

    let end = received.iter().position(|&b| b == b'\n');
    let line = &received[..end.unwrap_or(received.len()).min(LINE)];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if !is_text(line) {
        return greeting(Foreign::Unknown, None);
    }
    if end.is_none() && received.len() < LINE && !whole {
        return None;
    }
    greeting(by_line(line), Some(line))
}

/// Signatures that servers send as well as clients: AMQP's refusal is its own
/// header (AMQP 0-9-1 4.2.2), both sides of multistream-select and of Telnet
/// begin alike.
const SERVERS_TOO: [Foreign; 3] = [Foreign::Amqp, Foreign::Multistream, Foreign::Telnet];

/// Bytes that it takes to know MySQL and PostgreSQL.
const PACKET: usize = 6;

/// Bytes of the first line that are looked at: SMTP's limit, RFC 5321 4.5.3.1.5.
const LINE: usize = 512;

fn is_text(line: &[u8]) -> bool {
    line.iter().all(|&b| b == b'\t' || b >= b' ' && b != 0x7f)
}

/// MySQL's greeting: a length, packet 0, version 10 of the protocol, a number;
/// or an error in place of it.
fn is_mysql(received: &[u8]) -> bool {
    match received {
        [_, 0, 0, 0, 10, version, ..] => version.is_ascii_digit(),
        [_, 0, 0, 0, 0xff, ..] => true,
        _ => false,
    }
}

/// The server's version, or its error.
fn mysql_words(packet: &[u8]) -> Option<&[u8]> {
    match packet {
        [_, _, _, _, 10, words @ ..] => words.split(|&b| b == 0).next(),
        [_, _, _, _, _, _, _, words @ ..] => {
            let own = words.windows(5).any(|w| w == b"MySQL" || w == b"Maria");
            own.then_some(words)
        }
        _ => None,
    }
}

/// An ErrorResponse: its length, then the severity. One of version 2 has only
/// a text.
fn is_postgres(received: &[u8]) -> bool {
    matches!(received, [b'E', 0, 0, _, _, b'S', ..]) || received.starts_with(b"EFATAL:")
}

/// Names the server whose first line this is, if only one says that.
fn by_line(line: &[u8]) -> Foreign {
    let begins = |with: &[&str]| with.iter().any(|with| line.starts_with(with.as_bytes()));
    match line {
        _ if begins(&["SSH-"]) => Foreign::Ssh, // RFC 4253 4.2
        // RFC 5321 4.2, RFC 959 5.4: only what follows tells them apart.
        _ if begins(&["220 ", "220-"]) => match (says(line, &SMTP), says(line, &FTP)) {
            (true, false) => Foreign::Smtp,
            (false, true) => Foreign::Ftp,
            _ => Foreign::Text,
        },
        _ if begins(&["* OK ", "* PREAUTH ", "* BYE "]) => Foreign::Imap, // RFC 9051 7.1
        b"+OK" => Foreign::Pop3,                                          // RFC 1939 4
        _ if begins(&["+OK "]) => Foreign::Pop3,
        _ if begins(&REDIS) => Foreign::Redis,
        _ if begins(&["RTSP/1.", "RTSP/2."]) => Foreign::Rtsp,
        _ if begins(&["SIP/2.0 "]) => Foreign::Sip,
        _ if begins(&["ICAP/1.0 "]) => Foreign::Icap,
        _ => Foreign::Text,
    }
}

/// What Redis answers to a command that it does not have, to one with other
/// arguments, to clients from elsewhere, and to those that have not logged in.
const REDIS: [&str; 5] = [
    "-DENIED Redis ",
    "-ERR Protocol error: ",
    "-ERR unknown command ",
    "-ERR wrong number of arguments for ",
    "-NOAUTH Authentication required",
];
const SMTP: [&str; 3] = ["esmtp", "lmtp", "smtp"];
const FTP: [&str; 4] = ["ftp", "ftpd", "proftpd", "vsftpd"];

/// If one of these words is in a greeting, host names left out.
fn says(line: &[u8], names: &[&str]) -> bool {
    let words = line[4..].split(|&b| b == b' ');
    let words = words.filter(|word| !word.contains(&b'.'));
    words
        .flat_map(|word| word.split(|b| !b.is_ascii_alphanumeric()))
        .any(|word| {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            names.iter().any(|name| is(name))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_by_their_first_words() {
        let cases: &[(&[u8], Foreign, Option<&str>)] = &[
            (
                b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
                Foreign::Ssh,
                Some("SSH-2.0-OpenSSH_9.2p1 Debian-2"),
            ),
            (b"220 mail.example.org ESMTP Postfix\r\n", Foreign::Smtp, Some("220 mail.example.org ESMTP Postfix")),
            (b"220-mx.example.org ESMTP Exim 4.96\r\n220 x\r\n", Foreign::Smtp, Some("220-mx.example.org ESMTP Exim 4.96")),
            (b"220 (vsFTPd 3.0.3)\r\n", Foreign::Ftp, Some("220 (vsFTPd 3.0.3)")),
            (b"220 ProFTPD Server (Debian) [127.0.0.1]\r\n", Foreign::Ftp, Some("220 ProFTPD Server (Debian) [127.0.0.1]")),
            (b"220---------- Welcome to Pure-FTPd [TLS] ----------\r\n", Foreign::Ftp, Some("220---------- Welcome to Pure-FTPd [TLS] ----------")),
            // The host's name says nothing.
            (b"220 smtp.example.org ready\r\n", Foreign::Text, Some("220 smtp.example.org ready")),
            (b"220 ftp.example.org ESMTP\r\n", Foreign::Smtp, Some("220 ftp.example.org ESMTP")),
            (b"220 FTP and SMTP\r\n", Foreign::Text, Some("220 FTP and SMTP")),
            (b"+OK Dovecot ready.\r\n", Foreign::Pop3, Some("+OK Dovecot ready.")),
            (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", Foreign::Imap, Some("* OK [CAPABILITY IMAP4rev1] ready")),
            (b"-ERR unknown command 'x'\r\n", Foreign::Redis, Some("-ERR unknown command 'x'")),
            // NATS says -ERR too.
            (b"-ERR 'Unknown Protocol Operation'\r\n", Foreign::Text, Some("-ERR 'Unknown Protocol Operation'")),
            (b"RFB 003.008\n", Foreign::Text, Some("RFB 003.008")),
            (b"RTSP/1.0 400 Bad Request\r\n", Foreign::Rtsp, Some("RTSP/1.0 400 Bad Request")),
            (b"\x13/multistream/1.0.0\n\x03na\n", Foreign::Multistream, None),
            (b"AMQP\x00\x00\x09\x01", Foreign::Amqp, None),
            (b"\xff\xfd\x18\xff\xfd\x20", Foreign::Telnet, None),
            (b"J\x00\x00\x00\x0a8.0.36\x00\x08\x00", Foreign::Unknown, Some("8.0.36")),
            (
                b"F\x00\x00\x00\xff\x6a\x04Host '10.0.0.1' is not allowed to connect to this MySQL server",
                Foreign::Unknown,
                Some("Host '10.0.0.1' is not allowed to connect to this MySQL server"),
            ),
            (b"E\x00\x00\x00\x4bSFATAL\x00C08P01\x00\x00", Foreign::PostgresStartup, None),
            (b"EFATAL:  unsupported frontend protocol\n\x00", Foreign::PostgresStartup, None),
            (b"\x04\x00\x5b\x00\x00\x00", Foreign::Unknown, None),
            (b"login: ", Foreign::Text, Some("login: ")),
        ];
        for (received, foreign, words) in cases {
            let expected = Greeting {
                foreign: *foreign,
                words: words.map(str::as_bytes),
            };
            let shown = String::from_utf8_lossy(received);
            assert_eq!(read(received, true), Some(expected), "{shown:?}");
            // What is said of a part is said of the whole.
            for length in 0..=received.len() {
                let part = read(&received[..length], false);
                if let Some(part) = part {
                    assert_eq!(part.foreign, expected.foreign, "{shown:?} {length}");
                }
            }
        }
    }

    #[test]
    fn a_line_is_awaited_but_not_for_ever() {
        assert_eq!(read(b"220 mail.example", false), None);
        assert_eq!(read(&[b'x'; LINE - 1], false), None);
        let long = read(&[b'x'; LINE], false).expect("enough");
        assert_eq!(long.foreign, Foreign::Text);
    }
}

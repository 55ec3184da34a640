//! First bytes to [`Protocol`].
//!
//! A pure function of a prefix: no I/O, no clock, no allocation, no
//! dependency. Reading, deadlines and routing are the caller's.
//!
//! A list of methods would leave `PATCH` or `PROPFIND` without an answer, and
//! "a token and a space" is also how SSH, SMTP, IRC and PROXY protocol lines
//! begin; so HTTP/1 is judged by the grammar of its whole request line.

use core::fmt;

use crate::foreign::{Foreign, Match, line, signature};

/// What a client speaks, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Neither TLS nor HTTP.
    Foreign(Foreign),
    /// HTTP/1.x: a request line. Its headers have not been looked at.
    Http1,
    /// HTTP/2 with prior knowledge: the client connection preface.
    Http2,
    /// A TLS ClientHello. Only its first record's header has been looked at.
    Tls,
}

/// For log lines: `HTTP/1`, `HTTP/2`, `TLS`, or the stranger's name.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign(foreign) => foreign.name(),
            Self::Http1 => "HTTP/1",
            Self::Http2 => "HTTP/2",
            Self::Tls => "TLS",
        })
    }
}

/// What [`sniff`] can say of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Status {
    /// More bytes are needed.
    Partial,
    /// Decided: more bytes never change it.
    Complete(Protocol),
}

/// So many bytes always suffice for a verdict: a request line of 8 KiB after
/// four empty lines.
pub const MAX_PREFIX: usize = MAX_LINE + 2 * MAX_EMPTY_LINES;

/// The part of a request line that is judged, with its line end; what is
/// longer is HTTP if it has been so far. RFC 9112 3: "at a minimum, request
/// line lengths of 8000 octets".
const MAX_LINE: usize = 8 * 1024;

/// Empty lines skipped before the request line. RFC 9112 2.2: "at least one".
const MAX_EMPTY_LINES: usize = 4;

/// RFC 9113 3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// `ContentType.handshake`, RFC 8446 5.1.
const HANDSHAKE: u8 = 22;

/// `HandshakeType.client_hello`, RFC 8446 4.
const CLIENT_HELLO: u8 = 1;

/// A plaintext record holds at most 2^14 bytes (RFC 8446 5.1); the other 256
/// are for senders that count as for ciphertext. rustls judges the rest.
const MAX_RECORD: u16 = (1 << 14) + 256;

/// Judges the first bytes of a connection.
///
/// * A [`Complete`](Status::Complete) verdict is final: any longer prefix of
///   the same connection gets the same one.
/// * [`MAX_PREFIX`] bytes are never [`Partial`](Status::Partial). Most
///   verdicts come sooner: TLS within 6 bytes, HTTP/2 within 24, HTTP/1 and
///   text protocols with the end of their first line, and what can be none of
///   these with the first byte that rules them out.
/// * It keeps nothing between calls, so each call looks at `prefix` from its
///   start.
///
/// Verdicts are about intent, not validity: rustls and hyper judge the rest.
/// Two kinds of input that they could read are left out: a request after more
/// than four empty lines, and a request whose method alone fills 8 KiB.
///
/// ```
/// use oneport::{Foreign, Protocol, Status, sniff};
///
/// assert_eq!(sniff(b"GET / HT"), Status::Partial);
/// assert_eq!(sniff(b"GET / HTTP/1.1\r\n"), Status::Complete(Protocol::Http1));
/// assert_eq!(sniff(b"\x16\x03\x01\x02\x00\x01"), Status::Complete(Protocol::Tls));
/// assert_eq!(
///     sniff(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
///     Status::Complete(Protocol::Foreign(Foreign::Ssh)),
/// );
/// ```
pub fn sniff(prefix: &[u8]) -> Status {
    let Some(&first) = prefix.first() else {
        return Status::Partial;
    };
    if first == HANDSHAKE {
        if let Some(status) = client_hello(prefix) {
            return status;
        }
    }
    if first == PREFACE[0] {
        if prefix.starts_with(PREFACE) {
            return Status::Complete(Protocol::Http2);
        }
        if PREFACE.starts_with(prefix) {
            return Status::Partial;
        }
    }
    // A signature goes before the grammar while it is possible, or a verdict
    // of the grammar would change once the signature is there.
    if signature::STARTS[usize::from(first)] {
        match signature::find(prefix) {
            Match::Full(foreign) => return foreign_is(foreign),
            Match::Possible => return Status::Partial,
            Match::Impossible => {}
        }
    }
    request(prefix)
}

/// Whether a prefix that is still [`Partial`](Status::Partial) may be answered
/// in HTTP/1: the beginning of a request line is there, and nothing else that
/// is known here begins so.
#[cfg_attr(not(feature = "accept"), expect(dead_code))]
pub(crate) fn is_request_begun(prefix: &[u8]) -> bool {
    let [first, ..] = prefix else { return false };
    let possible =
        signature::STARTS[usize::from(*first)] && signature::find(prefix) == Match::Possible;
    let line = prefix.trim_ascii_start();
    !possible
        && !PREFACE.starts_with(prefix)
        && line.first().is_some_and(|&b| TCHAR[usize::from(b)])
        && !line.starts_with(b"SSH-")
}

const fn foreign_is(foreign: Foreign) -> Status {
    Status::Complete(Protocol::Foreign(foreign))
}

/// The header of a handshake record and the type of its message; `None` once
/// the bytes cannot be that.
fn client_hello(prefix: &[u8]) -> Option<Status> {
    match *prefix {
        [_, 3, 0..=4, hi, lo, kind, ..] if is_record_length(hi, lo) => {
            Some(Status::Complete(if kind == CLIENT_HELLO {
                Protocol::Tls
            } else {
                Protocol::Foreign(Foreign::TlsOther)
            }))
        }
        [_, 3, 0..=4, hi, lo] if is_record_length(hi, lo) => Some(Status::Partial),
        [_, 3, 0..=4, hi] if is_record_length(hi, 0) || hi == 0 => Some(Status::Partial),
        [_] | [_, 3] | [_, 3, 0..=4] => Some(Status::Partial),
        _ => None,
    }
}

fn is_record_length(hi: u8, lo: u8) -> bool {
    (1..=MAX_RECORD).contains(&u16::from_be_bytes([hi, lo]))
}

/// Skips empty lines and judges the first line that is none.
fn request(prefix: &[u8]) -> Status {
    let mut rest = prefix;
    for _ in 0..=MAX_EMPTY_LINES {
        rest = match rest {
            [] | [b'\r'] => return Status::Partial,
            [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..] => rest,
            [b'\r', ..] => return foreign_is(Foreign::Text),
            _ => return first_line(&rest[..rest.len().min(MAX_LINE)]),
        };
    }
    foreign_is(Foreign::Text)
}

/// Judges a first line that may still grow to [`MAX_LINE`]; it is not empty.
fn first_line(seen: &[u8]) -> Status {
    let unended = || {
        if seen.len() < MAX_LINE {
            Status::Partial
        } else {
            overlong(seen)
        }
    };
    let Some(method) = seen.iter().position(|&b| !TCHAR[usize::from(b)]) else {
        return unended();
    };
    match seen[method] {
        b' ' if method > 0 => {}
        b'\n' | b'\r' => {}
        other => return broken_by(other),
    }
    let Some(end) = find_control(seen, method) else {
        return unended();
    };
    match (seen[end], seen.get(end + 1)) {
        (b'\n', _) | (b'\r', Some(b'\n')) => Status::Complete(whole_line(&seen[..end], method)),
        (b'\r', None) => unended(),
        (b'\r', Some(_)) => foreign_is(Foreign::Text),
        (other, _) => broken_by(other),
    }
}

/// The byte that cannot be in a request line says whether this is text at all.
const fn broken_by(byte: u8) -> Status {
    foreign_is(match byte {
        b'\t' | b' '..=b'~' => Foreign::Text,
        _ => Foreign::Unknown,
    })
}

/// `line` has no line end and begins with a method of `method` bytes, which is
/// all of it or is followed by a space.
fn whole_line(line: &[u8], method: usize) -> Protocol {
    if let Some((head, [b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'])) =
        line.split_last_chunk()
    {
        return match head.get(method + 1..) {
            Some(target) if !target.is_empty() && !target.contains(&b' ') => Protocol::Http1,
            _ => Protocol::Foreign(Foreign::HttpMalformed),
        };
    }
    Protocol::Foreign(line::name(line))
}

/// A line without an end in [`MAX_LINE`] bytes: HTTP, if it is a method and
/// the beginning of a target, or of what follows one. Then hyper reads on, and
/// answers 414.
fn overlong(line: &[u8]) -> Status {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = line.splitn(3, |&b| b == b' ').skip(1);
    let target = words.next().unwrap_or_default();
    let version = words.next().unwrap_or_default();
    let is_version = match version.split_at_checked(7) {
        Some((name, minor)) => name == b"HTTP/1." && matches!(minor, [] | [b'0'..=b'9']),
        None => b"HTTP/1.".starts_with(version),
    };
    if !target.is_empty() && is_version {
        Status::Complete(Protocol::Http1)
    } else {
        foreign_is(Foreign::Text)
    }
}

/// The first control character at or after `from`.
fn find_control(bytes: &[u8], from: usize) -> Option<usize> {
    /// Without an early exit a chunk's test is a few vector instructions.
    const CHUNK: usize = 32;
    let is_control = |b: u8| b < b' ' || b == 0x7f;
    let mut at = from;
    while let Some(chunk) = bytes[at..].first_chunk::<CHUNK>() {
        if chunk.iter().fold(false, |any, &b| any | is_control(b)) {
            break;
        }
        at += CHUNK;
    }
    let here = bytes[at..].iter().position(|&b| is_control(b))?;
    Some(at + here)
}

/// `tchar`, RFC 9110 5.6.2.
static TCHAR: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
};

//! Protocols known by their first line of text.

use super::Foreign;

/// Names a whole first line that is no HTTP/1 request line.
///
/// `line` has no line end and no control character, and begins with an HTTP
/// token that is all of it or is followed by a space.
pub(crate) fn name(line: &[u8]) -> Foreign {
    if line.starts_with(b"SSH-") {
        return Foreign::Ssh; // RFC 4253 4.2; the comment may have spaces
    }
    let mut words = [b"".as_slice(); 5];
    let mut count = 0;
    // A sixth word and more only count.
    for word in line.split(|&b| b == b' ') {
        if let Some(slot) = words.get_mut(count) {
            *slot = word;
        }
        count += 1;
    }
    let [first, second, third, ..] = words;
    if count == 3 {
        if let Some(foreign) = by_version(third) {
            return foreign;
        }
    }
    let is = |word: &[u8], names: &[&str]| {
        (names.iter()).any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
    };
    match count {
        // RESP: an array of bulk strings.
        1 if is_redis_array(first) => Foreign::Redis,
        // IRC's PING has an argument.
        1 if is(first, &["PING"]) => Foreign::Redis,
        1 if is(first, &["CAPA", "STLS"]) => Foreign::Pop3,
        1 if is(first, &["FEAT", "SYST", "PASV", "EPSV"]) => Foreign::Ftp,
        // RFC 4217; the AUTH of SMTP and POP3 names a SASL mechanism.
        2 if is(first, &["AUTH"]) && is(second, &["SSL", "TLS", "TLS-C"]) => Foreign::Ftp,
        // RFC 1945 5.1: no other method.
        2 if first == b"GET" && second.starts_with(b"/") => Foreign::Http09,
        2 if is(first, &["EHLO", "HELO", "LHLO"]) => Foreign::Smtp,
        2 if is(first, &["NICK"]) => Foreign::Irc,
        2 | 3 if is(first, &["CAP"]) && is(second, &["LS"]) => Foreign::Irc,
        // POP3 and FTP have a USER too, with one argument.
        5.. if is(first, &["USER"]) && words[4].starts_with(b":") => Foreign::Irc,
        2.. if first == b"PROXY" && matches!(second, b"TCP4" | b"TCP6" | b"UNKNOWN") => {
            Foreign::ProxyV1
        }
        2.. if is_imap_tag(first) && is(second, IMAP) => Foreign::Imap,
        _ => Foreign::Text,
    }
}

/// Commands of a client that has not logged in, RFC 9051 6.1 and 6.2, RFC 2971.
const IMAP: &[&str] = &["AUTHENTICATE", "CAPABILITY", "ID", "LOGIN", "STARTTLS"];

/// `METHOD target NAME/VERSION`: who else uses HTTP's form of request.
fn by_version(word: &[u8]) -> Option<Foreign> {
    let slash = word.iter().position(|&b| b == b'/')?;
    let (name, version) = (&word[..slash], &word[slash + 1..]);
    if !version.first()?.is_ascii_digit() {
        return None;
    }
    match name {
        b"ICAP" => Some(Foreign::Icap),
        b"RTSP" => Some(Foreign::Rtsp),
        b"SIP" => Some(Foreign::Sip),
        name if name.eq_ignore_ascii_case(b"HTTP") => Some(Foreign::HttpVersion),
        _ => None,
    }
}

fn is_redis_array(word: &[u8]) -> bool {
    match word {
        [b'*', count @ ..] => !count.is_empty() && count.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Clients number their commands: `a001`, `1`, `A0`.
fn is_imap_tag(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_alphanumeric) && word.iter().any(u8::is_ascii_digit)
}

//! Which host a request is for. Pure.

use std::net::{IpAddr, Ipv4Addr};

use http::request::Parts;
use http::{HeaderValue, Version, header};

/// A host without its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    /// A DNS name as it was written, without the root's dot.
    Dns(&'a str),
    Ip(IpAddr),
}

/// A host and perhaps a port, as in a `Host` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    pub(crate) host: Host<'a>,
    /// As it was written.
    pub(crate) text: &'a str,
}

/// What a request says about its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked<'a> {
    For(Authority<'a>),
    /// No host where there has to be one, two of them, or something that is
    /// none: user names, paths, backslashes.
    Malformed,
    /// HTTP/1.0 names no host.
    Unnamed,
}

impl<'a> Asked<'a> {
    /// By `Host` on HTTP/1, `:authority` on HTTP/2, and the authority of an
    /// absolute-form target (RFC 9112 3.2.2). Where a request has two of these
    /// they must agree. `X-Forwarded-Host` is not looked at: anybody can send
    /// it.
    pub(crate) fn of(request: &'a Parts) -> Self {
        let in_target = request.uri.authority().map(http::uri::Authority::as_str);
        let mut headers = request.headers.get_all(header::HOST).iter();
        let in_header = headers.next().map(HeaderValue::to_str);
        if headers.next().is_some() {
            return Self::Malformed;
        }
        let text = match (in_target, in_header) {
            (Some(target), Some(Ok(header))) if !target.eq_ignore_ascii_case(header) => {
                return Self::Malformed;
            }
            (_, Some(Err(_))) => return Self::Malformed,
            (Some(text), _) | (None, Some(Ok(text))) => text,
            (None, None) if request.version < Version::HTTP_11 => return Self::Unnamed,
            (None, None) => return Self::Malformed,
        };
        Authority::parse(text).map_or(Self::Malformed, Self::For)
    }

    /// The host, where there is a proper one.
    pub(crate) fn host(self) -> Option<Host<'a>> {
        match self {
            Self::For(authority) => Some(authority.host),
            Self::Malformed | Self::Unnamed => None,
        }
    }
}

impl<'a> Authority<'a> {
    /// `example.com`, `example.com:80`, `192.0.2.1`, `[2001:db8::1]:80`.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (ip, rest) = rest.split_once(']')?;
            (Host::Ip(IpAddr::V6(ip.parse().ok()?)), rest)
        } else {
            let end = text.find(':').unwrap_or(text.len());
            (Host::parse(&text[..end])?, &text[end..])
        };
        is_port(port).then_some(Self { host, text })
    }
}

impl<'a> Host<'a> {
    /// A DNS name or an IPv4 address.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Ok(ip) = name.parse::<Ipv4Addr>() {
            return Some(Self::Ip(ip.into()));
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        // Browsers take `127.1` and `0x7f.1` for IPv4 addresses.
        let is_number = last.bytes().all(|b| b.is_ascii_digit())
            || matches!(last.as_bytes(), [b'0', b'x' | b'X', ..]);
        let is_name = name.len() <= 253 && name.split('.').all(is_label) && !is_number;
        is_name.then_some(Self::Dns(name))
    }
}

/// RFC 1035 2.3.4, and underscores, which some internal names have.
pub(crate) fn is_label(label: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(is_plain)
}

/// Nothing, or a colon and a number. RFC 3986 3.2.3 lets the number be empty.
fn is_port(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(':') else {
        return text.is_empty();
    };
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    is_number && (digits.is_empty() || digits.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn what_is_a_host() {
        let ip = |text: &str| Some(Host::Ip(text.parse().expect(text)));
        let table = [
            ("example.com", Some(Host::Dns("example.com"))),
            ("example.com:80", Some(Host::Dns("example.com"))),
            ("example.com:", Some(Host::Dns("example.com"))),
            ("Example.COM.", Some(Host::Dns("Example.COM"))),
            ("my_host", Some(Host::Dns("my_host"))),
            ("127.0.0.1:80", ip("127.0.0.1")),
            ("127.0.0.1.", ip("127.0.0.1")),
            ("[::1]", ip("::1")),
            ("[2001:db8::1]:443", ip("2001:db8::1")),
            ("", None),
            (".", None),
            (":80", None),
            ("a..b", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[::1%25eth0]", None),
            ("[example.com]", None),
            ("::1", None),
            // Two bytes end inside a letter: this once panicked.
            ("\u{cc2de}tse", None),
            ("127.1", None),
            ("0x7f.1", None),
            ("a.0x7f", None),
            ("example.com:65536", None),
            ("example.com:+80", None),
            ("example.com:80:80", None),
            ("user@example.com", None),
            ("example.com\\@evil.example", None),
            ("example.com/evil", None),
            ("example.com?", None),
            ("example.com#", None),
            ("ex%61mple.com", None),
            ("a b", None),
            ("*.example.com", None),
        ];
        for (text, expected) in table {
            let host = Authority::parse(text).map(|authority| authority.host);
            assert_eq!(host, expected, "{text:?}");
        }
        let long = ["a"; 127].join(".");
        assert!(Authority::parse(&long).is_some());
        assert!(Authority::parse(&format!("{long}.a")).is_none());
        assert!(Authority::parse(&"a".repeat(64)).is_none());
    }

    #[test]
    fn where_the_host_is_found() {
        let (v10, v11, v2) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
        type Case<'a> = (Version, &'a str, &'a [&'a str], Result<&'a str, &'a str>);
        let table: [Case<'_>; 13] = [
            (v11, "/", &["a.example"], Ok("a.example")),
            (v11, "/", &[], Err("malformed")),
            (v11, "/", &[""], Err("malformed")),
            (v11, "/", &["a.example", "a.example"], Err("malformed")),
            (v11, "/", &["a.example", "b.example"], Err("malformed")),
            (v11, "http://a.example/", &["A.example"], Ok("a.example")),
            (v11, "http://a.example/", &["b.example"], Err("malformed")),
            (v11, "http://u:p@a.example/", &[], Err("malformed")),
            (v10, "/", &[], Err("unnamed")),
            (v10, "/", &["a.example"], Ok("a.example")),
            (v2, "http://a.example:8080/", &[], Ok("a.example:8080")),
            (v2, "/", &["a.example"], Ok("a.example")),
            (v2, "/", &[], Err("malformed")),
        ];
        for (version, target, hosts, expected) in table {
            let mut request = Request::builder().version(version).uri(target);
            for host in hosts {
                request = request.header("host", *host);
            }
            request = request.header("x-forwarded-host", "evil.example");
            let (parts, ()) = request.body(()).expect(target).into_parts();
            let asked = match Asked::of(&parts) {
                Asked::For(authority) => Ok(authority.text),
                Asked::Malformed => Err("malformed"),
                Asked::Unnamed => Err("unnamed"),
            };
            assert_eq!(asked, expected, "{version:?} {target} {hosts:?}");
        }
    }
}

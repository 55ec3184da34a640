//! A configured name: a host, or a wildcard.

use std::net::IpAddr;

use super::RedirectError;
use crate::host::{Authority, Host, is_label};

/// What a redirect may lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Dns(String),
    Ip(IpAddr),
    /// `.example.com`: any one label in front of it (RFC 6125 6.4.3).
    Wildcard(String),
}

impl Name {
    /// IPv6 addresses with or without brackets, as certificates have them.
    pub(super) fn parse(text: &str) -> Result<Self, RedirectError> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::Ip(ip));
        }
        let (host, is_wildcard) = match text.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let not_a_host = || RedirectError::NotAHost(text.to_owned());
        let authority = Authority::parse(host).ok_or_else(not_a_host)?;
        if !authority.text.ends_with(']') && authority.text.contains(':') {
            return Err(RedirectError::WithPort(text.to_owned()));
        }
        match authority.host {
            Host::Dns(name) if is_wildcard => Ok(Self::Wildcard(format!(".{name}").to_lowercase())),
            Host::Dns(name) => Ok(Self::Dns(name.to_lowercase())),
            Host::Ip(_) if is_wildcard => Err(not_a_host()),
            Host::Ip(ip) => Ok(Self::Ip(ip)),
        }
    }

    /// As a URL has it; for the host that was asked for, if it has to match.
    pub(super) fn written_for(&self, asked: Option<Host<'_>>) -> Option<String> {
        match (self, asked) {
            (Self::Dns(name), None) => Some(name.clone()),
            (Self::Dns(name), Some(Host::Dns(asked))) => {
                name.eq_ignore_ascii_case(asked).then(|| name.clone())
            }
            (Self::Ip(ip), None) => Some(written(*ip)),
            (Self::Ip(ip), Some(Host::Ip(asked))) => (*ip == asked).then(|| written(*ip)),
            (Self::Wildcard(suffix), Some(Host::Dns(asked))) => {
                let asked = asked.to_ascii_lowercase();
                let label = asked.strip_suffix(suffix.as_str())?;
                is_label(label).then(|| format!("{label}{suffix}"))
            }
            _ => None,
        }
    }
}

fn written(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_name() {
        let ip = |text: &str| Ok(Name::Ip(text.parse().expect(text)));
        let table = [
            ("Example.COM", Ok(Name::Dns("example.com".into()))),
            ("example.com.", Ok(Name::Dns("example.com".into()))),
            ("localhost", Ok(Name::Dns("localhost".into()))),
            ("*.Example.com", Ok(Name::Wildcard(".example.com".into()))),
            ("192.0.2.1", ip("192.0.2.1")),
            ("::1", ip("::1")),
            ("[::1]", ip("::1")),
            ("", Err("not a host")),
            ("*", Err("not a host")),
            ("*.", Err("not a host")),
            ("*.*.example.com", Err("not a host")),
            ("*.0.0.1", Err("not a host")),
            ("*.127.0.0.1", Err("not a host")),
            ("*.[::1]", Err("not a host")),
            ("a*.example.com", Err("not a host")),
            ("https://example.com", Err("not a host")),
            ("example.com/", Err("not a host")),
            ("user@example.com", Err("not a host")),
            ("bücher.example", Err("not a host")),
            ("a.\u{fc2de}tse", Err("not a host")),
            ("example.com\r\nX: y", Err("not a host")),
            ("example.com:443", Err("with port")),
            ("*.example.com:443", Err("with port")),
            ("[::1]:443", Err("with port")),
        ];
        for (text, expected) in table {
            let name = Name::parse(text).map_err(|error| match error {
                RedirectError::NotAHost(name) if name == text => "not a host",
                RedirectError::WithPort(name) if name == text => "with port",
                _ => "something else",
            });
            assert_eq!(name, expected, "{text:?}");
        }
    }

    #[test]
    fn what_a_name_covers() {
        let table = [
            ("example.com", "EXAMPLE.com:80", Some("example.com")),
            ("example.com", "example.com.", Some("example.com")),
            ("example.com", "www.example.com", None),
            ("example.com", "badexample.com", None),
            ("example.com", "example.com.evil.example", None),
            ("*.example.com", "WWW.example.com", Some("www.example.com")),
            ("*.example.com", "example.com", None),
            ("*.example.com", ".example.com", None),
            ("*.example.com", "a.b.example.com", None),
            ("*.example.com", "badexample.com", None),
            ("192.0.2.1", "192.0.2.1:80", Some("192.0.2.1")),
            ("192.0.2.1", "192.0.2.2", None),
            ("::1", "[0:0:0:0:0:0:0:1]:80", Some("[::1]")),
            ("*.example.com", "192.0.2.1", None),
        ];
        for (name, asked, expected) in table {
            let name = Name::parse(name).expect(name);
            let asked = Authority::parse(asked).map(|authority| authority.host);
            let written = asked.and_then(|asked| name.written_for(Some(asked)));
            assert_eq!(written.as_deref(), expected, "{name:?} {asked:?}");
        }
    }
}

//! What is to be asked: a URL, or a host and a port.

use std::fmt;

use http::Uri;

use super::ProbeError;

/// The mode that a URL's scheme stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    Ws,
    Wss,
}

impl Scheme {
    fn named(name: &str) -> Option<Self> {
        let all = [Self::Http, Self::Https, Self::Ws, Self::Wss];
        all.into_iter()
            .find(|scheme| name.eq_ignore_ascii_case(scheme.as_str()))
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    pub(super) fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Wss)
    }

    pub(super) fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// RFC 9110 4.2, RFC 6455 3.
    pub(super) fn default_port(self) -> u16 {
        match self.is_tls() {
            true => 443,
            false => 80,
        }
    }
}

/// Where to ask, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// None: whatever the port speaks.
    pub(super) scheme: Option<Scheme>,
    /// Without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query.
    pub(super) path: String,
}

impl Target {
    /// As curl reads it: without a scheme it is http, except that a host and a
    /// port alone stand for whatever is spoken there.
    pub(super) fn parse(text: &str) -> Result<Self, ProbeError> {
        let wrong = |what: &str| ProbeError::target(text, what);
        let (scheme, rest) = match text.split_once("://") {
            Some((name, rest)) => {
                let scheme = Scheme::named(name).ok_or_else(|| {
                    wrong("its scheme is none of http, https, ws and wss; use one of these")
                })?;
                (Some(scheme), rest)
            }
            None => (None, text),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(wrong(
                "it has a user name in it, which is not sent; leave that out",
            ));
        }
        let (host, port) = split(authority).map_err(wrong)?;
        let scheme = match (scheme, port) {
            (None, Some(_)) if path.is_empty() => None,
            (None, _) => Some(Scheme::Http),
            (some, _) => some,
        };
        let port = port.or(scheme.map(Scheme::default_port));
        let path = match path {
            query if query.starts_with('?') => format!("/{query}"),
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        let target = Self {
            scheme,
            host,
            port: port
                .filter(|port| *port != 0)
                .ok_or_else(|| wrong("port 0 is none"))?,
            path,
        };
        let is_path = target.path.parse::<http::uri::PathAndQuery>().is_ok();
        match is_path && target.url(Scheme::Http).parse::<Uri>().is_ok() {
            true => Ok(target),
            false => Err(wrong(
                "it is no URL; signs such as spaces are written as %20 there",
            )),
        }
    }

    /// What goes into the Host header of a request in this mode (RFC 9110 7.2).
    pub(super) fn authority(&self, host: &str, default_port: u16) -> String {
        let host = bracketed(host);
        match self.port == default_port {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }

    /// The URL of the same thing in this mode.
    pub(super) fn url(&self, scheme: Scheme) -> String {
        let authority = self.authority(&self.host, scheme.default_port());
        format!("{}://{authority}{}", scheme.as_str(), self.path)
    }

    /// What a `Location` leads to, if that is on this host and this port.
    pub(super) fn led_to(&self, location: &str) -> Option<Self> {
        let (scheme, default) = match self.scheme {
            Some(scheme) => (scheme, scheme.default_port()),
            None => return None,
        };
        let to = match location {
            same if same.starts_with("//") => format!("{}:{same}", scheme.as_str()),
            path if path.starts_with('/') => {
                format!(
                    "{}://{}{path}",
                    scheme.as_str(),
                    self.authority(&self.host, default)
                )
            }
            query if query.starts_with('?') => {
                let path = self.path.split('?').next().unwrap_or("/");
                format!(
                    "{}://{}{path}{query}",
                    scheme.as_str(),
                    self.authority(&self.host, default)
                )
            }
            full if full
                .find("://")
                .is_some_and(|at| !full[..at].contains(['/', '?'])) =>
            {
                full.to_owned()
            }
            // RFC 3986 5.2.3: in the place of what follows the last slash.
            relative => {
                let path = self.path.split('?').next().unwrap_or("/");
                let end = path.rfind('/').map_or(0, |slash| slash + 1);
                format!(
                    "{}://{}{}{relative}",
                    scheme.as_str(),
                    self.authority(&self.host, default),
                    &path[..end]
                )
            }
        };
        let to = Self::parse(&to).ok()?;
        let here = to.host.eq_ignore_ascii_case(&self.host) && to.port == self.port;
        here.then_some(to)
    }
}

/// The URL, or `HOST:PORT`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Some(scheme) => f.write_str(&self.url(scheme)),
            None => write!(f, "{}:{}", bracketed(&self.host), self.port),
        }
    }
}

pub(super) fn bracketed(host: &str) -> String {
    match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    }
}

/// Host and port. A port alone (`:8443`) is of this machine.
fn split(authority: &str) -> Result<(String, Option<u16>), &'static str> {
    const PORT: &str = "its port is not a number from 1 to 65535";
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest
                .split_once(']')
                .ok_or("the bracket is not closed: an IPv6 address is written as [::1]:443")?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("what is in the brackets is not an IPv6 address, such as [::1]:443");
            }
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(PORT),
            }
        }
        None if authority.matches(':').count() > 1 => {
            return Err("an IPv6 address is written in brackets, such as [::1]:443");
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) if port.bytes().all(|digit| digit.is_ascii_digit()) => {
            Some(port.parse().map_err(|_| PORT)?)
        }
        Some(_) => return Err(PORT),
        None => None,
    };
    match host {
        "" if port.is_some() => Ok(("localhost".to_owned(), port)),
        "" => Err("it names no host; write a URL, or a host and a port, such as localhost:3000"),
        number if port.is_none() && number.bytes().all(|digit| digit.is_ascii_digit()) => {
            Err("it is a number; for a port of this machine write localhost: before it")
        }
        host => Ok((host.to_owned(), port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Target {
        Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn targets() {
        for (text, url) in [
            (
                "http://localhost:3000/a?b=c#d",
                "http://localhost:3000/a?b=c",
            ),
            ("HTTPS://localhost", "https://localhost/"),
            ("wss://[::1]:8443?x", "wss://[::1]:8443/?x"),
            ("ws://127.0.0.1:80/", "ws://127.0.0.1/"),
            ("localhost:3000", "localhost:3000"),
            ("[::1]:8443", "[::1]:8443"),
            (":8443", "localhost:8443"),
            ("localhost", "http://localhost/"),
            ("localhost:3000/health", "http://localhost:3000/health"),
            ("https://localhost:", "https://localhost/"),
        ] {
            assert_eq!(parsed(text).to_string(), url, "{text}");
        }
    }

    #[test]
    fn what_is_no_target_is_told_what_to_write() {
        for (text, words) in [
            ("", "names no host"),
            ("8443", "localhost:"),
            ("ftp://localhost", "http, https, ws and wss"),
            ("localhost:99999", "1 to 65535"),
            ("localhost:x", "1 to 65535"),
            ("localhost:0", "port 0"),
            ("::1:443", "[::1]:443"),
            ("[::1:443", "[::1]:443"),
            ("http://[x]/", "[::1]:443"),
            ("http://me:secret@localhost/", "user name"),
            ("http://localhost/a b", "%20"),
            ("http:///a", "names no host"),
        ] {
            let said = Target::parse(text).expect_err(text).to_string();
            assert!(said.contains(words), "{text}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn redirects_within_the_port() {
        let from = parsed("http://localhost:3000/a/b?c");
        for (location, to) in [
            ("/x", Some("http://localhost:3000/x")),
            ("x", Some("http://localhost:3000/a/x")),
            ("?y", Some("http://localhost:3000/a/b?y")),
            ("https://LOCALHOST:3000/x", Some("https://LOCALHOST:3000/x")),
            ("//localhost:3000/z", Some("http://localhost:3000/z")),
            ("https://localhost/", None),
            ("http://127.0.0.1:3000/", None),
            ("ftp://localhost:3000/", None),
            (
                "x?y=https://z/",
                Some("http://localhost:3000/a/x?y=https://z/"),
            ),
        ] {
            let led = from.led_to(location).map(|target| target.to_string());
            assert_eq!(led.as_deref(), to, "{location}");
        }
    }
}

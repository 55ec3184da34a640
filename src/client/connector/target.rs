//! Where to connect to, by a URL.

use std::fmt;

use http::Uri;
use rustls::pki_types::ServerName;

use super::error::{ConnectError, UriFault};

/// What of a URL is needed to connect. The rest (user, path, query) is not kept:
/// there may be secrets in it, and errors print this.
#[derive(Clone, Debug)]
pub(super) struct Target {
    scheme: Scheme,
    /// IPv6 addresses are without brackets.
    host: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
    Ws,
    Wss,
}

impl Target {
    pub(super) fn read<U>(url: U) -> Result<Self, ConnectError>
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        let url = url.try_into();
        let url = url.map_err(|error| ConnectError::uri(UriFault::Invalid(error.into())))?;
        Self::of(&url).map_err(ConnectError::uri)
    }

    fn of(url: &Uri) -> Result<Self, UriFault> {
        let authority = || {
            let authority = url.authority().map_or("", |authority| authority.as_str());
            // What stands before it is a name and a password.
            let host = authority.rsplit('@').next().unwrap_or_default();
            host.to_owned()
        };
        let scheme = match url.scheme_str() {
            // http::Uri keeps the case of all but its own two.
            Some(scheme) => Scheme::read(scheme)?,
            None if authority().is_empty() => return Err(UriFault::MissingHost),
            None => return Err(UriFault::MissingScheme(authority())),
        };
        let host = url.host().unwrap_or_default();
        let host = host.strip_prefix('[').unwrap_or(host);
        let host = host.strip_suffix(']').unwrap_or(host);
        if host.is_empty() {
            return Err(UriFault::MissingHost);
        }
        // http::Uri has no port where the number is none: it would be the default.
        let port = match authority().strip_prefix(url.host().unwrap_or_default()) {
            Some("" | ":") => scheme.default_port(),
            Some(port) if is_number(&port[1..]) => url
                .port_u16()
                .ok_or_else(|| UriFault::Port(port[1..].to_owned()))?,
            Some(port) => return Err(UriFault::Port(port.to_owned())),
            None => return Err(UriFault::MissingHost),
        };
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
        })
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self.scheme, Scheme::Https | Scheme::Wss)
    }

    pub(super) fn is_websocket(&self) -> bool {
        matches!(self.scheme, Scheme::Ws | Scheme::Wss)
    }

    /// Whom the certificate has to be for.
    pub(super) fn server_name(&self) -> Result<ServerName<'static>, ConnectError> {
        let name = ServerName::try_from(self.host.clone());
        name.map_err(|_| ConnectError::uri(UriFault::ServerName(self.host.clone())))
    }

    /// For the connector below, which knows the default ports of `http` and
    /// `https` only.
    pub(super) fn tcp(&self) -> Result<Uri, ConnectError> {
        let uri = format!("http://{}:{}/", Bracketed(&self.host), self.port);
        let uri = Uri::try_from(uri);
        uri.map_err(|error| ConnectError::uri(UriFault::Invalid(error.into())))
    }
}

/// `https://localhost:3000`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        write!(f, "{}://{}:{port}", scheme.as_str(), Bracketed(host))
    }
}

impl Scheme {
    fn read(scheme: &str) -> Result<Self, UriFault> {
        let all = [Self::Http, Self::Https, Self::Ws, Self::Wss];
        let mut all = all.into_iter();
        let found = all.find(|known| scheme.eq_ignore_ascii_case(known.as_str()));
        found.ok_or_else(|| UriFault::Scheme(scheme.to_owned()))
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// RFC 9110 4.2, RFC 6455 3.
    fn default_port(self) -> u16 {
        match self {
            Self::Http | Self::Ws => 80,
            Self::Https | Self::Wss => 443,
        }
    }
}

fn is_number(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit())
}

struct Bracketed<'a>(&'a str);

impl fmt::Display for Bracketed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.contains(':') {
            true => write!(f, "[{}]", self.0),
            false => f.write_str(self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> String {
        match Target::read(url) {
            Ok(target) => target.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn schemes_and_default_ports() {
        for (url, expected) in [
            ("http://h/", "http://h:80"),
            ("https://h", "https://h:443"),
            ("ws://h/x?y", "ws://h:80"),
            ("wss://h/x?y", "wss://h:443"),
            ("WSS://h:1/", "wss://h:1"),
            ("https://user:secret@h:3000/", "https://h:3000"),
            ("https://[::1]:3000/", "https://[::1]:3000"),
            ("http://[::1]", "http://[::1]:80"),
        ] {
            assert_eq!(read(url), expected);
        }
    }

    #[test]
    fn what_is_no_url_for_us_says_what_to_write() {
        for (url, words) in [
            ("ftp://h/", "expected http, https, ws or wss"),
            ("localhost:3000", "https://localhost:3000"),
            ("user:secret@localhost:3000", "https://localhost:3000"),
            ("localhost", "https://localhost"),
            ("/path", "https://HOST:PORT/"),
            ("localhost:3000/path", "https://HOST:PORT/"),
            ("", "https://HOST:PORT/"),
        ] {
            let said = read(url);
            assert!(said.contains(words), "{url}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }

    /// Not a connection to the default port of another server.
    #[test]
    fn ports_that_are_none() {
        for (url, port) in [
            ("https://h:65536/", "65536"),
            ("https://h:99999999999999999999/", "9999"),
            ("https://h:-1/", ":-1"),
            ("https://h:+80/", ":+80"),
            ("https://h:x/", ":x"),
            ("https://[::1]x/", "x"),
            ("https://[::1]x:80/", "x:80"),
            ("https://user:80@h:0x50/", ":0x50"),
        ] {
            let said = read(url);
            assert!(said.starts_with("the URL's port is"), "{url}: {said}");
            assert!(said.contains(port), "{url}: {said}");
        }
        for (url, expected) in [
            ("https://h:/", "https://h:443"),
            ("https://user:80@h/", "https://h:443"),
            ("https://user@[::1]:/", "https://[::1]:443"),
            ("ws://h:0080/", "ws://h:80"),
        ] {
            assert_eq!(read(url), expected);
        }
    }

    #[test]
    fn names_for_certificates() {
        for (url, name) in [
            ("https://localhost", "localhost"),
            ("https://127.0.0.1:1", "127.0.0.1"),
            ("https://[::1]:1", "::1"),
        ] {
            let name = ServerName::try_from(name).expect("a name");
            let target = Target::read(url).expect("a URL");
            assert_eq!(target.server_name().expect("a name"), name);
        }
    }
}

//! Names that certificates are made for, and names of files.

use std::fmt;
use std::net::IpAddr;

use rcgen::{Error, SanType};
use rustls::pki_types::ServerName;

/// A subject alternative name (RFC 5280 4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Lower case, perhaps with a first label `*`.
    Dns(String),
    Email(String),
    Ip(IpAddr),
    Uri(String),
}

/// The longest common name (ub-common-name, RFC 5280 A.1), in characters.
const MAX_COMMON_NAME: usize = 64;

/// Names of files that are somebody else's.
const RESERVED: [&str; 4] = ["ca", "ca4clients", "server", "serverss"];

/// A name that clients may ask a server for.
pub(super) fn server_name(text: &str) -> Result<Name, String> {
    const EXPECTED: &str = "expected a host name or an IP address without scheme, port and path, \
                            with letters outside ASCII in their `xn--` form";
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        // A client that connects to ::ffff:127.0.0.1 asks for 127.0.0.1.
        let ip = ip.to_canonical();
        return match ip.is_unspecified() {
            true => Err(format!("no client connects to {ip}: name the addresses")),
            false => Ok(Name::Ip(ip)),
        };
    }
    // A certificate has names without the dot of the root (RFC 6125 6.4.1).
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let host = match name.strip_prefix("*.") {
        // RFC 6125 6.4.3 asks for one label; webpki and browsers ask for two.
        Some(domain) if !domain.contains('.') => {
            return Err("a wildcard needs two labels after it, such as *.example.com".to_owned());
        }
        Some(domain) => domain,
        None => &name,
    };
    match ServerName::try_from(host) {
        Ok(ServerName::DnsName(_)) => Ok(Name::Dns(name)),
        _ => Err(EXPECTED.to_owned()),
    }
}

/// As [`server_name`], and what only clients' certificates have.
pub(super) fn alternative_name(text: &str) -> Result<Name, String> {
    let printable = text.chars().all(|character| character.is_ascii_graphic());
    match text.split_once("://") {
        Some((scheme, rest)) if printable && !scheme.is_empty() && !rest.is_empty() => {
            return Ok(Name::Uri(text.to_owned()));
        }
        _ => {}
    }
    match text.split_once('@') {
        Some((user, host)) if printable && !user.is_empty() => {
            server_name(host).map(|_| Name::Email(text.to_owned()))
        }
        _ => server_name(text).map_err(|expected| {
            format!("{expected}; or an email address, or a URI such as spiffe://example.com/client")
        }),
    }
}

/// What a server is asked for (SNI): no wildcard.
pub(super) fn asked(text: &str) -> Result<String, String> {
    match ServerName::try_from(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("expected a host name or an IP address".to_owned()),
    }
}

pub(super) fn common_name(text: &str) -> Result<String, String> {
    let fits = (1..=MAX_COMMON_NAME).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(format!("expected 1 to {MAX_COMMON_NAME} characters"))
}

/// The name of a client, and of its files.
pub(super) fn client(text: &str) -> Result<String, String> {
    let plain = |character: char| character.is_alphanumeric() || "._-@+".contains(character);
    if !text.chars().all(plain) || text.starts_with(['.', '-']) {
        return Err(
            "it is the name of files too: expected letters, digits and . _ - @ +, and no dot or \
             dash first"
                .to_owned(),
        );
    }
    if RESERVED.contains(&text.to_lowercase().as_str()) {
        return Err("the files of a CA or a server have this name".to_owned());
    }
    common_name(text)
}

/// The loopback's names, then `extra` in its order, none of them twice.
pub(super) fn with_loopback(extra: &[Name]) -> Vec<Name> {
    let mut names = vec![
        Name::Dns("localhost".to_owned()),
        Name::Ip(std::net::Ipv4Addr::LOCALHOST.into()),
        Name::Ip(std::net::Ipv6Addr::LOCALHOST.into()),
    ];
    for name in extra {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// The name that a server's certificate has as a whole: the first that was asked for.
pub(super) fn subject(extra: &[Name]) -> String {
    let first = extra.first().map(Name::to_string);
    first
        .filter(|name| name.len() <= MAX_COMMON_NAME)
        .unwrap_or_else(|| "localhost".to_owned())
}

impl Name {
    pub(super) fn to_san(&self) -> Result<SanType, Error> {
        Ok(match self {
            Self::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
            Self::Email(address) => SanType::Rfc822Name(address.as_str().try_into()?),
            Self::Ip(ip) => SanType::IpAddress(*ip),
            Self::Uri(uri) => SanType::URI(uri.as_str().try_into()?),
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::Email(name) | Self::Uri(name) => f.write_str(name),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_may_be_called() {
        for (text, name) in [
            ("Dev.Test", "dev.test"),
            ("dev.test.", "dev.test"),
            ("*.dev.test", "*.dev.test"),
            ("127.1.2.3", "127.1.2.3"),
            ("[fd00:0::1]", "fd00::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            let parsed = server_name(text).map(|name| name.to_string());
            assert_eq!(parsed.as_deref(), Ok(name));
        }
        for text in [
            "",
            "*",
            "*.test",
            "a.*.test",
            "https://dev.test",
            "dev.test:443",
            "dev.test/a",
            "1.2.3.4:80",
            "1.2.3",
            "a b",
            "bücher.test",
            "0.0.0.0",
            "[::]",
            "a@dev.test",
        ] {
            assert!(server_name(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_a_client_may_be_called() {
        for name in ["client1", "alice@example.com", "Zoë", "a.b-c_d+e"] {
            assert!(client(name).is_ok(), "{name:?}");
        }
        let long = "a".repeat(65);
        for name in ["", ".a", "-a", "a/b", "a b", "..", "ca", "SERVER", &long] {
            assert!(client(name).is_err(), "{name:?}");
        }
        for name in ["a@b.test", "spiffe://a/b", "a.test", "::1"] {
            assert!(alternative_name(name).is_ok(), "{name:?}");
        }
        for name in ["@b.test", "a@b c", "://a", "a b"] {
            assert!(alternative_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_once() {
        let extra = [Name::Dns("localhost".into()), Name::Dns("a.test".into())];
        assert_eq!(with_loopback(&extra).len(), 4);
        assert_eq!(subject(&extra[1..]), "a.test");
        assert_eq!(subject(&[]), "localhost");
    }
}

//! What is to be shown.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use crate::cert::files;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cert) enum Target {
    File(PathBuf),
    Port { host: String, port: u16 },
    Stdin,
}

impl FromStr for Target {
    type Err = Infallible;

    /// A file that is there goes before a server of the same name.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "-" => Self::Stdin,
            text if files::is_there(text.as_ref()) => Self::File(text.into()),
            text => port(text).unwrap_or_else(|| Self::File(text.into())),
        })
    }
}

/// `HOST:PORT`, or a URL that leads there.
fn port(text: &str) -> Option<Target> {
    let (authority, default) = match text.split_once("://") {
        Some((scheme, rest)) => {
            let default = match scheme.to_ascii_lowercase().as_str() {
                "http" | "ws" => 80,
                "https" | "wss" => 443,
                _ => return None,
            };
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let authority = &rest[..end];
            let host = authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host);
            (host, Some(default))
        }
        None => (text, None),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, default?),
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let plain = |host: &str| !host.is_empty() && !host.contains(['/', '\\', ':']);
    let host = match bare {
        Some(address) => address,
        None if plain(host) => host,
        None => return None,
    };
    Some(Target::Port {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_ports() {
        for (text, host, number) in [
            ("localhost:3000", "localhost", 3000),
            ("[::1]:443", "::1", 443),
            ("https://localhost", "localhost", 443),
            ("WSS://localhost:3000/a?b:1", "localhost", 3000),
            ("http://user:secret@localhost/", "localhost", 80),
            ("https://[::1]/", "::1", 443),
        ] {
            let expected = Target::Port {
                host: host.to_owned(),
                port: number,
            };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "nothing.crt",
            "a/b:80",
            "localhost:x",
            ":80",
            "::1:80",
            "ftp://a:1",
        ] {
            assert_eq!(text.parse(), Ok(Target::File(text.into())), "{text}");
        }
        assert_eq!("-".parse(), Ok(Target::Stdin));
    }
}

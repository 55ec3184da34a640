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

/// What to write for a server, in the place of what is no file.
pub(super) fn instead(text: &str) -> String {
    const SERVER: &str = "to see what a server shows, name it and its port, such as";
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.rsplit_once(':') {
        Some((host, _)) if host.contains(':') && !host.contains(['[', '/']) => {
            "an IPv6 address is written in brackets, such as [::1]:443".to_owned()
        }
        Some((_, port)) if is_number(port) && port.parse::<u16>().is_err() => {
            format!("`{port}` is not a port: they go up to 65535")
        }
        Some(("", port)) if is_number(port) => format!("{SERVER} localhost:{port}"),
        None if text.parse::<u16>().is_ok() => format!("{SERVER} localhost:{text}"),
        None if !text.contains('/') => format!("{SERVER} {text}:443"),
        _ => format!("{SERVER} localhost:443"),
    }
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
    #[test]
    fn what_is_neither_gets_a_remedy() {
        for (text, remedy) in [
            ("localhost", " localhost:443"),
            ("a/b.crt", " localhost:443"),
            ("3000", " localhost:3000"),
            (":3000", " localhost:3000"),
            ("::1:3000", "[::1]:443"),
            ("::1", "[::1]:443"),
            ("localhost:99999", "`99999` is not a port"),
            ("localhost:https", " localhost:443"),
        ] {
            let said = instead(text);
            assert!(said.contains(remedy), "{text}: {said}");
        }
    }
}

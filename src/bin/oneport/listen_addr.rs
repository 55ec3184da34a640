//! The address of `--listen`, as it was written.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// `127.0.0.1:3000`, `[::]:443`, `localhost:3000`: a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddr {
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Ip(SocketAddr),
    Name(String),
}

impl ListenAddr {
    /// The host's name, if it was given by name.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.host {
            Host::Ip(_) => None,
            Host::Name(name) => Some(name),
        }
    }

    /// The addresses to try, in order.
    pub(crate) async fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        let name = match &self.host {
            Host::Ip(addr) => return Ok(vec![*addr]),
            Host::Name(name) => name.as_str(),
        };
        let mut found: Vec<_> = tokio::net::lookup_host((name, self.port)).await?.collect();
        // A client that says `localhost` tries both families, one that says
        // `127.0.0.1` only the one: IPv4 first reaches both.
        found.sort_by_key(|addr| matches!(addr.ip(), IpAddr::V6(_)));
        Ok(found)
    }
}

impl FromStr for ListenAddr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(addr) = text.parse::<SocketAddr>() {
            return Ok(Self {
                host: Host::Ip(addr),
                port: addr.port(),
            });
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(|| {
            format!("a host and a port are needed, such as {text}:3000 or 127.0.0.1:3000")
        })?;
        if host.is_empty() {
            return Err(format!(
                "the host is missing: use 127.0.0.1:{port} for this machine only, \
                 [::]:{port} or 0.0.0.0:{port} for every network"
            ));
        }
        if host.contains([':', '[', ']']) {
            return Err("an IPv6 address is written in brackets, such as [::1]:3000".to_owned());
        }
        let port = port
            .parse()
            .map_err(|_| format!("`{port}` is not a port: use 0 (any free one) to 65535"))?;
        Ok(Self {
            host: Host::Name(host.to_owned()),
            port,
        })
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(addr) => addr.fmt(f),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ListenAddr;

    #[test]
    fn spellings() {
        for text in ["127.0.0.1:3000", "[::]:0", "[::1]:443", "localhost:3000"] {
            let addr: ListenAddr = text.parse().expect(text);
            assert_eq!(addr.to_string(), text);
            assert_eq!(addr.name().is_some(), text.starts_with("localhost"));
        }
    }

    #[test]
    fn refusals_say_what_to_write() {
        let table = [
            ("localhost", "localhost:3000"),
            (":3000", "[::]:3000"),
            ("::1:3000", "[::1]:3000"),
            ("[::1]", "brackets"),
            ("localhost:http", "`http` is not a port"),
            ("localhost:65536", "`65536` is not a port"),
        ];
        for (text, remedy) in table {
            let error = text.parse::<ListenAddr>().expect_err(text);
            assert!(error.contains(remedy), "{text}: {error}");
        }
    }
}

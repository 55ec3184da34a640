//! What the listener is called in a URL.

use std::net::{IpAddr, Ipv4Addr};

/// The host of the URLs: what both leads to `reachable` and is a name of the
/// certificate, or else a name of the certificate.
pub(super) fn host(reachable: IpAddr, names: Option<&[String]>) -> String {
    let is_name = |name: &str| names.is_none_or(|names| names.iter().any(|known| known == name));
    if reachable == Ipv4Addr::LOCALHOST && is_name("localhost") {
        return "localhost".to_owned();
    }
    let ip = reachable.to_string();
    let mut dns = names
        .unwrap_or_default()
        .iter()
        .filter(|name| name.parse::<IpAddr>().is_err());
    match dns.next() {
        Some(name) if !is_name(&ip) => name.replacen("*.", "www.", 1),
        _ => bracketed(reachable),
    }
}

pub(super) fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let table = [
            ("127.0.0.1", None, "localhost"),
            ("127.0.0.2", None, "127.0.0.2"),
            ("::1", None, "[::1]"),
            (
                "127.0.0.1",
                Some(&["localhost", "127.0.0.1"][..]),
                "localhost",
            ),
            ("127.0.0.1", Some(&["a.example", "127.0.0.1"]), "127.0.0.1"),
            ("::1", Some(&["localhost", "::1"]), "[::1]"),
            ("127.0.0.1", Some(&["a.example", "b.example"]), "a.example"),
            (
                "192.0.2.1",
                Some(&["192.0.2.9", "*.example.com"]),
                "www.example.com",
            ),
            ("192.0.2.1", Some(&[]), "192.0.2.1"),
        ];
        for (ip, names, expected) in table {
            let names =
                names.map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
            let ip = ip.parse().expect("an address");
            assert_eq!(host(ip, names.as_deref()), expected);
        }
    }
}

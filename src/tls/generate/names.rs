//! The names that a certificate is made for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{Error, SanType};
use rustls::pki_types::ServerName;

use super::GenerateError;

/// Enough for one machine; keeps a certificate to which each start adds a name
/// from growing for ever.
const MAX_NAMES: usize = 64;

/// Names without repetition, at least those of the loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names(Vec<Name>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    /// Lower case, perhaps with a first label `*`.
    Dns(String),
    Ip(IpAddr),
}

impl Names {
    /// The loopback's names, then `extra` in its order.
    pub(super) fn wanted(extra: &[String]) -> Result<Self, GenerateError> {
        let mut names = Self(vec![
            Name::Dns("localhost".into()),
            Name::Ip(Ipv4Addr::LOCALHOST.into()),
            Name::Ip(Ipv6Addr::LOCALHOST.into()),
        ]);
        for text in extra {
            let name = Name::parse(text).ok_or_else(|| GenerateError::InvalidName {
                name: text.chars().take(100).collect(),
            })?;
            names.add(name);
        }
        Ok(names)
    }

    /// Adds the names of an earlier certificate, as long as there is room.
    pub(super) fn with_kept(mut self, kept: &[String]) -> Self {
        for name in kept.iter().filter_map(|text| Name::parse(text)) {
            if self.0.len() < MAX_NAMES {
                self.add(name);
            }
        }
        self
    }

    pub(super) fn subject_alt_names(&self) -> Result<Vec<SanType>, Error> {
        let names = self.0.iter().map(|name| match name {
            Name::Dns(name) => Ok(SanType::DnsName(name.as_str().try_into()?)),
            Name::Ip(ip) => Ok(SanType::IpAddress(*ip)),
        });
        names.collect()
    }

    /// The names as a client would ask for them; a wildcard by one host of it.
    pub(super) fn server_names(&self) -> impl Iterator<Item = ServerName<'static>> {
        self.0.iter().filter_map(Name::server_name)
    }

    fn add(&mut self, name: Name) {
        let unspecified = matches!(name, Name::Ip(ip) if ip.is_unspecified());
        if !unspecified && !self.0.contains(&name) {
            self.0.push(name);
        }
    }
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            // A client that connects to ::ffff:127.0.0.1 asks for 127.0.0.1.
            return Some(Self::Ip(ip.to_canonical()));
        }
        // A certificate has names without the dot of the root (RFC 6125 6.4.1).
        let text = text.strip_suffix('.').unwrap_or(text);
        let name = Self::Dns(text.to_ascii_lowercase());
        name.server_name().map(|_| name)
    }

    fn server_name(&self) -> Option<ServerName<'static>> {
        match self {
            Self::Dns(name) => {
                let host = match name.strip_prefix("*.") {
                    // `*.test` would be valid for nothing (RFC 6125 6.4.3 asks
                    // for one label; webpki and browsers ask for two).
                    Some(domain) if !domain.contains('.') => return None,
                    Some(domain) => format!("any.{domain}"),
                    None => name.clone(),
                };
                match ServerName::try_from(host).ok()? {
                    ServerName::IpAddress(_) => None,
                    name => Some(name),
                }
            }
            Self::Ip(ip) => Some(ServerName::IpAddress((*ip).into())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use super::*;

    fn wanted(extra: &[&str]) -> Result<Vec<String>, GenerateError> {
        let extra: Vec<String> = extra.iter().map(ToString::to_string).collect();
        let names = Names::wanted(&extra)?;
        Ok(names.0[3..]
            .iter()
            .map(|name| match name {
                Name::Dns(name) => name.clone(),
                Name::Ip(ip) => ip.to_string(),
            })
            .collect())
    }

    #[test]
    fn what_is_written_differently_is_one_name() {
        let written = [
            "Dev.Test",
            "dev.test.",
            "[fd00::1]",
            "fd00:0::1",
            "LOCALHOST",
            "127.0.0.1",
            "::ffff:127.0.0.1",
        ];
        assert_eq!(wanted(&written).unwrap(), ["dev.test", "fd00::1"]);
    }

    #[test]
    fn unspecified_addresses_are_passed_over() {
        assert!(wanted(&["0.0.0.0", "::", "[::]"]).unwrap().is_empty());
    }

    #[test]
    fn wildcards_need_two_labels() {
        assert_eq!(wanted(&["*.dev.test"]).unwrap(), ["*.dev.test"]);
        assert!(wanted(&["*.test"]).is_err());
        assert!(wanted(&["a.*.test"]).is_err());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "https://dev.test",
            "dev.test:443",
            "dev.test/a",
            "1.2.3.4:80",
            "a b",
            "bücher.test",
            "fe80::1%eth0",
        ] {
            let error = wanted(&[text]).unwrap_err();
            assert!(
                matches!(&error, GenerateError::InvalidName { name } if name == text),
                "{text:?}: {error:?}"
            );
        }
    }

    #[test]
    fn kept_names_are_added_up_to_a_limit() {
        let many: Vec<String> = (0..200).map(|n| format!("h{n}.test")).collect();
        let names = Names::wanted(&many[..1]).unwrap().with_kept(&many);
        assert_eq!(names.0.len(), MAX_NAMES);
        assert_eq!(names.0[3], Name::Dns("h0.test".into()));
    }
}

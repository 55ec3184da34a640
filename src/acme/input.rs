//! What may be asked of a CA: domains, contacts, the address of its directory.

use std::net::IpAddr;

use http::Uri;

use super::AcmeError;

/// DNS names (RFC 1035 2.3.4), in octets.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// In lower case, without the root's dot.
pub(super) fn domain(given: &str) -> Result<String, AcmeError> {
    let name = given.strip_suffix('.').unwrap_or(given);
    let name = name.to_ascii_lowercase();
    match fault_of(&name) {
        None => Ok(name),
        Some(why) => Err(AcmeError::InvalidDomain {
            domain: given.to_owned(),
            why,
        }),
    }
}

fn fault_of(name: &str) -> Option<&'static str> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Some("an IP address cannot be validated here; give a domain that leads to it");
    }
    if name.contains(['/', ':']) {
        return Some("give the domain alone, without scheme, port and path");
    }
    if name.starts_with("*.") {
        return Some(
            "a wildcard can only be validated by dns-01, which changes records in the DNS and is not \
             done here; give each domain by itself",
        );
    }
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(
            "no CA can reach your localhost; for development leave ACME out: a certificate for \
             localhost is made without it",
        );
    }
    if !name.is_ascii() {
        return Some("write letters outside ASCII in their `xn--` form");
    }
    let labels = || name.split('.');
    if labels().count() < 2 {
        return Some("expected a whole domain such as www.example.org, not a host name alone");
    }
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let label = |label: &str| {
        let bytes = label.as_bytes();
        alphanumeric(bytes.first())
            && alphanumeric(bytes.last())
            && bytes.len() <= LONGEST_LABEL
            && bytes
                .iter()
                .all(|&byte| byte == b'-' || byte.is_ascii_alphanumeric())
    };
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if name.len() > LONGEST_NAME
        || !labels().all(label)
        || labels().next_back().is_some_and(numeric)
    {
        return Some(
            "expected a domain such as www.example.org: letters, digits and hyphens between dots",
        );
    }
    None
}

/// As the CA wants it: a `mailto:` URL with one address (RFC 8555 7.3).
pub(super) fn contact(given: &str) -> Result<String, AcmeError> {
    let address = given.strip_prefix("mailto:").unwrap_or(given);
    let sign = |byte: u8| byte.is_ascii_graphic() && !b",?<>()\"\\".contains(&byte);
    let parts = address.split_once('@');
    let valid = parts.is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && address.bytes().all(sign)
    });
    match valid {
        true => Ok(format!("mailto:{address}")),
        false => Err(AcmeError::InvalidEmail {
            email: given.to_owned(),
        }),
    }
}

/// RFC 8555 6.1: all of ACME is over HTTPS.
pub(super) fn directory(given: &str) -> Result<String, AcmeError> {
    let valid = given.parse::<Uri>().is_ok_and(|uri| {
        let authority = uri.authority().map(http::uri::Authority::as_str);
        uri.scheme_str() == Some("https")
            && uri.host().is_some_and(|host| !host.is_empty())
            && authority.is_some_and(|it| !it.contains('@'))
    });
    match valid {
        true => Ok(given.to_owned()),
        false => Err(AcmeError::InvalidDirectory {
            url: given.to_owned(),
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use super::*;

    #[test]
    fn domains() {
        for (given, taken) in [
            ("www.example.org", "www.example.org"),
            ("WWW.Example.ORG.", "www.example.org"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("a-b.c1.internal", "a-b.c1.internal"),
        ] {
            assert_eq!(domain(given).unwrap(), taken);
        }
        for (given, hint) in [
            ("*.example.org", "dns-01"),
            ("127.0.0.1", "IP address"),
            ("[::1]", "IP address"),
            ("::1", "IP address"),
            ("localhost", "without it"),
            ("a.localhost", "without it"),
            ("example", "whole domain"),
            ("", "whole domain"),
            ("https://example.org", "without scheme"),
            ("example.org:443", "without scheme"),
            ("example.org/x", "without scheme"),
            ("bücher.example", "xn--"),
            ("a..b", "between dots"),
            ("-a.b", "between dots"),
            ("a-.b", "between dots"),
            ("a_b.c", "between dots"),
            ("a b.c", "between dots"),
            ("a.1", "between dots"),
            ("a.*.b", "between dots"),
        ] {
            let error = domain(given).unwrap_err().to_string();
            assert!(error.contains(hint), "{given}: {error}");
            assert!(error.contains(&format!("{given:?}")), "{given}: {error}");
        }
        assert!(domain(&format!("{}.org", "a".repeat(63))).is_ok());
        assert!(domain(&format!("{}.org", "a".repeat(64))).is_err());
        assert!(domain(&["a"; 127].join(".")).is_ok());
        assert!(domain(&["a"; 128].join(".")).is_err());
    }

    #[test]
    fn contacts() {
        assert_eq!(contact("me@example.org").unwrap(), "mailto:me@example.org");
        assert_eq!(contact("mailto:a@b").unwrap(), "mailto:a@b");
        for given in [
            "", "me", "@b", "a@", "a@b,c@d", "a@b?x", "a b@c", "a@b@c", "a@b\n",
        ] {
            assert!(contact(given).is_err(), "{given:?}");
        }
    }

    #[test]
    fn directories() {
        assert!(directory("https://127.0.0.1:14000/dir").is_ok());
        assert!(directory("https://[::1]:14000/dir").is_ok());
        for given in [
            "",
            "staging",
            "http://a/dir",
            "https://",
            "https://u:p@a/dir",
            "ftp://a",
        ] {
            assert!(directory(given).is_err(), "{given:?}");
        }
    }
}

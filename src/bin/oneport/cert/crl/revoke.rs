//! Which certificate is to be revoked.

use std::path::Path;

use crate::cert::authority::Authority;
use crate::cert::error::CertError;
use crate::cert::{files, issue, read};

/// The longest serial number (RFC 5280 4.1.2.2), in octets.
const MAX_SERIAL: usize = 20;

/// The serial number of a file's certificate, which this CA must have signed,
/// or the one that is written there.
pub(super) fn serial(given: &str, authority: &Authority) -> Result<Vec<u8>, CertError> {
    let refused = |what: &str| CertError::Revoke {
        given: given.to_owned(),
        what: what.to_owned(),
    };
    let path = Path::new(given);
    if !files::is_there(path) {
        return number(given).ok_or_else(|| {
            refused(
                "there is no such file, and it is not a serial number in hexadecimal (`openssl \
                 x509 -noout -serial -in FILE`)",
            )
        });
    }
    let certificate = read::certificate(path)?;
    if certificate == authority.certificate {
        return Err(refused(
            "it is the CA itself; to do without it, remove it from the servers' --client-ca",
        ));
    }
    let parsed = read::parse(&certificate)?;
    if !authority.has_signed(&issue::signed(&parsed))? {
        let issuer = issue::summary(&certificate)?.issuer;
        let own = authority.summary()?.subject;
        return Err(refused(&format!(
            "{issuer} has signed it, and this list is of {own}; name the CA that signed it by --ca"
        )));
    }
    Ok(parsed.raw_serial().to_vec())
}

/// `0A1B`, `0a:1b` or `0x0a1b`.
fn number(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").unwrap_or(text).replace(':', "");
    // As DER, so without zeros in front.
    let text = text.trim_start_matches('0');
    if text.is_empty() || text.len() > 2 * MAX_SERIAL || !text.is_ascii() {
        return None;
    }
    let even = format!("{}{text}", "0".repeat(text.len() % 2));
    let octets = (0..even.len()).step_by(2);
    octets
        .map(|at| {
            let digits = even.get(at..at + 2)?;
            let hexadecimal = digits.chars().all(|digit| digit.is_ascii_hexdigit());
            hexadecimal.then(|| u8::from_str_radix(digits, 16).ok())?
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers() {
        for (text, octets) in [
            ("1", &[1][..]),
            ("0A1b", &[10, 27]),
            ("0a:1b", &[10, 27]),
            ("0xa1b", &[10, 27]),
            ("00ff", &[255]),
        ] {
            assert_eq!(number(text).as_deref(), Some(octets), "{text}");
        }
        for text in ["", "0", "client1.crt", "+1", "é", &"f".repeat(41)] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}

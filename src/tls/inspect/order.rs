//! Whether each certificate of a chain issued the one before it.

use std::path::Path;

use x509_parser::prelude::{ParsedExtension, X509Certificate};
use x509_parser::x509::X509Name;

use super::{Verdict, signature};
use crate::tls::{TlsConfigError, describe};

/// TLS 1.2 demands it (RFC 5246 7.4.2), TLS 1.3 asks for it (RFC 8446 4.4.2),
/// and there are clients of both that insist.
pub(super) fn check(path: &Path, chain: &[X509Certificate<'_>]) -> Result<(), TlsConfigError> {
    for (index, certificate) in chain.iter().enumerate().skip(1) {
        if again(chain, index) || issued_one_before(chain, index) {
            continue;
        }
        let before = &chain[index - 1];
        let (path, position) = (path.into(), index + 1);
        let subject = describe::holder(certificate);
        let expected = describe::name(before.issuer());
        let elsewhere = chain.iter().position(|it| issued(it, before));
        return Err(match elsewhere {
            Some(at) if at > index => TlsConfigError::ChainOrder {
                path,
                position,
                subject,
                expected,
                expected_at: at + 1,
            },
            _ => TlsConfigError::Stranger {
                path,
                position,
                subject,
                expected,
            },
        });
    }
    Ok(())
}

/// Whether the certificate before stands for the same holder and key.
///
/// The same certificate twice comes of `cat server.crt fullchain.pem`, the same
/// CA under two signatures (a cross-certificate) from CAs that offer two ways to
/// a root. They are let pass, as no client is worse off: the first costs a
/// kilobyte, the second helps rustls and browsers, while OpenSSL tries only the
/// one that comes first (`tests/tls_accepted.rs`). Another certificate for the
/// server itself is not the same: only the first is ever used.
fn again(chain: &[X509Certificate<'_>], index: usize) -> bool {
    let (this, before) = (&chain[index], &chain[index - 1]);
    this.as_raw() == before.as_raw()
        || index > 1
            && this.subject().as_raw() == before.subject().as_raw()
            && this.public_key().raw == before.public_key().raw
}

/// Whether it issued the certificate before, or, if that is there
/// [`again`], one of those that it repeats.
fn issued_one_before(chain: &[X509Certificate<'_>], index: usize) -> bool {
    let mut at = index - 1;
    loop {
        if issued(&chain[index], &chain[at]) {
            return true;
        }
        if at == 0 || !again(chain, at) {
            return false;
        }
        at -= 1;
    }
}

fn issued(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    same_name(issuer.subject(), certificate.issuer())
        && !key_ids_differ(issuer, certificate)
        && signature::verify(certificate, issuer) != Verdict::Forged
}

/// Upper and lower case are the same, and so are the string types of ASN.1
/// (RFC 5280 7.1).
fn same_name(one: &X509Name<'_>, other: &X509Name<'_>) -> bool {
    one.as_raw() == other.as_raw() || one.to_string().eq_ignore_ascii_case(&other.to_string())
}

/// OpenSSL passes over an issuer whose key has another id, whatever the
/// signature says.
fn key_ids_differ(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    let subject_key = issuer
        .extensions()
        .iter()
        .find_map(|it| match it.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id),
            _ => None,
        });
    let authority_key =
        certificate
            .extensions()
            .iter()
            .find_map(|it| match it.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(authority) => {
                    authority.key_identifier.as_ref()
                }
                _ => None,
            });
    matches!((subject_key, authority_key), (Some(one), Some(other)) if one != other)
}

//! Whether certificates that can be read can also do what they are given for.
//!
//! What a client would refuse, or what cannot work, is refused here with the
//! name of the file, before the port opens. rustls itself looks at a server's
//! own chain no further than that it can parse the first certificate.

mod leaf;
mod order;
mod signature;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::X509Certificate;

use self::signature::Verdict;
use super::file::Role;
use super::files::Parts;
use super::key_kind::KeyKind;
use super::{Found, TlsConfigError, describe};

/// What is done about certificates outside of their days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expiry {
    Accept,
    #[default]
    Refuse,
}

/// Looks at all certificates of a configuration; `pairs` are the files that its
/// chains and keys are from.
pub(super) fn parts(
    parts: &Parts,
    pairs: &[(PathBuf, PathBuf)],
    expiry: Expiry,
) -> Result<(), TlsConfigError> {
    let now = SystemTime::now();
    for ((cert, _key), certified) in pairs.iter().zip(&parts.certificates) {
        server_chain(cert, &certified.cert, now, expiry)?;
    }
    let cas = parts.client_trust.iter().flat_map(|trust| &trust.cas);
    let cas: Vec<_> = cas.map(|(path, ca)| (path, ca.clone())).collect();
    for file in cas.chunk_by(|(one, _), (other, _)| one == other) {
        let (paths, cas): (Vec<&PathBuf>, Vec<_>) = file.iter().cloned().unzip();
        client_ca(paths[0], &cas, now, expiry)?;
    }
    Ok(())
}

/// Looks at the chain of a server, its own certificate first.
///
/// Where several things are wrong, the one that is nearest to the mistake is
/// reported: that it is the wrong file first, its age last.
pub(super) fn server_chain(
    path: &Path,
    chain: &[CertificateDer<'static>],
    now: SystemTime,
    expiry: Expiry,
) -> Result<(), TlsConfigError> {
    let chain = parse(path, chain)?;
    if let Some(leaf) = chain.first() {
        leaf::check(path, leaf)?;
    }
    order::check(path, &chain)?;
    for (index, certificate) in chain.iter().enumerate() {
        // A client takes the root from its own store and looks at no signature
        // on it. A certificate that signed itself and is the server's own is
        // verified like any other.
        let trailing_root =
            index > 0 && index + 1 == chain.len() && signature::is_self_signed(certificate);
        if !trailing_root {
            strong_signature(path, index, certificate)?;
        }
        let refused = |kind: &KeyKind| kind.is_weak();
        supported_key(path, Role::Certificate, index, certificate, refused)?;
    }
    valid(path, Role::Certificate, &chain, now, expiry)
}

/// Looks at the CAs of clients.
///
/// A leaf that signed itself is one as well: pinned, it lets in the client that
/// has exactly this certificate. A leaf that somebody else signed does not even
/// that: webpki compares names of trust anchors with the *issuer* of what a
/// client sends, so a pinned leaf is `UnknownIssuer` (`pinned_leaves` in the tests). It
/// is what one gets who passes the wrong file of three.
pub(super) fn client_ca(
    path: &Path,
    cas: &[CertificateDer<'static>],
    now: SystemTime,
    expiry: Expiry,
) -> Result<(), TlsConfigError> {
    let cas = parse(path, cas)?;
    for (index, ca) in cas.iter().enumerate() {
        // Version 1 does not tell CAs from others, and what somebody else has
        // signed is a client's, made by an old recipe.
        if !ca.is_ca() && !signature::is_self_signed(ca) {
            return Err(TlsConfigError::LeafAsClientCa {
                path: path.into(),
                position: index + 1,
                subject: describe::holder(ca),
                issuer: describe::name(ca.issuer()),
            });
        }
        let refused = |kind: &KeyKind| !kind.verifies() || !signature::is_known(ca);
        supported_key(path, Role::ClientCa, index, ca, refused)?;
    }
    valid(path, Role::ClientCa, &cas, now, expiry)
}

fn parse<'a>(
    path: &Path,
    certificates: &'a [CertificateDer<'static>],
) -> Result<Vec<X509Certificate<'a>>, TlsConfigError> {
    let parsed = certificates.iter().enumerate().map(|(index, certificate)| {
        describe::parse(certificate).map_err(|source| TlsConfigError::MalformedCertificate {
            path: path.into(),
            position: index + 1,
            source,
        })
    });
    parsed.collect()
}

fn strong_signature(
    path: &Path,
    index: usize,
    certificate: &X509Certificate<'_>,
) -> Result<(), TlsConfigError> {
    match signature::weak_hash(certificate) {
        None => Ok(()),
        Some(hash) => Err(TlsConfigError::WeakSignature {
            path: path.into(),
            position: index + 1,
            subject: describe::holder(certificate),
            hash,
        }),
    }
}

fn supported_key(
    path: &Path,
    role: Role,
    index: usize,
    certificate: &X509Certificate<'_>,
    refused: impl FnOnce(&KeyKind) -> bool,
) -> Result<(), TlsConfigError> {
    match KeyKind::of_public(certificate.public_key()) {
        Some(kind) if refused(&kind) => Err(TlsConfigError::UnsupportedPublicKey {
            path: path.into(),
            role,
            position: index + 1,
            subject: describe::holder(certificate),
            found: Found::key(&kind),
        }),
        _ => Ok(()),
    }
}

fn valid(
    path: &Path,
    role: Role,
    certificates: &[X509Certificate<'_>],
    now: SystemTime,
    expiry: Expiry,
) -> Result<(), TlsConfigError> {
    if expiry == Expiry::Accept {
        return Ok(());
    }
    // In whole seconds, as certificates have it: both ends are included
    // (RFC 5280 4.1.2.5).
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    for (index, certificate) in certificates.iter().enumerate() {
        let validity = certificate.validity();
        let (path, position) = (path.into(), index + 1);
        if now > validity.not_after.timestamp() {
            return Err(TlsConfigError::Expired {
                path,
                role,
                position,
                subject: describe::holder(certificate),
                on: describe::date(validity.not_after),
            });
        }
        if now < validity.not_before.timestamp() {
            return Err(TlsConfigError::NotYetValid {
                path,
                role,
                position,
                subject: describe::holder(certificate),
                on: describe::date(validity.not_before),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests;

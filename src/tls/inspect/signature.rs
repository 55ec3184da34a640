//! Signatures on certificates: whose they are, and whether they are worth
//! anything.

use x509_parser::asn1_rs::{Any, FromDer};
use x509_parser::prelude::X509Certificate;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::AlgorithmIdentifier;

use crate::tls::key_kind::KeyKind;
use crate::tls::provider::provider;

/// Whether a key made a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It did not, or something was changed since.
    Forged,
    Good,
    /// The provider does not verify such signatures: by SHA-1, for one, or by
    /// short keys.
    Unknown,
}

/// Whether `issuer` signed the certificate.
pub(super) fn verify(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Verdict {
    let public_key = issuer.public_key();
    // The provider does not tell a key that it does not take from a signature
    // that is not good.
    if KeyKind::of_public(public_key).is_some_and(|kind| !kind.verifies()) {
        return Verdict::Unknown;
    }
    let (Some(signed_by), Some(key)) = (signature_algorithm(certificate), key_algorithm(issuer))
    else {
        return Verdict::Unknown;
    };
    let algorithms = provider().signature_verification_algorithms;
    let mut algorithm = algorithms.all.iter().filter(|it| {
        it.signature_alg_id().as_ref() == signed_by && it.public_key_alg_id().as_ref() == key
    });
    let Some(algorithm) = algorithm.next() else {
        return Verdict::Unknown;
    };
    let verified = algorithm.verify_signature(
        &public_key.subject_public_key.data,
        certificate.tbs_certificate.as_ref(),
        &certificate.signature_value.data,
    );
    match verified {
        Ok(()) => Verdict::Good,
        Err(_) => Verdict::Forged,
    }
}

/// Whether it is its own issuer.
pub(super) fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
        && verify(certificate, certificate) != Verdict::Forged
}

/// Whether the provider verifies signatures by the certificate's key.
pub(super) fn is_known(certificate: &X509Certificate<'_>) -> bool {
    let key = key_algorithm(certificate);
    let algorithms = provider().signature_verification_algorithms;
    let mut known = algorithms.all.iter().map(|it| it.public_key_alg_id());
    known.any(|known| Some(known.as_ref()) == key)
}

/// The hash, where it is one that can be forged.
pub(super) fn weak_hash(certificate: &X509Certificate<'_>) -> Option<&'static str> {
    let AlgorithmIdentifier {
        algorithm,
        parameters,
    } = &certificate.signature_algorithm;
    // RFC 8017 A.2.4, RFC 3279 2.2, and an OIW id of the same as sha1WithRSA.
    match &*algorithm.to_id_string() {
        "1.2.840.113549.1.1.2" => Some("MD2"),
        "1.2.840.113549.1.1.3" => Some("MD4"),
        "1.2.840.113549.1.1.4" => Some("MD5"),
        "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" | "1.3.14.3.2.29" => {
            Some("SHA-1")
        }
        "1.2.840.113549.1.1.10" => {
            let parameters = RsaSsaPssParams::try_from(parameters.as_ref()?).ok()?;
            let hash = parameters.hash_algorithm_oid().to_id_string();
            (hash == "1.3.14.3.2.26").then_some("SHA-1")
        }
        _ => None,
    }
}

/// The inside of the outer `signatureAlgorithm` (RFC 5280 4.1.1.2), which rustls
/// compares byte by byte.
fn signature_algorithm<'a>(certificate: &X509Certificate<'a>) -> Option<&'a [u8]> {
    let (_, whole) = Any::from_der(certificate.as_raw()).ok()?;
    let (rest, _tbs_certificate) = Any::from_der(whole.data).ok()?;
    let (_, algorithm) = Any::from_der(rest).ok()?;
    Some(algorithm.data)
}

/// The inside of `subjectPublicKeyInfo.algorithm` (RFC 5280 4.1).
fn key_algorithm<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    let (_, whole) = Any::from_der(certificate.public_key().raw).ok()?;
    let (_, algorithm) = Any::from_der(whole.data).ok()?;
    Some(algorithm.data)
}

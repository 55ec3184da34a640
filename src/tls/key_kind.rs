//! What kind of key it is, and whether it can be used.

use std::fmt;

use rustls::pki_types::PrivateKeyDer;
use x509_parser::asn1_rs::{Any, Class, FromDer, Oid, Tag};
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// A kind of key that has a name.
///
/// Displays with an article, such as `an RSA key with 1024 bits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// The curve.
    Ecdsa(String),
    Ed25519,
    /// Kinds that TLS libraries do not take in certificates, with an article.
    Other(&'static str),
    /// In bits, as [`bits`] counts them.
    Rsa(usize),
}

/// What rustls and others demand of RSA keys. Keys of 2041 bits pass as well:
/// ring and aws-lc-rs count whole bytes.
const LEAST_RSA_BITS: usize = 2041;

/// The largest RSA key that the provider signs with.
const MOST_RSA_BITS: usize = if cfg!(feature = "aws-lc-rs") {
    8192
} else {
    4096
};

/// The largest RSA key by which the provider verifies.
const MOST_VERIFIED_RSA_BITS: usize = 8192;

impl KeyKind {
    /// Nothing where it is of a kind that has no name here, or damaged.
    pub(super) fn of_private(key: &PrivateKeyDer<'_>) -> Option<Self> {
        let parts = sequence(key.secret_der())?;
        match key {
            PrivateKeyDer::Pkcs1(_) => Some(Self::Rsa(bits(parts.get(1)?))),
            // `parameters [0]` is optional (RFC 5915 3).
            PrivateKeyDer::Sec1(_) => {
                let is_curve = |part: &&Any<'_>| {
                    part.class() == Class::ContextSpecific && part.tag() == Tag(0)
                };
                let (_, curve) = Any::from_der(parts.iter().find(is_curve)?.data).ok()?;
                Some(Self::Ecdsa(curve_name(Some(&curve))))
            }
            PrivateKeyDer::Pkcs8(_) => {
                // `AlgorithmIdentifier` (RFC 5280 4.1.1.2), then the key.
                let (rest, algorithm) = Oid::from_der(parts.get(1)?.data).ok()?;
                let parameters = Any::from_der(rest).ok().map(|(_, it)| it);
                let rsa = || Some(bits(sequence(parts.get(2)?.data)?.get(1)?));
                Self::new(&algorithm, parameters.as_ref(), rsa)
            }
            _ => None,
        }
    }

    pub(super) fn of_public(key: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let rsa = || Some(bits(sequence(&key.subject_public_key.data)?.first()?));
        let AlgorithmIdentifier {
            algorithm,
            parameters,
        } = &key.algorithm;
        Self::new(algorithm, parameters.as_ref(), rsa)
    }

    /// `rsa` counts the bits of an RSA key.
    fn new(
        algorithm: &Oid<'_>,
        parameters: Option<&Any<'_>>,
        rsa: impl FnOnce() -> Option<usize>,
    ) -> Option<Self> {
        // RFC 8017 A, RFC 5480 2.1.1, RFC 8410 3, RFC 3279 2.3.2.
        Some(match &*algorithm.to_id_string() {
            "1.2.840.113549.1.1.1" => Self::Rsa(rsa()?),
            "1.2.840.113549.1.1.10" => Self::Other("an RSA key for PSS signatures only"),
            "1.2.840.10045.2.1" => Self::Ecdsa(curve_name(parameters)),
            "1.3.101.110" | "1.3.101.111" => Self::Other("a key for key exchange (X25519, X448)"),
            "1.3.101.112" => Self::Ed25519,
            "1.3.101.113" => Self::Other("an Ed448 key"),
            "1.2.840.10040.4.1" => Self::Other("a DSA key"),
            _ => return None,
        })
    }

    /// Whether a server can sign with it.
    pub(super) fn signs(&self) -> bool {
        match self {
            Self::Ecdsa(curve) => {
                matches!(&**curve, "P-256" | "P-384")
                    || curve == "P-521" && cfg!(feature = "aws-lc-rs")
            }
            Self::Ed25519 => true,
            Self::Other(_) => false,
            Self::Rsa(bits) => (LEAST_RSA_BITS..=MOST_RSA_BITS).contains(bits),
        }
    }

    /// Whether signatures by it can be verified, if it is of a known kind.
    pub(super) fn verifies(&self) -> bool {
        match self {
            Self::Rsa(bits) => (LEAST_RSA_BITS..=MOST_VERIFIED_RSA_BITS).contains(bits),
            _ => true,
        }
    }

    /// Whether no client takes it, whatever library it uses.
    pub(super) fn is_weak(&self) -> bool {
        matches!(self, Self::Rsa(bits) if *bits < LEAST_RSA_BITS)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ecdsa(curve) => write!(f, "an ECDSA key on {curve}"),
            Self::Ed25519 => f.write_str("an Ed25519 key"),
            Self::Other(words) => f.write_str(words),
            Self::Rsa(bits) => write!(f, "an RSA key with {bits} bits"),
        }
    }
}

fn curve_name(parameters: Option<&Any<'_>>) -> String {
    // Its numbers may stand in the place of its name (RFC 3279 2.3.5).
    let named = parameters.filter(|it| it.tag() == Tag::Oid);
    let Some(Ok(curve)) = named.map(|it| Oid::try_from(it.clone())) else {
        return "a curve without a name".into();
    };
    let curve = curve.to_id_string();
    match &*curve {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.33" => "P-224",
        "1.2.840.10045.3.1.1" => "P-192",
        "1.3.132.0.10" => "secp256k1",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        _ => return format!("the curve {curve}"),
    }
    .into()
}

/// How long a positive INTEGER is.
fn bits(integer: &Any<'_>) -> usize {
    let start = integer.data.iter().position(|&byte| byte != 0);
    let digits = start.map_or(&[][..], |start| &integer.data[start..]);
    let spare = digits.first().map_or(0, |byte| byte.leading_zeros());
    digits.len() * 8 - spare as usize
}

/// The parts of a SEQUENCE.
fn sequence(der: &[u8]) -> Option<Vec<Any<'_>>> {
    let (_, sequence) = Any::from_der(der).ok()?;
    let mut rest = sequence.data;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (after, part) = Any::from_der(rest).ok()?;
        parts.push(part);
        rest = after;
    }
    Some(parts)
}

//! Keys and signatures in words, and what is too weak for today's clients.

use x509_parser::der_parser::Oid;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// What is said of a key or a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) words: String,
    /// Why clients refuse it, and what to use instead.
    pub(super) fault: Option<&'static str>,
}

/// Shorter ones are refused by webpki, OpenSSL's default level and browsers.
const SHORTEST_RSA: usize = 2048;

pub(super) fn key(info: &SubjectPublicKeyInfo<'_>) -> Algorithm {
    let id = info.algorithm.algorithm.to_id_string();
    match id.as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
            let bits = match info.parsed() {
                Ok(PublicKey::RSA(key)) => key.key_size(),
                _ => 0,
            };
            let fault = (bits < SHORTEST_RSA)
                .then_some("RSA keys of less than 2048 bits are refused: make a new key");
            Algorithm::new(format!("RSA, {bits} bits"), fault)
        }
        "1.2.840.10045.2.1" => curve(&info.algorithm),
        "1.3.101.112" => Algorithm::good("Ed25519"),
        "1.3.101.113" => Algorithm::bad("Ed448", "few clients know Ed448: use ECDSA P-256"),
        "1.2.840.10040.4.1" => Algorithm::bad("DSA", "TLS 1.3 has no DSA: use ECDSA P-256"),
        _ => Algorithm::bad(
            format!("of the kind {id}"),
            "clients may not know this kind of key: use ECDSA P-256",
        ),
    }
}

fn curve(algorithm: &AlgorithmIdentifier<'_>) -> Algorithm {
    let parameters = algorithm.parameters.as_ref();
    let curve: Option<Oid<'_>> = parameters.and_then(|any| any.as_oid().ok());
    let id = curve.map(|curve| curve.to_id_string()).unwrap_or_default();
    match id.as_str() {
        "1.2.840.10045.3.1.7" => Algorithm::good("ECDSA P-256"),
        "1.3.132.0.34" => Algorithm::good("ECDSA P-384"),
        "1.3.132.0.35" => Algorithm::bad("ECDSA P-521", "Chromium refuses P-521: use P-256"),
        "1.3.132.0.10" => Algorithm::bad("ECDSA secp256k1", "TLS 1.3 has no secp256k1: use P-256"),
        _ => Algorithm::bad(
            format!("ECDSA on the curve {id}"),
            "clients may not know this curve: use P-256",
        ),
    }
}

pub(super) fn signature(algorithm: &AlgorithmIdentifier<'_>) -> Algorithm {
    const OLD: &str = "it can be forged, so clients refuse it: have the certificate signed with \
                       SHA-256";
    let id = algorithm.algorithm.to_id_string();
    match id.as_str() {
        "1.2.840.10045.4.3.2" => Algorithm::good("ECDSA with SHA-256"),
        "1.2.840.10045.4.3.3" => Algorithm::good("ECDSA with SHA-384"),
        "1.2.840.10045.4.3.4" => Algorithm::good("ECDSA with SHA-512"),
        "1.2.840.113549.1.1.10" => Algorithm::good("RSA-PSS"),
        "1.2.840.113549.1.1.11" => Algorithm::good("RSA with SHA-256"),
        "1.2.840.113549.1.1.12" => Algorithm::good("RSA with SHA-384"),
        "1.2.840.113549.1.1.13" => Algorithm::good("RSA with SHA-512"),
        "1.3.101.112" => Algorithm::good("Ed25519"),
        "1.2.840.10045.4.1" => Algorithm::bad("ECDSA with SHA-1", OLD),
        "1.2.840.113549.1.1.4" => Algorithm::bad("RSA with MD5", OLD),
        "1.2.840.113549.1.1.5" => Algorithm::bad("RSA with SHA-1", OLD),
        _ => Algorithm::good(format!("of the kind {id}")),
    }
}

impl Algorithm {
    fn new(words: impl Into<String>, fault: Option<&'static str>) -> Self {
        Self {
            words: words.into(),
            fault,
        }
    }

    fn good(words: impl Into<String>) -> Self {
        Self::new(words, None)
    }

    fn bad(words: impl Into<String>, fault: &'static str) -> Self {
        Self::new(words, Some(fault))
    }
}

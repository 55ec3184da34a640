//! Private keys: of which kind, made anew, read from a file.

use std::fs;
use std::path::Path;

use aws_lc_rs::signature::Ed25519KeyPair;
use clap::ValueEnum;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    RsaKeySize,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::error::CertError;

/// The kinds of keys that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyType {
    EcdsaP256,
    EcdsaP384,
    #[value(name = "rsa-2048")]
    Rsa2048,
    #[value(name = "rsa-3072")]
    Rsa3072,
    #[value(name = "rsa-4096")]
    Rsa4096,
    Ed25519,
}

/// More than any key file has; as the server that is to use them.
const LIMIT: u64 = 64 * 1024;

impl KeyType {
    pub(super) fn generate(self) -> Result<KeyPair, rcgen::Error> {
        let rsa = |size| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size);
        match self {
            Self::EcdsaP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Self::EcdsaP384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            Self::Rsa2048 => rsa(RsaKeySize::_2048),
            Self::Rsa3072 => rsa(RsaKeySize::_3072),
            Self::Rsa4096 => rsa(RsaKeySize::_4096),
            Self::Ed25519 => ed25519(),
        }
    }

    pub(super) fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ECDSA P-256",
            Self::EcdsaP384 => "ECDSA P-384",
            Self::Rsa2048 => "RSA, 2048 bits",
            Self::Rsa3072 => "RSA, 3072 bits",
            Self::Rsa4096 => "RSA, 4096 bits",
            Self::Ed25519 => "Ed25519",
        }
    }
}

/// As PKCS#8 version 1 (RFC 5958 2): OpenSSL 3.0 and Go do not read version 2,
/// which rcgen makes.
fn ed25519() -> Result<KeyPair, rcgen::Error> {
    let made = Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8v1());
    let document = made.map_err(|_| rcgen::Error::RingUnspecified)?;
    let der = PrivatePkcs8KeyDer::from(document.as_ref());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519)
}

/// The private key of a CA.
pub(super) fn read(path: &Path) -> Result<KeyPair, CertError> {
    let unusable = |what: &str| CertError::CaKey {
        path: path.into(),
        what: what.to_owned(),
    };
    let unreadable = |source| CertError::Read {
        path: path.into(),
        source,
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() || metadata.len() > LIMIT {
        return Err(unusable("it is not a file of the size of a key"));
    }
    let content = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&content);
    if text.contains("ENCRYPTED") {
        return Err(unusable(
            "it is encrypted with a passphrase; decrypt a copy: `(umask 077; openssl pkey -in \
             FILE -out ca.key)`",
        ));
    }
    let key = match text.contains("-----BEGIN ") {
        true => PrivateKeyDer::from_pem_slice(&content).ok(),
        false => PrivateKeyDer::try_from(&content[..])
            .ok()
            .map(|key| key.clone_key()),
    };
    let key = key.ok_or_else(|| unusable("there is no private key in it"))?;
    KeyPair::try_from(&key).map_err(|_| {
        unusable("it is damaged, or not of a kind that is known here: RSA, ECDSA or Ed25519")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_command_line() {
        let names: Vec<_> = KeyType::value_variants()
            .iter()
            .filter_map(|kind| Some(kind.to_possible_value()?.get_name().to_owned()))
            .collect();
        let expected = "ecdsa-p256 ecdsa-p384 rsa-2048 rsa-3072 rsa-4096 ed25519";
        assert_eq!(names.join(" "), expected);
    }
}

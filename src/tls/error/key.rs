//! The words for private keys, and for keys and certificates that were mixed
//! up.

use std::fmt;

use super::{Shell, TlsConfigError};
use crate::tls::Role;

pub(super) fn fmt(error: &TlsConfigError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let path = error.path().display();
    let shell = Shell(error.path());
    match error {
        TlsConfigError::CertificateInsteadOfKey { .. } => write!(
            f,
            "key file {path} holds a certificate and no private key; if the certificate and the \
             key path are swapped, swap them back, else name the file that contains \
             `PRIVATE KEY-----`"
        ),
        TlsConfigError::EncryptedKey { .. } => write!(
            f,
            "key file {path} is encrypted with a passphrase, which a server cannot ask for; \
             expected a key without one: `(umask 077; openssl pkey -in {shell} -out plain.key)`"
        ),
        TlsConfigError::KeyInsteadOfCertificate { role, .. } => {
            write!(f, "{role} {path} holds a private key and no certificate; ")?;
            if *role == Role::Certificate {
                f.write_str(
                    "if the certificate and the key path are swapped, swap them back, else ",
                )?;
            }
            f.write_str("name the file that contains `-----BEGIN CERTIFICATE-----`")
        }
        TlsConfigError::KeyMismatch { key, .. } => write!(
            f,
            "the private key in {} does not belong to the certificate in {path}; name the two \
             files that were made together: `openssl x509 -in {shell} -noout -pubkey` and \
             `openssl pkey -in {} -pubout` must print the same",
            key.display(),
            Shell(key)
        ),
        TlsConfigError::SeveralKeys { count, .. } => write!(
            f,
            "key file {path} holds {count} private keys; expected exactly one; leave only the \
             key that belongs to the certificate"
        ),
        TlsConfigError::UnsupportedKey { .. } => write!(
            f,
            "the private key in {path} is damaged or of an unknown kind; expected {EXPECTED}; \
             copy the file again, or {NEW_KEY}"
        ),
        TlsConfigError::UnsupportedKeyKind { found, .. } => write!(
            f,
            "the private key in {path} is {found}, which is not supported; expected {EXPECTED}; \
             {NEW_KEY}"
        ),
        TlsConfigError::WrongOrder { position, .. } => write!(
            f,
            "the private key belongs to certificate {position} in {path}, not to the first; put \
             the server's own certificate first, then each one's issuer"
        ),
        other => write!(f, "{other:?}"),
    }
}

const EXPECTED: &str = "ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more";

const NEW_KEY: &str = "have a certificate issued for a new key, which \
    `(umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key)` \
    makes (`oneport cert server` makes both)";

//! What is wrong with a certificate or key file, and what to do about it.

mod about;
mod certificate;
mod display;
mod file;
mod key;

use std::io;
use std::path::PathBuf;

pub(super) use self::display::Shell;

use super::describe::{MalformedCertificate, MalformedCrl};
use super::{FileKind, Found, Role, TicketSecretsError};

/// A pair of certificate and key files cannot be used.
///
/// The text names the file, what was found, what was expected, and what to do.
/// It never contains any of a key. docs/tls-errors.md explains each.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// The server's own certificate is that of a CA, and names no host.
    CaAsLeaf {
        /// The certificate file.
        path: PathBuf,
        /// Whose certificate it is.
        subject: String,
    },
    /// The key file holds a certificate and no key.
    CertificateInsteadOfKey {
        /// The key file.
        path: PathBuf,
    },
    /// The issuer of a certificate is in the file, but not right after it.
    ChainOrder {
        /// The certificate file.
        path: PathBuf,
        /// Which certificate is not where it should be, from 1.
        position: usize,
        /// Whose certificate that is.
        subject: String,
        /// Whose certificate should be there.
        expected: String,
        /// Where that one is, from 1.
        expected_at: usize,
    },
    /// The file is empty, or holds white space only.
    Empty {
        /// The file.
        path: PathBuf,
        /// What it was to hold.
        role: Role,
    },
    /// The private key is protected by a passphrase.
    EncryptedKey {
        /// The key file.
        path: PathBuf,
    },
    /// A certificate is past its last day.
    Expired {
        /// The file.
        path: PathBuf,
        /// What it was to hold.
        role: Role,
        /// Which certificate of the file, from 1.
        position: usize,
        /// Whose certificate that is.
        subject: String,
        /// Its last day, in UTC, as `2030-01-31`.
        on: String,
    },
    /// A certificate file holds a private key and no certificate.
    KeyInsteadOfCertificate {
        /// The file.
        path: PathBuf,
        /// Which certificates it was to hold.
        role: Role,
    },
    /// The private key belongs to none of the certificates.
    KeyMismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// What was to be a CA is a leaf that somebody else signed.
    LeafAsClientCa {
        /// The client CA file.
        path: PathBuf,
        /// Which certificate of the file, from 1.
        position: usize,
        /// Whose certificate that is.
        subject: String,
        /// Who signed it.
        issuer: String,
    },
    /// A certificate is not X.509 in DER.
    MalformedCertificate {
        /// The certificate file.
        path: PathBuf,
        /// Which certificate of the file, from 1.
        position: usize,
        /// Why.
        source: MalformedCertificate,
    },
    /// A certificate revocation list (CRL) is none.
    MalformedCrl {
        /// The CRL file.
        path: PathBuf,
        /// Which list of the file, from 1.
        position: usize,
        /// Why.
        source: MalformedCrl,
    },
    /// The file has PEM sections that cannot be decoded.
    MalformedPem {
        /// The file.
        path: PathBuf,
        /// What the parser stumbled over.
        detail: String,
    },
    /// The server's own certificate has no subject alternative names.
    MissingNames {
        /// The certificate file.
        path: PathBuf,
        /// Whose certificate it is.
        subject: String,
    },
    /// A certificate file holds neither certificate nor key.
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// Which certificates it was to hold.
        role: Role,
        /// What is in it.
        found: Found,
    },
    /// It was said how client certificates are to be judged, and not which CA
    /// signs them.
    NoClientCa {
        /// The server's certificate file.
        path: PathBuf,
    },
    /// The file holds no certificate revocation list (CRL).
    NoCrl {
        /// The CRL file.
        path: PathBuf,
        /// What is in it.
        found: Found,
    },
    /// The key file holds neither key nor certificate.
    NoKey {
        /// The key file.
        path: PathBuf,
        /// What is in it.
        found: Found,
    },
    /// The system's CAs were to be trusted, and there are none.
    NoSystemCas {
        /// What `SSL_CERT_FILE` or `SSL_CERT_DIR` says; empty where neither does.
        path: PathBuf,
    },
    /// There is no such file.
    NotFound {
        /// The path that was given.
        path: PathBuf,
        /// What the file was to hold.
        role: Role,
    },
    /// The path leads to a directory, a device, a FIFO or the like.
    NotRegular {
        /// The path that was given.
        path: PathBuf,
        /// What the file was to hold.
        role: Role,
        /// What it is.
        found: FileKind,
    },
    /// A certificate is not valid yet.
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// What it was to hold.
        role: Role,
        /// Which certificate of the file, from 1.
        position: usize,
        /// Whose certificate that is.
        subject: String,
        /// Its first day, in UTC, as `2030-01-31`.
        on: String,
    },
    /// The server's certificate is not of X.509 version 3.
    ObsoleteVersion {
        /// The certificate file.
        path: PathBuf,
        /// The version it is of.
        version: u32,
    },
    /// rustls refused the certificate or the configuration made from it.
    Refused {
        /// The certificate file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The key file holds more than one private key.
    SeveralKeys {
        /// The key file.
        path: PathBuf,
        /// How many it holds.
        count: usize,
    },
    /// A certificate of the chain has nothing to do with the one before it.
    Stranger {
        /// The certificate file.
        path: PathBuf,
        /// Which certificate does not belong there, from 1.
        position: usize,
        /// Whose certificate that is.
        subject: String,
        /// Who issued the one before it; `subject` if only its key is another.
        expected: String,
    },
    /// The file with the secrets of session tickets cannot be used.
    TicketSecrets {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TicketSecretsError,
    },
    /// The file is larger than any certificate or key file.
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What it was to hold.
        role: Role,
    },
    /// The operating system does not let us read the file.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What it was to hold.
        role: Role,
        /// Why.
        source: io::Error,
    },
    /// A certificate revocation list (CRL) lacks what makes it usable.
    UnsupportedCrl {
        /// The CRL file.
        path: PathBuf,
        /// Which list of the file, from 1.
        position: usize,
        /// What is the matter with it.
        found: &'static str,
    },
    /// The private key is damaged, or of an unknown algorithm.
    UnsupportedKey {
        /// The key file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The private key is too short, or not supported.
    UnsupportedKeyKind {
        /// The key file.
        path: PathBuf,
        /// What key it is.
        found: Found,
    },
    /// The public key in a certificate is too short, or not supported.
    UnsupportedPublicKey {
        /// The file.
        path: PathBuf,
        /// What it was to hold.
        role: Role,
        /// Which certificate of the file, from 1.
        position: usize,
        /// Whose certificate that is.
        subject: String,
        /// What key it has.
        found: Found,
    },
    /// A certificate is signed with a hash that can be forged.
    WeakSignature {
        /// The certificate file.
        path: PathBuf,
        /// Which certificate of the file, from 1.
        position: usize,
        /// Whose certificate that is.
        subject: String,
        /// The hash: `SHA-1`, `MD5` or older.
        hash: &'static str,
    },
    /// The server's own certificate is not the first one of the file.
    WrongOrder {
        /// The certificate file.
        path: PathBuf,
        /// Where the certificate that belongs to the key is, from 1.
        position: usize,
    },
    /// The server's own certificate may be used for other purposes only.
    WrongPurpose {
        /// The certificate file.
        path: PathBuf,
        /// Whose certificate it is.
        subject: String,
        /// What it may be used for (extended key usage, RFC 5280 4.2.1.12).
        purposes: String,
    },
}

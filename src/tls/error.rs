//! What is wrong with a certificate or key file, and what to do about it.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::describe::MalformedCertificate;
use super::{Found, Role, TicketSecretsError};

/// A pair of certificate and key files cannot be used.
///
/// The text names the file, what was found in it, what was expected, and what
/// to do. It never contains any of a key.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// The key file holds a certificate and no key.
    CertificateInsteadOfKey {
        /// The key file.
        path: PathBuf,
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
    /// The certificate file holds a private key and no certificate.
    KeyInsteadOfCertificate {
        /// The certificate file.
        path: PathBuf,
    },
    /// The private key belongs to none of the certificates.
    KeyMismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
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
    /// The file is damaged: it has PEM sections that cannot be decoded.
    MalformedPem {
        /// The file.
        path: PathBuf,
        /// What the parser stumbled over.
        detail: String,
    },
    /// The certificate file holds neither certificate nor key.
    NoCertificate {
        /// The certificate file.
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
        /// What it is, with an article.
        found: &'static str,
    },
    /// The server's certificate is not of X.509 version 3.
    ObsoleteVersion {
        /// The certificate file.
        path: PathBuf,
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
    /// A ticket secrets file is not one.
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
    /// The private key is damaged, too short, or of an unknown algorithm.
    UnsupportedKey {
        /// The key file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The server's own certificate is not the first one of the file.
    WrongOrder {
        /// The certificate file.
        path: PathBuf,
        /// Where the certificate that belongs to the key is, from 1.
        position: usize,
    },
}

impl TlsConfigError {
    /// The file that the error is about; the certificate file where it is about
    /// both.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::CertificateInsteadOfKey { path }
            | Self::Empty { path, .. }
            | Self::EncryptedKey { path }
            | Self::KeyInsteadOfCertificate { path }
            | Self::KeyMismatch {
                certificate: path, ..
            }
            | Self::MalformedCertificate { path, .. }
            | Self::MalformedPem { path, .. }
            | Self::NoCertificate { path, .. }
            | Self::NoKey { path, .. }
            | Self::NotFound { path, .. }
            | Self::NotRegular { path, .. }
            | Self::ObsoleteVersion { path }
            | Self::Refused { path, .. }
            | Self::SeveralKeys { path, .. }
            | Self::TicketSecrets { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Unreadable { path, .. }
            | Self::UnsupportedKey { path, .. }
            | Self::WrongOrder { path, .. } => path,
        }
    }
}

impl fmt::Display for TlsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path().display();
        let shell = Shell(self.path());
        match self {
            Self::CertificateInsteadOfKey { .. } => write!(
                f,
                "key file {path} holds a certificate and no private key; if the certificate and \
                 the key path are swapped, swap them back, else name the file that contains \
                 `PRIVATE KEY-----`"
            ),
            Self::Empty { role, .. } => write!(
                f,
                "{role} {path} is empty; expected {}; whatever wrote it has failed, write it again",
                expected(*role)
            ),
            Self::EncryptedKey { .. } => write!(
                f,
                "key file {path} is encrypted with a passphrase, which a server cannot ask for; \
                 expected a key without one: `(umask 077; openssl pkey -in {shell} -out server.key)`"
            ),
            Self::KeyInsteadOfCertificate { .. } => write!(
                f,
                "certificate file {path} holds a private key and no certificate; if the \
                 certificate and the key path are swapped, swap them back, else name the file \
                 that contains `-----BEGIN CERTIFICATE-----`"
            ),
            Self::KeyMismatch { key, .. } => write!(
                f,
                "the private key in {} does not belong to the certificate in {path}; name the two \
                 files that were made together: `openssl x509 -in {shell} -noout -pubkey` and \
                 `openssl pkey -in {} -pubout` must print the same",
                key.display(),
                Shell(key)
            ),
            Self::MalformedCertificate { position, .. } => write!(
                f,
                "certificate {position} in {path} is not a valid X.509 certificate; copy the file \
                 again from where it was issued"
            ),
            Self::MalformedPem { detail, .. } => write!(
                f,
                "{path} is not valid PEM: {detail}; copy the file again, completely and as text"
            ),
            Self::NoCertificate { found, .. } => instead(f, Role::Certificate, self.path(), found),
            Self::NoKey { found, .. } => instead(f, Role::Key, self.path(), found),
            Self::NotFound { role, .. } => write!(
                f,
                "{role} {path} does not exist; check the path (a relative one starts at the working \
                 directory) and where symbolic links lead"
            ),
            Self::NotRegular { role, found, .. } => write!(
                f,
                "{role} {path} is {found}; expected a regular file with {}; name that file",
                expected(*role)
            ),
            Self::ObsoleteVersion { .. } => write!(
                f,
                "the certificate in {path} is of an X.509 version before 3 and has no subject \
                 alternative names, so clients refuse it; `openssl x509 -req` makes such \
                 certificates when it is given no extensions: issue it again with \
                 `-extfile <(echo subjectAltName=DNS:localhost)` and your own names"
            ),
            Self::Refused { .. } => write!(
                f,
                "the TLS library does not accept the certificate in {path}; look at it with \
                 `openssl x509 -in {shell} -noout -text` and have it issued again"
            ),
            Self::SeveralKeys { count, .. } => write!(
                f,
                "key file {path} holds {count} private keys; expected exactly one; leave only the \
                 key that belongs to the certificate"
            ),
            Self::TicketSecrets { source, .. } => {
                write!(f, "{} {path} cannot be used: {source}", Role::TicketSecrets)
            }
            Self::TooLarge { role, .. } => write!(
                f,
                "{role} {path} is larger than {} KiB; expected {}; check that the path names the \
                 right file",
                role.limit() / 1024,
                expected(*role)
            ),
            Self::Unreadable { role, .. } => write!(
                f,
                "{role} {path} cannot be read; let the user that runs the server read the file \
                 and enter the directories above it"
            ),
            Self::UnsupportedKey { .. } => write!(
                f,
                "the private key in {path} is damaged or of a kind that is not supported; \
                 expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more: \
                 `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes a new \
                 one, and a certificate for it must be issued"
            ),
            Self::WrongOrder { position, .. } => write!(
                f,
                "the private key belongs to certificate {position} in {path}, not to the first; \
                 put the server's own certificate first, then each one's issuer"
            ),
        }
    }
}

impl Error for TlsConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused { source, .. } | Self::UnsupportedKey { source, .. } => Some(source),
            Self::MalformedCertificate { source, .. } => Some(source),
            Self::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}

fn expected(role: Role) -> &'static str {
    match role {
        Role::Certificate => "a PEM certificate chain, such as fullchain.pem",
        Role::ClientCa => "the PEM certificates of the CAs that sign client certificates",
        Role::Key => "a PEM private key, such as privkey.pem",
        Role::TicketSecrets => "lines that `openssl rand -hex 32` printed",
    }
}

fn instead(f: &mut fmt::Formatter<'_>, role: Role, path: &Path, found: &Found) -> fmt::Result {
    write!(
        f,
        "{role} {} holds {found}; expected {}; ",
        path.display(),
        expected(role)
    )?;
    match found.remedy(path) {
        Some(remedy) => f.write_str(&remedy),
        None => f.write_str("check that the path names the right file"),
    }
}

/// A path as one word of a shell command that can be pasted.
pub(super) struct Shell<'a>(pub(super) &'a Path);

impl fmt::Display for Shell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.to_string_lossy();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/\\:._-+".contains(c);
        if path.chars().all(plain) && !path.starts_with('-') {
            f.write_str(&path)
        } else {
            write!(f, "'{}'", path.replace('\'', r"'\''"))
        }
    }
}

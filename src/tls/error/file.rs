//! The words for files that cannot be read, or hold something else.

use std::fmt;
use std::path::Path;

use super::TlsConfigError;
use crate::tls::{FileKind, Found, Role};

pub(super) fn fmt(error: &TlsConfigError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let path = error.path().display();
    match error {
        TlsConfigError::Empty { role, .. } => write!(
            f,
            "{role} {path} is empty; expected {}; whatever wrote it has failed, write it again",
            expected(*role)
        ),
        TlsConfigError::MalformedPem { detail, .. } => write!(
            f,
            "{path} is not valid PEM: {detail}; copy the file again, completely and as text"
        ),
        TlsConfigError::NoCertificate { role, found, .. } => instead(f, *role, error.path(), found),
        TlsConfigError::NoClientCa { .. } => write!(
            f,
            "client certificates were to be judged beside {path}, but no CA is named that signs \
             them, so no client would be asked for one; name it with `--client-ca`, or leave \
             `--client-auth` and `--client-crl` out"
        ),
        TlsConfigError::NoCrl { found, .. } => instead(f, Role::ClientCrl, error.path(), found),
        TlsConfigError::NoKey { found, .. } => instead(f, Role::Key, error.path(), found),
        TlsConfigError::NoSystemCas { path } if path.as_os_str().is_empty() => f.write_str(
            "this system has no CA certificates, and clients' were to be verified by them; \
             install them (Debian's package is ca-certificates), or let SSL_CERT_FILE name a \
             file with PEM certificates",
        ),
        TlsConfigError::NoSystemCas { .. } => write!(
            f,
            "no CA certificate can be read from {path}, where SSL_CERT_FILE and SSL_CERT_DIR lead \
             instead of to the system's store; let them name PEM certificates, or unset them"
        ),
        TlsConfigError::NotFound { role, .. } => write!(
            f,
            "{role} {path} does not exist; check the path (a relative one starts at the working \
             directory) and where symbolic links lead"
        ),
        TlsConfigError::NotRegular { role, found, .. } => {
            let expected = expected(*role);
            write!(
                f,
                "{role} {path} is {found}; expected a regular file with {expected}; "
            )?;
            f.write_str(match found {
                FileKind::CharacterDevice | FileKind::Fifo => {
                    "name that file, or pass `--allow-special-files` to read this all the same"
                }
                FileKind::Directory => "name the file in it",
                FileKind::BlockDevice | FileKind::Other | FileKind::Socket => "name that file",
            })
        }
        TlsConfigError::TicketSecrets { source, .. } => {
            write!(f, "{} {path} cannot be used: {source}", Role::TicketSecrets)
        }
        TlsConfigError::TooLarge { role, .. } => write!(
            f,
            "{role} {path} is larger than {} KiB; expected {}; check that the path names the \
             right file",
            role.limit() / 1024,
            expected(*role)
        ),
        TlsConfigError::Unreadable { role, .. } => write!(
            f,
            "{role} {path} cannot be read; let the user that runs the server read the file and \
             enter the directories above it"
        ),
        other => write!(f, "{other:?}"),
    }
}

fn expected(role: Role) -> &'static str {
    match role {
        Role::Certificate => "a PEM certificate chain, such as fullchain.pem",
        Role::ClientCa => "the PEM certificates of the CAs that sign client certificates",
        Role::ClientCrl => "certificate revocation lists, such as `oneport cert crl` makes",
        Role::Key => "a PEM private key, such as privkey.pem",
        Role::ServerCa => "the PEM certificates of the CAs that sign server certificates",
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

//! Reading a certificate or key file without trusting its path.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::TlsConfigError;

/// Which part a file plays in a TLS configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The file with the certificate chain.
    Certificate,
    /// A file with CAs that sign client certificates.
    ClientCa,
    /// The file with the private key.
    Key,
    /// The file with the secrets of session tickets.
    TicketSecrets,
}

impl Role {
    /// The largest file that is read, in bytes. A chain with a few RSA
    /// certificates has about 10 KiB, an RSA 8192 key about 6 KiB.
    pub(super) const fn limit(self) -> u64 {
        match self {
            Self::Certificate | Self::ClientCa => 1024 * 1024,
            Self::Key | Self::TicketSecrets => 64 * 1024,
        }
    }
}

/// `certificate file`, `client CA file` or `key file`.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate file",
            Self::ClientCa => "client CA file",
            Self::Key => "key file",
            Self::TicketSecrets => "ticket secrets file",
        })
    }
}

/// The content of a regular file, at most [`Role::limit`] bytes of it.
///
/// The kind of the file is looked at before it is opened, because opening a
/// FIFO for reading waits for a writer, and once more afterwards, because the
/// path may have been replaced in between.
pub(super) fn read(path: &Path, role: Role) -> Result<Vec<u8>, TlsConfigError> {
    let failed = |error| failed(path, role, error);
    check_kind(path, role, &fs::metadata(path).map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check_kind(path, role, &metadata)?;

    let limit = role.limit();
    let mut content = Vec::new();
    // One byte over the limit tells "too large" from "just fits", whatever the
    // length in the metadata says (files in /proc say 0).
    file.take(limit + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() as u64 > limit {
        return Err(TlsConfigError::TooLarge {
            path: path.into(),
            role,
        });
    }
    if content.trim_ascii().is_empty() {
        return Err(TlsConfigError::Empty {
            path: path.into(),
            role,
        });
    }
    Ok(content)
}

fn failed(path: &Path, role: Role, error: io::Error) -> TlsConfigError {
    let path = path.into();
    match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::NotFound => {
            TlsConfigError::NotFound { path, role }
        }
        _ => TlsConfigError::Unreadable {
            path,
            role,
            source: error,
        },
    }
}

fn check_kind(path: &Path, role: Role, metadata: &fs::Metadata) -> Result<(), TlsConfigError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(TlsConfigError::NotRegular {
        path: path.into(),
        role,
        found: kind(metadata.file_type()),
    })
}

fn kind(file_type: fs::FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if file_type.is_fifo() {
            return "a FIFO";
        }
        if file_type.is_socket() {
            return "a socket";
        }
        if file_type.is_char_device() || file_type.is_block_device() {
            return "a device";
        }
    }
    if file_type.is_dir() {
        "a directory"
    } else {
        "a special file"
    }
}

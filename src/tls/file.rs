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
    /// A file with lists of client certificates that were revoked (CRLs).
    ClientCrl,
    /// The file with the private key.
    Key,
    /// A file with CAs that sign server certificates.
    ServerCa,
    /// The file with the secrets of session tickets.
    TicketSecrets,
}

impl Role {
    /// The largest file that is read, in bytes. A chain with a few RSA
    /// certificates has about 10 KiB, an RSA 8192 key about 6 KiB. A revoked
    /// certificate takes about 40 bytes of a CRL: 16 MiB are 400,000 of them,
    /// more than the CA of a service's own clients ever issues.
    pub(super) const fn limit(self) -> u64 {
        match self {
            Self::Certificate | Self::ClientCa | Self::ServerCa => 1024 * 1024,
            Self::ClientCrl => 16 * 1024 * 1024,
            Self::Key | Self::TicketSecrets => 64 * 1024,
        }
    }
}

/// `certificate file`, `client CA file` and the like.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate file",
            Self::ClientCa => "client CA file",
            Self::ClientCrl => "client CRL file",
            Self::Key => "key file",
            Self::ServerCa => "CA file",
            Self::TicketSecrets => "ticket secrets file",
        })
    }
}

/// What a path leads to.
///
/// Displays with an article, such as `a directory`.
///
/// ```
/// assert_eq!(oneport::tls::FileKind::Fifo.to_string(), "a FIFO");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A disk.
    BlockDevice,
    /// `/dev/zero`, a terminal and the like.
    CharacterDevice,
    /// A directory.
    Directory,
    /// A named pipe, or what a shell makes of `<(command)`.
    Fifo,
    /// What this crate has no word for.
    Other,
    /// A Unix domain socket.
    Socket,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BlockDevice | Self::CharacterDevice => "a device",
            Self::Directory => "a directory",
            Self::Fifo => "a FIFO",
            Self::Other => "a special file",
            Self::Socket => "a socket",
        })
    }
}

/// Which kinds of files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kinds {
    /// Also FIFOs and character devices, for `--cert <(vault ..)`. They are
    /// read up to the same limit, but may keep us waiting, and give their
    /// content once: such a configuration cannot be reloaded.
    // Nothing asks for it where there is no provider to load with.
    #[cfg_attr(not(any(feature = "aws-lc-rs", feature = "ring")), allow(dead_code))]
    Any,
    /// Regular files. A path that leads elsewhere is a mistake, as a rule, and
    /// one that may hang the start.
    #[default]
    Regular,
}

impl Kinds {
    fn has(self, kind: FileKind) -> bool {
        matches!(
            (self, kind),
            (Self::Any, FileKind::CharacterDevice | FileKind::Fifo)
        )
    }
}

/// The content of a file, at most [`Role::limit`] bytes of it.
///
/// The kind of the file is looked at before it is opened, because opening a
/// FIFO for reading waits for a writer, and once more afterwards, because the
/// path may have been replaced in between.
pub(super) fn read(path: &Path, role: Role, kinds: Kinds) -> Result<Vec<u8>, TlsConfigError> {
    let failed = |error| failed(path, role, error);
    let check = |metadata: &fs::Metadata| match kind(metadata.file_type()) {
        Some(found) if !kinds.has(found) => Err(TlsConfigError::NotRegular {
            path: path.into(),
            role,
            found,
        }),
        _ => Ok(()),
    };
    check(&fs::metadata(path).map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    check(&file.metadata().map_err(failed)?)?;

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

/// Nothing for a regular file.
fn kind(file_type: fs::FileType) -> Option<FileKind> {
    if file_type.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if file_type.is_fifo() {
            return Some(FileKind::Fifo);
        }
        if file_type.is_socket() {
            return Some(FileKind::Socket);
        }
        if file_type.is_char_device() {
            return Some(FileKind::CharacterDevice);
        }
        if file_type.is_block_device() {
            return Some(FileKind::BlockDevice);
        }
    }
    Some(if file_type.is_dir() {
        FileKind::Directory
    } else {
        FileKind::Other
    })
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use super::*;

    /// `--cert <(vault ..)`.
    #[test]
    fn a_fifo_is_read_where_that_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let writer = {
            let path = path.clone();
            std::thread::spawn(move || fs::write(path, "from a pipe"))
        };
        let content = read(&path, Role::Key, Kinds::Any).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(content, b"from a pipe");
    }

    #[test]
    fn special_files_have_limits_too() {
        let endless = read(Path::new("/dev/zero"), Role::Key, Kinds::Any);
        assert!(
            matches!(endless, Err(TlsConfigError::TooLarge { .. })),
            "{endless:?}"
        );
        let nothing = read(Path::new("/dev/null"), Role::Key, Kinds::Any);
        assert!(
            matches!(nothing, Err(TlsConfigError::Empty { .. })),
            "{nothing:?}"
        );
    }

    #[test]
    fn directories_and_sockets_are_never_read() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, kind) in [
            (dir.path(), FileKind::Directory),
            (&socket, FileKind::Socket),
        ] {
            let error = read(path, Role::Key, Kinds::Any);
            assert!(
                matches!(error, Err(TlsConfigError::NotRegular { found, .. }) if found == kind),
                "{error:?}"
            );
        }
    }
}

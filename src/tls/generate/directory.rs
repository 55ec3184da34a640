//! The directory of the development certificate: locked while in use, files
//! written whole.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use directories::ProjectDirs;

use super::GenerateError;
use crate::tls::TlsConfigError;
use crate::tls::file::Role;
use crate::tls::pem::Contents;

pub(super) const CA_CERT: &str = "ca.crt";
pub(super) const CA_KEY: &str = "ca.key";
pub(super) const SERVER_CERT: &str = "server.crt";
pub(super) const SERVER_KEY: &str = "server.key";
const LOCK: &str = ".lock";

/// Making everything takes milliseconds; whoever holds the lock for longer is
/// stopped or stuck.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const LOCK_RETRY: Duration = Duration::from_millis(10);

/// Where the certificate is kept unless somebody says otherwise.
pub(super) fn default() -> Result<PathBuf, GenerateError> {
    let project = ProjectDirs::from("", "", "oneport").ok_or(GenerateError::NoDataDirectory)?;
    Ok(project.data_local_dir().join("dev-certs"))
}

/// The directory, to which no other process has access through this type
/// before it is dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Closing it unlocks it, also when the process is killed.
    _lock: File,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, GenerateError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(unwritable(path))?;
        Ok(Self {
            path: path.into(),
            _lock: lock(&path.join(LOCK))?,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What a kept file holds; nothing where it is missing or damaged.
    ///
    /// # Errors
    ///
    /// When it is there and may not be read: it is not ours to replace.
    pub(super) fn read(&self, name: &str, role: Role) -> Result<Option<Contents>, GenerateError> {
        match Contents::read(&self.path.join(name), role) {
            Ok(contents) => Ok(Some(contents)),
            Err(
                error @ (TlsConfigError::Unreadable { .. } | TlsConfigError::NotRegular { .. }),
            ) => Err(GenerateError::Unreadable(error)),
            Err(TlsConfigError::NotFound { .. }) => Ok(None),
            Err(error) => {
                tracing::warn!(%error, "a file of the development certificate is damaged");
                Ok(None)
            }
        }
    }

    /// Makes or replaces a file, in one step for all who look.
    ///
    /// Keys are readable for their owner only from the moment they exist.
    pub(super) fn write(&self, name: &str, role: Role, content: &str) -> Result<(), GenerateError> {
        let path = self.path.join(name);
        let temporary = self.path.join(format!(".{name}.new"));
        write_new(&temporary, role, content)
            .and_then(|()| fs::rename(&temporary, &path))
            .map_err(unwritable(&path))
    }

    /// Takes group and world the access to a key that is kept.
    pub(super) fn protect(&self, name: &str) -> Result<(), GenerateError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = self.path.join(name);
            let mode = |path: &Path| Ok(fs::metadata(path)?.permissions().mode());
            let private = fs::Permissions::from_mode(0o600);
            if mode(&path).map_err(unwritable(&path))? & 0o077 != 0 {
                fs::set_permissions(&path, private).map_err(unwritable(&path))?;
            }
        }
        #[cfg(not(unix))]
        let _ = name;
        Ok(())
    }

    /// Renames a file that is in the way to `.old`.
    pub(super) fn set_aside(&self, name: &str) -> Result<(), GenerateError> {
        let path = self.path.join(name);
        match fs::rename(&path, self.path.join(format!("{name}.old"))) {
            Ok(()) => {
                tracing::warn!(
                    file = %path.display(),
                    "cannot be used as development CA; kept beside it as .old"
                );
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(unwritable(&path)(source)),
        }
    }
}

/// The lock protects the name of the temporary file: one that is there was
/// left by a process that died.
fn write_new(path: &Path, role: Role, content: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match role {
            Role::Certificate | Role::ClientCa | Role::ClientCrl | Role::ServerCa => 0o644,
            Role::Key | Role::TicketSecrets => 0o600,
        },
    );
    #[cfg(not(unix))]
    let _ = role;
    let mut file = options.open(path)?;
    file.write_all(content.as_bytes())?;
    // Before the rename, or a crash of the machine could leave an empty file
    // under the final name.
    file.sync_all()
}

// `File::try_lock` is from Rust 1.89. This feature needs more than the core of
// the crate anyway: `time` asks for 1.88.
#[allow(clippy::incompatible_msrv)]
fn lock(path: &Path) -> Result<File, GenerateError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(unwritable(path))?;

    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(LOCK_RETRY);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(GenerateError::Locked { path: path.into() });
            }
            // Some network file systems have no locks. What can go wrong there
            // is that of two first starts one finds its CA replaced.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(file);
            }
            Err(TryLockError::Error(source)) => return Err(unwritable(path)(source)),
        }
    }
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> GenerateError {
    move |source| GenerateError::Unwritable {
        path: path.into(),
        source,
    }
}

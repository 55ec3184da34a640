//! What is kept on disk: the account, and each set of domains' certificate.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use directories::ProjectDirs;
use sha2::{Digest, Sha256};

use super::AcmeError;
use super::certificate::Certificate;

const ACCOUNT: &str = "account.json";
const LOCK: &str = ".lock";

/// Far more than a chain and a key, or an account, have; in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Where certificates are kept unless somebody says otherwise.
pub(super) fn default() -> Result<PathBuf, AcmeError> {
    let project = ProjectDirs::from("", "", "oneport").ok_or(AcmeError::NoCache)?;
    Ok(project.data_local_dir().join("acme"))
}

/// The directory of one CA. The names in it are made of what was asked for, so
/// that nothing is found that was not.
#[derive(Debug)]
pub(super) struct Cache {
    directory: PathBuf,
    /// Key and chain are one file: they can only be replaced together.
    certificate: PathBuf,
    domains: Vec<String>,
}

/// Held while a certificate is ordered, by one process of all that share the
/// directory.
#[derive(Debug)]
pub(super) struct Lock {
    /// Closing it unlocks it, also when the process is killed.
    _file: Option<File>,
}

impl Cache {
    /// Makes the directory (mode 0700) where it is missing. `domains` are sorted.
    pub(super) fn open(root: &Path, ca: &str, domains: &[String]) -> Result<Self, AcmeError> {
        let directory = root.join(named(ca.trim_start_matches("https://"), ca));
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&directory)
            .map_err(|source| AcmeError::Unwritable {
                path: directory.clone(),
                source,
            })?;
        let first = domains.first().map_or("", String::as_str);
        let file = named(first, &domains.join(","));
        Ok(Self {
            certificate: directory.join(format!("{file}.pem")),
            directory,
            domains: domains.to_vec(),
        })
    }

    pub(super) fn certificate_path(&self) -> &Path {
        &self.certificate
    }

    /// The certificate for the domains, if one is kept. A file that holds none
    /// is renamed, and logged: it can be had again.
    pub(super) fn certificate(&self) -> io::Result<Option<Certificate>> {
        let Some(pem) = read(&self.certificate)? else {
            return Ok(None);
        };
        let of_these = |it: Certificate| match it.is_for_others(&self.domains) {
            None => Ok(it),
            Some(why) => Err(why),
        };
        match Certificate::from_pem(&pem).and_then(of_these) {
            Ok(certificate) => Ok(Some(certificate)),
            Err(why) => {
                self.set_aside(&self.certificate, &why)?;
                Ok(None)
            }
        }
    }

    pub(super) fn keep_certificate(&self, key: &str, chain: &str) -> io::Result<()> {
        self.write(&self.certificate, &format!("{key}{chain}"))
    }

    /// The account in JSON, if one is kept.
    pub(super) fn account(&self) -> io::Result<Option<Vec<u8>>> {
        let path = self.account_path();
        read(&path).map_err(about(&path))
    }

    pub(super) fn keep_account(&self, json: &str) -> io::Result<()> {
        let path = self.account_path();
        self.write(&path, json).map_err(about(&path))
    }

    /// The account is of no use any more.
    pub(super) fn set_account_aside(&self, why: &str) -> io::Result<()> {
        self.set_aside(&self.account_path(), why)
    }

    /// None while another process orders.
    //
    // `File::try_lock` is from Rust 1.89, as in `tls::generate`.
    #[allow(clippy::incompatible_msrv)]
    pub(super) fn lock(&self) -> io::Result<Option<Lock>> {
        let file = private().create(true).open(self.directory.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            // Some network file systems have no locks. What can go wrong there is
            // that two processes order the same.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                Ok(Some(Lock { _file: None }))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn account_path(&self) -> PathBuf {
        self.directory.join(ACCOUNT)
    }

    /// Makes or replaces a file in one step for all who look, readable for its
    /// owner only from the moment it exists.
    fn write(&self, path: &Path, content: &str) -> io::Result<()> {
        // In containers that share the directory every server is process 1.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_nanos();
        let temporary = format!(".new-{}-{now}", std::process::id());
        let temporary = self.directory.join(temporary);
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let written = (|| {
            let mut file = private().create_new(true).open(&temporary)?;
            file.write_all(content.as_bytes())?;
            // Before the rename, or a crash of the machine could leave an empty file
            // under the final name.
            file.sync_all()?;
            fs::rename(&temporary, path)
        })();
        if written.is_err() {
            // Nobody finds it again, and on a full disk it is in the way.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    fn set_aside(&self, path: &Path, why: &str) -> io::Result<()> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".unusable");
        fs::rename(path, &aside)?;
        tracing::warn!(
            "{} cannot be used ({why}): it is kept beside as .unusable, and made anew",
            path.display()
        );
        Ok(())
    }
}

/// The system does not say which file it means.
fn about(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The content of a regular file that is not absurdly large.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let refused = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return refused("it is not a regular file"),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut content = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut content)?;
    match content.len() as u64 > LARGEST {
        true => refused("it is larger than 1 MiB"),
        false => Ok(Some(content)),
    }
}

/// A file name that people recognize, and that no other `whole` has.
fn named(prefix: &str, whole: &str) -> String {
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => c,
        _ => '_',
    };
    let prefix: String = prefix.chars().map(plain).take(80).collect();
    let digest = Sha256::digest(whole);
    let digits: String = digest[..4].iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{digits}", prefix.trim_matches(['.', '_']))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests;

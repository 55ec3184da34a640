//! A development certificate: made once, kept, used again.
//!
//! # What is made?
//!
//! A certificate authority (CA) of your own and a server certificate signed by
//! it, valid for `localhost`, `127.0.0.1`, `::1` and the names you add. Both
//! keys are ECDSA P-256. The server certificate is valid for 90 days and is
//! replaced by itself, the CA for ten years.
//!
//! # Why a CA, and not a self-signed certificate?
//!
//! Because you tell your browser or your tools once to trust the CA
//! (`curl --cacert ca.crt`), and every later server certificate is trusted
//! without another word.
//!
//! # Where is it kept?
//!
//! In the data directory of the user, on Linux
//! `~/.local/share/oneport/dev-certs`, or in a directory you name:
//!
//! | file | what |
//! |---|---|
//! | `ca.crt` | the CA certificate, to be trusted by clients |
//! | `ca.key` | its key (mode 0600): whoever has it can pose as any site to those who trust `ca.crt` |
//! | `server.crt` | the server certificate, then the CA certificate |
//! | `server.key` | its key (mode 0600) |
//! | `.lock` | held while a process reads or writes the others |
//!
//! Delete the directory to start afresh. `ca.key` may be deleted or moved away:
//! the server certificate then works until it expires.
//!
//! # Is it good for production?
//!
//! No. Nobody but you trusts it, and its keys lie on a disk unencrypted.

mod authority;
mod directory;
mod error;
mod leaf;
mod names;

use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use self::authority::Authority;
use self::directory::{CA_CERT, CA_KEY, Directory, SERVER_CERT, SERVER_KEY};
pub use self::error::GenerateError;
use self::leaf::Leaf;
use self::names::Names;
use super::describe::CertificateSummary;
use super::files::{Parts, certify};
use super::{TlsConfig, TlsConfigError};

/// A server certificate for development, and the CA that signed it.
///
/// ```
/// use oneport::tls::generate::{DevelopmentCertificate, Origin};
///
/// let dir = tempfile::tempdir()?;
/// let made = DevelopmentCertificate::load_or_create(Some(dir.path()), &[])?;
/// assert_eq!(made.origin(), Origin::Created);
/// println!("curl --cacert {} https://localhost", made.ca_path().display());
/// let tls = made.tls_config()?;
/// # let _ = tls;
///
/// let again = DevelopmentCertificate::load_or_create(Some(dir.path()), &[])?;
/// assert_eq!(again.origin(), Origin::Reused);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DevelopmentCertificate {
    directory: PathBuf,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    summary: CertificateSummary,
    origin: Origin,
}

/// Whether a development certificate is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// CA and server certificate were made now: clients do not trust the CA
    /// yet.
    Created,
    /// The server certificate was made now, by the CA that was there.
    Reissued,
    /// Both were there.
    Reused,
}

impl DevelopmentCertificate {
    /// Takes the certificate kept in `dir`, or makes what is missing.
    ///
    /// `dir` is the user's data directory where it is `None`; it is created
    /// (mode 0700) when it does not exist. `names` are host names and IP
    /// addresses beyond `localhost`, `127.0.0.1` and `::1`, such as the address
    /// that the server binds to. The unspecified addresses `0.0.0.0` and `::`
    /// are passed over, as no client connects to them; `[..]` around an IPv6
    /// address is taken off; `*.example.test` is allowed.
    ///
    /// The server certificate is made anew by the kept CA when it expires
    /// within seven days, cannot be used, or lacks one of the names. Names it
    /// already had stay, so that servers with different names do not take it
    /// from each other. The CA is made anew when it is missing or cannot be
    /// used; the files that were there are kept beside it as `ca.crt.old` and
    /// `ca.key.old`. Files appear under their names complete or not at all, and
    /// processes that start at once wait for each other.
    ///
    /// Reads and writes files and so blocks, up to ten seconds when another
    /// process holds the directory: call it before the server starts, or in
    /// `spawn_blocking`. Exists only with a provider feature (`aws-lc-rs`,
    /// `ring`).
    ///
    /// # Errors
    ///
    /// When there is no home directory and `dir` is `None`, a name is not one,
    /// or the directory cannot be read or written. The error says what to do.
    pub fn load_or_create(dir: Option<&Path>, names: &[String]) -> Result<Self, GenerateError> {
        let names = Names::wanted(names)?;
        let directory = match dir {
            Some(dir) => Directory::open(dir)?,
            None => Directory::open(&directory::default()?)?,
        };
        let (leaf, origin) = leaf_for(&directory, names)?;
        let summary = CertificateSummary::from_der(&leaf.chain[0])
            .map_err(|error| GenerateError::Issue(error.into()))?;
        tracing::debug!(dir = %directory.path().display(), ?origin, "development certificate");
        Ok(Self {
            directory: directory.path().into(),
            chain: leaf.chain,
            key: leaf.key,
            summary,
            origin,
        })
    }

    /// The certificate of the CA: what clients have to trust.
    #[must_use]
    pub fn ca_path(&self) -> PathBuf {
        self.directory.join(CA_CERT)
    }

    /// The certificate chain of the server.
    #[must_use]
    pub fn cert_path(&self) -> PathBuf {
        self.directory.join(SERVER_CERT)
    }

    /// The private key of the server.
    #[must_use]
    pub fn key_path(&self) -> PathBuf {
        self.directory.join(SERVER_KEY)
    }

    /// Whether anything was made now.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// What the server certificate says: subject, names, expiry, fingerprint.
    #[must_use]
    pub fn summary(&self) -> &CertificateSummary {
        &self.summary
    }

    /// A configuration with this certificate, otherwise as that of
    /// [`tls::load`](crate::tls::load).
    ///
    /// Each call makes a handle of its own. The files are not read again.
    ///
    /// # Errors
    ///
    /// When rustls refuses the pair.
    pub fn tls_config(&self) -> Result<TlsConfig, TlsConfigError> {
        let (cert, key) = (self.cert_path(), self.key_path());
        let certified = certify(self.chain.clone(), self.key.clone_key(), &cert, &key)?;
        Parts::new(certified).assemble(&cert)
    }
}

fn leaf_for(directory: &Directory, names: Names) -> Result<(Leaf, Origin), GenerateError> {
    let kept = match authority::certificate(directory)? {
        Some(ca) => Leaf::kept(directory, &ca)?,
        None => None,
    };
    // The CA's key is not looked at: a leaf that is good needs none.
    let names = match kept {
        Some(leaf) if leaf.lasts_for(&names) => return Ok((leaf, Origin::Reused)),
        Some(leaf) => names.with_kept(&leaf.names()),
        None => names,
    };
    let (authority, origin) = match Authority::kept(directory)? {
        Some(authority) => (authority, Origin::Reissued),
        None => {
            directory.set_aside(CA_CERT)?;
            directory.set_aside(CA_KEY)?;
            (Authority::create(directory)?, Origin::Created)
        }
    };
    Ok((Leaf::issue(directory, &authority, &names)?, origin))
}

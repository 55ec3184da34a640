//! The certificates the port serves with: the user's own, or one made here.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use oneport::acme::{AcmeError, Driver};
use oneport::tls::describe::CertificateSummary;
use oneport::tls::generate::{DevelopmentCertificate, GenerateError};
use oneport::tls::self_check::{Finding, Report};
use oneport::tls::{Files, TlsConfig, TlsConfigError, Watch};

use crate::args::{OwnCertificate, ServeArgs};
use crate::listen_addr::ListenAddr;
use crate::self_check;
use crate::used::{self, Used};

/// The certificates in use: what the server needs, and what people want to know.
#[derive(Debug)]
pub(crate) struct Certificates {
    pub(crate) config: TlsConfig,
    /// The first is for unknown names. None only before a CA gave the first.
    pub(crate) used: Vec<Used>,
    /// What a client has to trust: the development CA, or the certificate
    /// itself, since only the user knows which CA signed it. None with `--acme`:
    /// clients know such CAs.
    pub(crate) trust: Option<PathBuf>,
    /// Those that a certificate is obtained for from a CA.
    pub(crate) domains: Vec<String>,
    /// What clients would get, if there is a certificate.
    pub(crate) checked: Option<Report>,
    source: Source,
}

/// Where they come from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// What is read.
    files: Files,
    pairs: Vec<(PathBuf, PathBuf)>,
    /// The directory and the names of the development certificate.
    development: Option<(Option<PathBuf>, Vec<String>)>,
    /// What clients may call this listener.
    called: Vec<String>,
    /// A pipe or a device among the files: it gives its content once, and to read it
    /// again may take forever.
    once: Option<PathBuf>,
}

/// Why there is no usable certificate.
#[derive(Debug)]
pub(crate) enum CertificateError {
    Acme(AcmeError),
    Generate(GenerateError),
    Load(TlsConfigError),
    /// No client could be served with it.
    SelfCheck(Finding),
}

impl Certificates {
    /// Loads the files, or makes (or finds) the development certificate for
    /// this listener; with `--acme`, what is kept. Reads and writes files: call it
    /// before serving.
    pub(crate) fn obtain(
        args: &ServeArgs,
        bound: SocketAddr,
        acme: Option<&Driver>,
    ) -> Result<Self, CertificateError> {
        if let Some(driver) = acme {
            return Self::from_ca(args, driver);
        }
        let (pairs, trust, development) = match args.tls.own() {
            OwnCertificate::Files(pairs) => {
                let trust = pairs[0].0.clone();
                (pairs, trust, None)
            }
            OwnCertificate::Development { dir, mut names } => {
                names.extend(own_names(&args.listen, bound));
                let made = DevelopmentCertificate::load_or_create(dir.as_deref(), &names)?;
                let pairs = vec![(made.cert_path(), made.key_path())];
                (pairs, made.ca_path(), Some((dir, names)))
            }
        };
        let source = Source {
            files: files(args, of_pairs(&pairs)),
            pairs,
            development,
            called: self_check::called(&args.listen, bound),
            once: args.read_once().map(Path::to_path_buf),
        };
        let config = source.files.load()?;
        Ok(Self {
            used: source.used(&config),
            checked: Some(source.check(&config)?),
            config,
            trust: Some(trust),
            domains: Vec::new(),
            source,
        })
    }

    fn from_ca(args: &ServeArgs, driver: &Driver) -> Result<Self, CertificateError> {
        let source = Source {
            files: files(args, Files::resolved_by(driver.resolver())),
            pairs: Vec::new(),
            development: None,
            called: Vec::new(),
            once: args.read_once().map(Path::to_path_buf),
        };
        let config = source.files.load()?;
        let path = driver.certificate_path();
        let kept = driver.certificate().map(|summary| Used {
            summary: summary.clone(),
            cert: path.into(),
            key: path.into(),
        });
        // What is wrong with the kept one, the next one may put right.
        let check = || self_check::run(&config, driver.domains().to_vec(), &[]);
        let checked = kept.as_ref().and_then(|_| check().ok());
        Ok(Self {
            config,
            used: kept.into_iter().collect(),
            trust: None,
            domains: driver.domains().to_vec(),
            checked,
            source,
        })
    }

    pub(crate) fn are_development(&self) -> bool {
        self.source.development.is_some()
    }

    /// The names of all of them, each once.
    pub(crate) fn names(&self) -> Vec<String> {
        match self.domains.is_empty() {
            true => used::names(&self.used),
            false => self.domains.clone(),
        }
    }

    /// What reloads them while the server has taken `self` apart.
    pub(crate) fn source(&self) -> Source {
        self.source.clone()
    }
}

impl Source {
    /// Reads everything again, for handshakes from now on. A development
    /// certificate that is about to expire is made anew. Blocks.
    pub(crate) fn reload(&self, config: &TlsConfig) -> Result<Vec<Used>, CertificateError> {
        if let Some((dir, names)) = &self.development {
            DevelopmentCertificate::load_or_create(dir.as_deref(), names)?;
        }
        // Read twice: `reload` lets nobody with older files come after it.
        self.check(&self.files.load()?)?;
        self.files.reload(config)?;
        Ok(self.used(config))
    }

    /// What reloads them when the files change.
    pub(crate) fn watch(&self, config: &TlsConfig) -> Watch {
        let (source, watched) = (self.clone(), config.clone());
        self.files.clone().watch_and_tell(config, move |outcome| {
            // What fails is logged by the watch, what is found by the check.
            if outcome.is_err() {
                return;
            }
            source.used(&watched).iter().for_each(Used::log);
            if let Err(error) = source.check(&watched) {
                tracing::error!("the new certificates: {error}");
            }
        })
    }

    /// What keeps them from being read again.
    pub(crate) fn once(&self) -> Option<&Path> {
        self.once.as_deref()
    }

    fn check(&self, config: &TlsConfig) -> Result<Report, CertificateError> {
        let used = self.used(config);
        let report = self_check::run(config, used::names(&used), &self.called)
            .map_err(CertificateError::SelfCheck)?;
        used::warn_of_unseen(&used, &report);
        Ok(report)
    }

    fn used(&self, config: &TlsConfig) -> Vec<Used> {
        let used = self.pairs.iter().zip(config.chains());
        let used = used.filter_map(|((cert, key), chain)| {
            Some(Used {
                // What cannot be read was refused.
                summary: CertificateSummary::from_der(chain.first()?).ok()?,
                cert: cert.clone(),
                key: key.clone(),
            })
        });
        used.collect()
    }
}

fn of_pairs(pairs: &[(PathBuf, PathBuf)]) -> Files {
    let (cert, key) = &pairs[0];
    let others = pairs[1..].iter();
    others.fold(Files::new(cert, key), |files, (cert, key)| {
        files.and(cert, key)
    })
}

/// With what else was asked for.
fn files(args: &ServeArgs, files: Files) -> Files {
    let (tls, clients) = (&args.tls, &args.clients);
    let mut files = files
        .unknown_names(tls.unknown_names.into())
        .minimum_version(tls.tls_min.into());
    if let Some(auth) = clients.client_auth {
        files = files.client_auth(auth.into());
    }
    files = clients.client_ca.iter().fold(files, Files::client_ca);
    files = clients.client_crl.iter().fold(files, Files::client_crl);
    if clients.client_trust_system_root_store {
        files = files.client_system_roots();
    }
    if let Some(path) = &tls.ticket_secrets {
        files = files.ticket_secrets(path);
    }
    if tls.accept_expired_cert {
        files = files.accept_expired();
    }
    if tls.allow_special_files {
        files = files.allow_special_files();
    }
    if clients.explain_client_cert {
        files = files.explain_client_auth();
    }
    files
}

/// What clients may call this listener, besides localhost and its addresses.
fn own_names(listen: &ListenAddr, bound: SocketAddr) -> Vec<String> {
    let name = listen.name().map(str::to_owned);
    // Nobody connects to 0.0.0.0 or [::] by that address.
    let ip = bound.ip().to_canonical();
    let ip = (!ip.is_unspecified()).then(|| ip.to_string());
    name.into_iter().chain(ip).collect()
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acme(error) => error.fmt(f),
            Self::Generate(error) => error.fmt(f),
            Self::Load(error) => error.fmt(f),
            Self::SelfCheck(finding) => finding.fmt(f),
        }
    }
}

impl Error for CertificateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Acme(error) => error.source(),
            Self::Generate(error) => error.source(),
            Self::Load(error) => error.source(),
            Self::SelfCheck(_) => None,
        }
    }
}

impl From<GenerateError> for CertificateError {
    fn from(error: GenerateError) -> Self {
        Self::Generate(error)
    }
}

impl From<TlsConfigError> for CertificateError {
    fn from(error: TlsConfigError) -> Self {
        Self::Load(error)
    }
}

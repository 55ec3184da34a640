//! What is wanted of which CA.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::cache::{self, Cache};
use super::client::Client;
use super::driver::Driver;
use super::resolver::Newest;
use super::schedule::Backoff;
use super::{AcmeError, Challenge, LETS_ENCRYPT, input};
use crate::challenge::Challenges;
use crate::tls::Files;

/// A certificate for these domains, wanted from a CA by ACME.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use oneport::acme::Acme;
///
/// let app = axum::Router::new().route("/", axum::routing::get(|| async { "hello\n" }));
/// let listener = tokio::net::TcpListener::bind("[::]:443").await?;
/// let mut acme = Acme::new(["www.example.org", "example.org"])
///     .email("admin@example.org")
///     .accept_terms()
///     .start()?;
///
/// let server = oneport::serve_dual(listener, acme.tls_config(), app)
///     .mode(oneport::Mode::TlsOnly)
///     .acme(acme.challenges());
/// tokio::select! {
///     ended = server.into_future() => ended?,
///     never = acme.run() => match never {},
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Acme {
    domains: Vec<String>,
    emails: Vec<String>,
    directory: String,
    cache: Option<PathBuf>,
    root: Option<PathBuf>,
    challenge: Challenge,
    backoff: Backoff,
    terms: Terms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terms {
    Accepted,
    NotAccepted,
}

/// What was asked for, looked at.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Sorted, each once.
    pub(super) domains: Vec<String>,
    /// `mailto:` URLs.
    pub(super) contacts: Vec<String>,
    pub(super) directory: String,
    pub(super) challenge: Challenge,
    pub(super) backoff: Backoff,
}

impl Acme {
    /// One certificate for all of these domains. Each has to lead to this
    /// server: the CA comes and looks.
    pub fn new<D: Into<String>>(domains: impl IntoIterator<Item = D>) -> Self {
        Self {
            domains: domains.into_iter().map(Into::into).collect(),
            emails: Vec::new(),
            directory: LETS_ENCRYPT.to_owned(),
            cache: None,
            root: None,
            challenge: Challenge::default(),
            backoff: Backoff::default(),
            terms: Terms::NotAccepted,
        }
    }

    /// You have read the CA's terms of service and agree to them, which a CA
    /// wants to hear before anything else (RFC 8555 7.3). The URL of the terms
    /// is in its directory, as `termsOfService`.
    pub fn accept_terms(mut self) -> Self {
        self.terms = Terms::Accepted;
        self
    }

    /// Where the CA may write to about the account. Optional; may be called
    /// several times.
    pub fn email(mut self, address: impl Into<String>) -> Self {
        self.emails.push(address.into());
        self
    }

    /// The URL of the CA's directory. Default: [`LETS_ENCRYPT`]; for a first try
    /// [`LETS_ENCRYPT_STAGING`](super::LETS_ENCRYPT_STAGING), whose limits are
    /// generous and whose certificates nobody trusts.
    pub fn directory(mut self, url: impl Into<String>) -> Self {
        self.directory = url.into();
        self
    }

    /// Where the account and the certificates are kept. Default: `oneport/acme`
    /// in the user's data directory. Processes may share it.
    pub fn cache(mut self, directory: impl AsRef<Path>) -> Self {
        self.cache = Some(directory.as_ref().into());
        self
    }

    /// Know the CA's own HTTPS server by the certificates in this PEM file, and
    /// no others: for a CA of your own. Default: those of this machine
    /// (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured).
    pub fn root(mut self, file: impl AsRef<Path>) -> Self {
        self.root = Some(file.as_ref().into());
        self
    }

    /// Which challenge to take where the CA offers both. Default:
    /// [`Challenge::TlsAlpn01`].
    pub fn challenge(mut self, preferred: Challenge) -> Self {
        self.challenge = preferred;
        self
    }

    /// How long to wait after a failure: `first`, then three times as long after
    /// each further one, up to `most`. Default: one minute and six hours, which
    /// stays within Let's Encrypt's limit of five failed validations per hour. No
    /// pause is longer than a week.
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.backoff = Backoff { first, most };
        self
    }

    /// Looks at what was asked for, takes a kept certificate into use, and
    /// returns what obtains and renews it. Reads files and makes directories,
    /// and so blocks for a moment; sends nothing yet.
    ///
    /// # Errors
    ///
    /// When something that was asked for is wrong, or the directory cannot be
    /// used. What is wrong between here and the CA is no error of this: the
    /// driver logs it and tries again.
    pub fn start(self) -> Result<Driver, AcmeError> {
        let wanted = self.wanted()?;
        let root = match &self.cache {
            Some(root) => root.clone(),
            None => cache::default()?,
        };
        let cache = Cache::open(&root, &wanted.directory, &wanted.domains)?;
        let kept = cache
            .certificate()
            .map_err(|source| AcmeError::Unwritable {
                path: cache.certificate_path().into(),
                source,
            })?;
        let client = Client::new(self.root.as_deref())?;
        let newest = Arc::new(Newest::default());
        let tls = Files::resolved_by(newest.clone())
            .load()
            .map_err(AcmeError::Tls)?;
        let challenges = Challenges::new();
        Ok(Driver::new(
            wanted, cache, client, newest, tls, challenges, kept,
        ))
    }

    fn wanted(&self) -> Result<Wanted, AcmeError> {
        let domains = self.domains.iter().map(|domain| input::domain(domain));
        let mut domains = domains.collect::<Result<Vec<_>, _>>()?;
        domains.sort();
        domains.dedup();
        if domains.is_empty() {
            return Err(AcmeError::NoDomain);
        }
        let contacts = self.emails.iter().map(|email| input::contact(email));
        let contacts = contacts.collect::<Result<Vec<_>, _>>()?;
        let directory = input::directory(&self.directory)?;
        if self.terms == Terms::NotAccepted {
            return Err(AcmeError::TermsNotAccepted);
        }
        Ok(Wanted {
            domains,
            contacts,
            directory,
            challenge: self.challenge,
            backoff: self.backoff,
        })
    }
}

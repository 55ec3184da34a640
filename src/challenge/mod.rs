//! The answers to ACME challenges that are being waited for (RFC 8555 8).
//!
//! Below `accept` and `answer`, which ask for them, and `acme`, which puts them
//! here.

mod app;
mod body;
mod http01;
mod tls_alpn;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::ClientHello;

pub(crate) use app::AnswerChallenges;
use body::OursOrTheirs;
pub(crate) use http01::response;

/// The ACME challenges whose answers a listener has at hand, for http-01 (RFC
/// 8555 8.3) and tls-alpn-01 (RFC 8737).
///
/// Give a clone to [`Serve::acme`](crate::Serve::acme) or
/// [`Acceptor::acme`](crate::Acceptor::acme); [`Driver`](crate::acme::Driver)
/// has one that it fills by itself. With an ACME client of your own, fill it by
/// [`expect`](Self::expect). Clones are cheap and share their content.
///
/// * tls-alpn-01: a ClientHello that offers `acme-tls/1` alone, for a domain
///   that is expected, gets the challenge's certificate, and the connection ends
///   after the handshake, whoever else is served on the port.
/// * http-01: `GET /.well-known/acme-challenge/TOKEN` gets the answer, over
///   plaintext and TLS, whether the client would be served or refused.
///
/// Whatever is not expected is treated as if there were no challenges.
///
/// ```
/// use oneport::acme::Challenges;
///
/// let challenges = Challenges::new();
/// let expected = challenges.expect("a.example.org", "token.thumbprint")?;
/// let path = "/.well-known/acme-challenge/token";
/// assert_eq!(challenges.answer_at(path).as_deref(), Some("token.thumbprint"));
/// drop(expected);
/// assert_eq!(challenges.answer_at(path), None);
/// # Ok::<(), oneport::acme::ChallengeError>(())
/// ```
#[derive(Clone, Default)]
pub struct Challenges(Arc<ArcSwap<Vec<Entry>>>);

/// A challenge is answered until this is dropped.
///
/// ```
/// # let challenges = oneport::acme::Challenges::new();
/// let expected = challenges.expect("a.example.org", "token.thumbprint")?;
/// // Tell the CA to come, and wait until it has. Then:
/// drop(expected);
/// # Ok::<(), oneport::acme::ChallengeError>(())
/// ```
#[derive(Debug)]
#[must_use = "the challenge is answered until this is dropped"]
pub struct Expected {
    challenges: Challenges,
    id: u64,
}

/// The answer to a challenge could not be prepared.
///
/// ```
/// use oneport::acme::{ChallengeError, Challenges};
///
/// let error = Challenges::new().expect("a.example.org", "no dot").unwrap_err();
/// assert!(matches!(error, ChallengeError::KeyAuthorization));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The certificate of tls-alpn-01 could not be made.
    Certificate(Box<dyn std::error::Error + Send + Sync>),
    /// A key authorization is a token, a dot, and the thumbprint of the
    /// account's key (RFC 8555 8.1).
    KeyAuthorization,
}

#[derive(Clone)]
struct Entry {
    id: u64,
    domain: Arc<str>,
    key_authorization: Arc<str>,
    tls: Arc<ServerConfig>,
}

impl Challenges {
    /// None is expected yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers both kinds of challenge for this domain with this key
    /// authorization (`TOKEN.THUMBPRINT`, RFC 8555 8.1), until what it returns
    /// is dropped.
    ///
    /// # Errors
    ///
    /// When it is no key authorization, or the domain cannot be in a
    /// certificate.
    pub fn expect(
        &self,
        domain: &str,
        key_authorization: &str,
    ) -> Result<Expected, ChallengeError> {
        if !http01::is_key_authorization(key_authorization) {
            return Err(ChallengeError::KeyAuthorization);
        }
        let domain = domain.to_ascii_lowercase();
        let tls = tls_alpn::config(&domain, key_authorization)?;
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let entry = Entry {
            id,
            domain: domain.into(),
            key_authorization: key_authorization.into(),
            tls: Arc::new(tls),
        };
        self.0.rcu(|entries| {
            let mut entries = Vec::clone(entries);
            entries.push(entry.clone());
            entries
        });
        Ok(Expected {
            challenges: self.clone(),
            id,
        })
    }

    /// The key authorization to answer a GET request for this path with, if it
    /// is an expected http-01 challenge's. The server asks by itself; this is
    /// for who serves HTTP on the streams of an [`Acceptor`](crate::Acceptor).
    /// The answer's content type is `application/octet-stream`.
    #[must_use]
    pub fn answer_at(&self, path: &str) -> Option<String> {
        let entries = self.0.load();
        // Nearly always, without a look at the path.
        if entries.is_empty() {
            return None;
        }
        let token = http01::token(path)?;
        let found = entries
            .iter()
            .find(|entry| http01::is_token_of(token, &entry.key_authorization))?;
        Some(found.key_authorization.to_string())
    }

    /// What to shake hands with, if this is the CA's tls-alpn-01 validation of an
    /// expected domain.
    pub(crate) fn config_for(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        let entries = self.0.load();
        if entries.is_empty() || !tls_alpn::is_validation(hello) {
            return None;
        }
        let name = hello.server_name()?;
        // The last one, if an earlier attempt for it is not over.
        let mut last_first = entries.iter().rev();
        let found = last_first.find(|entry| entry.domain.eq_ignore_ascii_case(name))?;
        Some(found.tls.clone())
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.challenges.0.rcu(|entries| {
            let mut entries = Vec::clone(entries);
            entries.retain(|entry| entry.id != self.id);
            entries
        });
    }
}

/// Shows the domains: tokens are the CA's to know, until it has asked.
impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.load();
        let domains = entries.iter().map(|entry| &*entry.domain);
        f.debug_tuple("Challenges")
            .field(&domains.collect::<Vec<_>>())
            .finish()
    }
}

impl fmt::Display for ChallengeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate(_) => {
                "the certificate that answers a tls-alpn-01 challenge could not be made; is the \
                 domain a DNS name in ASCII?"
            }
            Self::KeyAuthorization => {
                "expected a key authorization: a token, a dot, and a thumbprint, all base64url"
            }
        })
    }
}

impl std::error::Error for ChallengeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Certificate(source) => Some(&**source),
            Self::KeyAuthorization => None,
        }
    }
}

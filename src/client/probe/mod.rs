//! Asks a port what it speaks, and says what is wrong with a URL that leads
//! there.
//!
//! [`probe`] asks every way that there is, at the same time: plaintext HTTP/1.1
//! and HTTP/2, TLS 1.2 and 1.3, ALPN, WebSocket, client certificates, the
//! certificate and whether it would be trusted. The [`Report`] says what came
//! back, whether the target works as it was given, which URLs work here, and
//! what to change, at the client and at the server. It is what `oneport check`
//! prints.
//!
//! No other host than the target's is contacted: redirects are followed on its
//! own port, and reported otherwise. What follows the host in an `https` or
//! `wss` URL is sent over TLS only, and only where the certificate is trusted;
//! other questions ask for `/`.

mod advice;
mod answer;
mod certificates;
mod error;
mod exchange;
mod fault;
mod finding;
mod learned;
mod plaintext;
mod redirects;
mod report;
mod setting;
mod survey;
mod target;
mod tls;
mod tls_failure;
mod trust;
mod verdict;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::time::{Instant, timeout};

use super::Roots;
use crate::tls::identity;
pub use answer::{Answer, ClientCertificate, Hop, HttpAnswer, Next, ProxyHeader, Spoken};
pub use error::ProbeError;
pub use fault::Fault;
pub use finding::{Finding, Severity};
pub use report::{PlaintextReport, Report, TlsReport};
use setting::Setting;
use target::Target;
use trust::Trust;
use wire::reach;

/// Asks a port what it speaks, with the defaults of [`Probe`].
///
/// ```no_run
/// # async fn run() -> Result<(), oneport::client::probe::ProbeError> {
/// let report = oneport::client::probe("http://localhost:3000/").await?;
/// match report.works() {
///     true => println!("{} works", report.target),
///     false => println!("use one of {:?}", report.urls),
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When the target is no target. What is wrong with the port is in the report.
///
/// # Cancel safety
///
/// Dropping the future closes its connections.
pub async fn probe(target: &str) -> Result<Report, ProbeError> {
    Probe::new(target)?.run().await
}

/// What to ask a port, and with which patience, trust and certificate.
///
/// The target is a URL (`http`, `https`, `ws` or `wss`), or `HOST:PORT` for
/// whatever is spoken there. Without a port it is read as curl does: a host
/// alone is `http://host/`.
///
/// # When does a target work?
///
/// * `http`, `https`: a response with a status below 400 comes back, over
///   https from a server whose certificate is trusted and for this name. A
///   redirect within the port is followed, up to five times; one that leads
///   elsewhere is a response like others. (`curl -f` draws the same line.)
/// * `ws`, `wss`: the server opens a WebSocket.
/// * `HOST:PORT`: anything there speaks HTTP, in either mode, with whatever
///   status and certificate.
///
/// ```no_run
/// use std::time::Duration;
///
/// use oneport::client::Probe;
///
/// # async fn run() -> Result<(), oneport::client::probe::ProbeError> {
/// let report = Probe::new("https://127.0.0.1:3000/health")?
///     .server_name("example.com")
///     .ca("ca.crt")
///     .identity("client1.crt", "client1.key")
///     .question_timeout(Duration::from_secs(1))
///     .run()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Probe {
    target: Target,
    server_name: Option<String>,
    cas: Vec<PathBuf>,
    roots: Roots,
    identity: Option<(PathBuf, PathBuf)>,
    question: Duration,
    overall: Duration,
    depth: Depth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Brief,
    Full,
}

/// As long as people wait, and longer than a retransmitted SYN takes.
const QUESTION: Duration = Duration::from_secs(3);
const OVERALL: Duration = Duration::from_secs(10);

impl Probe {
    /// A probe of this target.
    ///
    /// # Errors
    ///
    /// When it is neither a URL nor a host and a port.
    pub fn new(target: &str) -> Result<Self, ProbeError> {
        Ok(Self {
            target: Target::parse(target)?,
            server_name: None,
            cas: Vec::new(),
            roots: Roots::default(),
            identity: None,
            question: QUESTION,
            overall: OVERALL,
            depth: Depth::Full,
        })
    }

    /// Asks only whether the target works as it was given: one connection, or
    /// two for a `HOST:PORT` that speaks no plaintext, and one for each redirect.
    /// For health checks. The rest of the report stays empty.
    pub fn brief(mut self) -> Self {
        self.depth = Depth::Brief;
        self
    }

    /// Trusts the certificates in this file, PEM or DER: CAs for what they sign,
    /// and each of them when the server itself shows it. May be called several
    /// times; see [`roots`](Self::roots) for what is trusted besides.
    pub fn ca(mut self, path: impl AsRef<Path>) -> Self {
        self.cas.push(path.as_ref().into());
        self
    }

    /// Shows this certificate, with this key, to a server that asks for one,
    /// whether or not the server's own is trusted. Both may be in the same file.
    pub fn identity(mut self, cert: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.identity = Some((cert.as_ref().into(), key.as_ref().into()));
        self
    }

    /// Which CAs are trusted besides those of [`ca`](Self::ca): the system's,
    /// unless told otherwise. They are read when a server shows a certificate.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Asks for this host (SNI, certificate, Host header) in place of the
    /// target's, which is connected to all the same.
    pub fn server_name(mut self, name: &str) -> Self {
        self.server_name = Some(name.to_owned());
        self
    }

    /// How long each question may take, connecting included: 3 seconds unless
    /// told otherwise.
    pub fn question_timeout(mut self, limit: Duration) -> Self {
        self.question = limit;
        self
    }

    /// How long everything may take: 10 seconds unless told otherwise. Questions
    /// that are not answered by then are reported as silent.
    pub fn overall_timeout(mut self, limit: Duration) -> Self {
        self.overall = limit;
        self
    }

    /// Asks, and reports. What is not answered in time is reported as such: it
    /// takes no longer than the [overall timeout](Self::overall_timeout).
    /// Needs a tokio runtime with its I/O and time drivers. Files that were named
    /// are read first, which blocks.
    ///
    /// # Errors
    ///
    /// When a file that was named cannot be used, or the server name is none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes its connections.
    pub async fn run(&self) -> Result<Report, ProbeError> {
        let begun = Instant::now();
        let name = self.server_name.as_ref().unwrap_or(&self.target.host);
        let server_name = ServerName::try_from(name.clone());
        let server_name = server_name.map_err(|_| ProbeError::server_name(name))?;
        let identity = match &self.identity {
            Some((cert, key)) => Some(Arc::new(identity(cert, key)?)),
            None => None,
        };
        let trust = Arc::new(Trust::read(&self.cas, self.roots)?);

        let mut report = Report::new(&self.target, name);
        let limit = self.question.min(self.overall);
        match reach(&self.target.host, self.target.port, limit).await {
            Ok((tcp, address)) => {
                report.address = Some(address);
                let setting = Setting {
                    target: self.target.clone(),
                    address,
                    name: name.clone(),
                    server_name,
                    trust,
                    identity,
                    limit,
                };
                let left = self.overall.saturating_sub(begun.elapsed());
                let asking = Box::pin(self.ask(&setting, tcp, &mut report));
                // What was found until then stays in the report.
                let _ = timeout(left, asking).await;
                verdict::add(&setting, &mut report);
            }
            Err(unreachable) => report.fault = Some(verdict::of_unreachable(unreachable)),
        }
        advice::add(&self.target, &mut report);
        report.took = begun.elapsed();
        Ok(report)
    }

    async fn ask(&self, setting: &Setting, tcp: tokio::net::TcpStream, report: &mut Report) {
        match self.depth {
            Depth::Brief => survey::brief(setting, tcp, report).await,
            Depth::Full => survey::full(setting, tcp, report).await,
        }
        redirects::follow(setting, report).await;
    }
}

impl Report {
    fn new(target: &Target, server_name: &str) -> Self {
        Self {
            target: target.to_string(),
            host: target.host.clone(),
            port: target.port,
            address: None,
            server_name: server_name.to_owned(),
            plaintext: PlaintextReport::default(),
            tls: TlsReport::default(),
            answer: Answer::NotAsked,
            redirects: Vec::new(),
            proxy_protocol: ProxyHeader::NotAsked,
            fault: None,
            findings: Vec::new(),
            urls: Vec::new(),
            took: Duration::ZERO,
            answered_over_tls: false,
        }
    }
}

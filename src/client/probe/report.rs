//! What a port speaks, as data.

use std::net::SocketAddr;
use std::time::Duration;

use super::answer::{Answer, ClientCertificate, Hop, ProxyHeader, Spoken};
use super::fault::Fault;
use super::finding::Finding;
use crate::diagnose::ServerCertificateFault;
use crate::tls::describe::CertificateSummary;

/// What a port speaks, whether the target works as it was given, and what to
/// do if not. Made by a [`Probe`](super::Probe).
///
/// ```no_run
/// # async fn run() -> Result<(), oneport::client::probe::ProbeError> {
/// let report = oneport::client::probe("https://localhost:3000/").await?;
/// if let Some(fault) = &report.fault {
///     eprintln!("{fault}");
/// }
/// for finding in &report.findings {
///     eprintln!("{}: {}", finding.severity, finding.sentence);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The target: a URL, or `HOST:PORT`.
    pub target: String,
    /// The host that was connected to, without the brackets of IPv6.
    pub host: String,
    /// The port that was connected to.
    pub port: u16,
    /// The host's address that took the connection. None: none did.
    pub address: Option<SocketAddr>,
    /// The name that TLS was asked for (SNI), that the certificate has to be
    /// for, and that requests named as their host.
    pub server_name: String,
    /// What came back in plaintext.
    pub plaintext: PlaintextReport,
    /// What came back over TLS.
    pub tls: TlsReport,
    /// The last answer to the target as it was given, redirects within the port
    /// followed.
    pub answer: Answer,
    /// The redirects from the target on.
    pub redirects: Vec<Hop>,
    /// Whether the port wants a PROXY protocol header.
    pub proxy_protocol: ProxyHeader,
    /// Why the target as it was given does not work. None: it works.
    pub fault: Option<Fault>,
    /// Whatever people should know, the worst first.
    pub findings: Vec<Finding>,
    /// The target's URL in each mode in which HTTP came back, and with `ws` and
    /// `wss` where a WebSocket was opened; what is wrong with the certificate is
    /// in [`tls`](Self::tls).
    pub urls: Vec<String>,
    /// How long it took.
    pub took: Duration,
    /// The answer is one over TLS.
    pub(super) answered_over_tls: bool,
}

impl Report {
    /// Whether the target as it was given works; see
    /// [`Probe`](super::Probe#when-does-a-target-work).
    #[must_use]
    pub fn works(&self) -> bool {
        self.fault.is_none()
    }
}

/// What came back in plaintext.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// let works = report.plaintext.http1.http().is_some();
/// # let _ = works;
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PlaintextReport {
    /// To an HTTP/1.1 request.
    pub http1: Answer,
    /// To an HTTP/2 request with prior knowledge (h2c, RFC 9113 3.3).
    pub h2c: Answer,
    /// To a WebSocket handshake (RFC 6455 4.1).
    pub websocket: Answer,
}

/// What came back over TLS.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// for certificate in &report.tls.certificates {
///     println!("{certificate}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TlsReport {
    /// TLS 1.2.
    pub tls12: Spoken,
    /// TLS 1.3.
    pub tls13: Spoken,
    /// HTTP/1.1 is agreed upon by ALPN (RFC 7301).
    pub alpn_http1: Spoken,
    /// HTTP/2 is agreed upon by ALPN.
    pub alpn_h2: Spoken,
    /// To a request of a client that offers HTTP/2 and HTTP/1.1.
    pub http: Answer,
    /// To an HTTP/1.1 request of a client that offers nothing else.
    pub http1: Answer,
    /// To a WebSocket handshake (RFC 6455 4.1).
    pub websocket: Answer,
    /// Whether clients are to have a certificate.
    pub client_certificate: ClientCertificate,
    /// What the server shows, its own certificate first.
    pub certificates: Vec<CertificateSummary>,
    /// Why a client would not accept the certificate. None of them: it would.
    pub certificate_faults: Vec<ServerCertificateFault>,
}

impl TlsReport {
    /// Whether the port speaks TLS at all, as far as was asked.
    #[must_use]
    pub fn is_spoken(&self) -> bool {
        [self.tls12, self.tls13].contains(&Spoken::Yes)
    }
}

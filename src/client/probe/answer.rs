//! What came back to the questions, one by one.

use http::{StatusCode, Version};

use crate::diagnose::Diagnosis;

/// Whether something is spoken.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// use oneport::client::probe::Spoken;
///
/// if report.tls.tls13 == Spoken::No {
///     println!("no TLS 1.3");
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spoken {
    /// It was refused, or nothing came back.
    No,
    /// It was not asked, or something else hid the answer.
    #[default]
    Unknown,
    /// It was agreed upon.
    Yes,
}

/// What came back to one question.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// use oneport::client::probe::Answer;
///
/// match &report.plaintext.http1 {
///     Answer::Http(answer) => println!("plaintext: {}", answer.status),
///     Answer::Refused(diagnosis) => println!("no plaintext: {diagnosis}"),
///     _ => println!("no plaintext"),
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The connection was closed or reset without a word.
    Closed,
    /// HTTP, of the version and in the mode that was asked for.
    Http(HttpAnswer),
    /// It was not asked.
    #[default]
    NotAsked,
    /// Something else; its first line.
    Other(String),
    /// A refusal whose cause is known.
    Refused(Diagnosis),
    /// Nothing until the deadline.
    Silent,
}

impl Answer {
    /// The answer in HTTP, if it is one.
    #[must_use]
    pub fn http(&self) -> Option<&HttpAnswer> {
        match self {
            Self::Http(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whoever says that knows HTTP, in whichever mode and version.
    pub(super) fn is_of_http(&self) -> bool {
        match self {
            Self::Http(_) => true,
            Self::Other(line) => line.starts_with("HTTP/"),
            Self::Refused(diagnosis) => diagnosis.mismatch().is_some(),
            Self::Closed | Self::NotAsked | Self::Silent => false,
        }
    }

    /// A WebSocket was opened.
    #[must_use]
    pub fn opened_websocket(&self) -> bool {
        self.http().is_some_and(|answer| answer.websocket)
    }
}

/// The head of a response.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// if let Some(answer) = report.tls.http.http() {
///     println!("{:?} {}", answer.version, answer.status);
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its version of HTTP: a server of HTTP/1.0 answers a request of 1.1 in 1.0.
    pub version: Version,
    /// `Location`: where a redirect leads.
    pub location: Option<String>,
    /// `Strict-Transport-Security` (RFC 6797).
    pub hsts: Option<String>,
    /// `Server`: what the server calls itself.
    pub server: Option<String>,
    /// Whether it opens a WebSocket, with the proof that RFC 6455 4.2.2 asks for.
    pub websocket: bool,
}

/// One redirect.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// for hop in &report.redirects {
///     println!("{} -> {}", hop.url, hop.location);
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hop {
    /// The URL that was asked.
    pub url: String,
    /// The status of the answer.
    pub status: StatusCode,
    /// Where it leads, as the server wrote it.
    pub location: String,
    /// What came of it.
    pub next: Next,
}

/// Where a redirect leads.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// use oneport::client::probe::Next;
///
/// let leaves = report.redirects.iter().any(|hop| hop.next == Next::Elsewhere);
/// # let _ = leaves;
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// To another host or port, which was not asked.
    Elsewhere,
    /// On this port, and it was followed.
    Here,
    /// To where an earlier one came from: it never ends.
    Loop,
    /// On this port, after so many others that it was not followed.
    TooMany,
}

/// Whether clients are to have a certificate (mutual TLS).
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// use oneport::client::probe::ClientCertificate;
///
/// if let ClientCertificate::Required(diagnosis) = &report.tls.client_certificate {
///     println!("{diagnosis}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCertificate {
    /// They are asked for one, and this one was accepted.
    Accepted,
    /// They are not asked for one.
    NotRequested,
    /// They are asked for one, and served without.
    Requested,
    /// They are asked for one, and this one was refused, or its lack.
    Required(Diagnosis),
    /// There was no handshake.
    #[default]
    Unknown,
}

/// Whether the port wants a PROXY protocol header.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// use oneport::client::probe::ProxyHeader;
///
/// if report.proxy_protocol == ProxyHeader::Required {
///     println!("ask the proxy in front of it");
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyHeader {
    /// It answers neither with nor without one.
    NoDifference,
    /// It answers without, or it was not asked.
    #[default]
    NotAsked,
    /// It answers with one only, or says that it is missing.
    Required,
}

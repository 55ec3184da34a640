//! What people should know, and what to do about it.

pub use crate::tls::self_check::Severity;

/// What people should know about a port, and what to do about it.
///
/// ```no_run
/// # fn show(report: &oneport::client::probe::Report) {
/// for finding in &report.findings {
///     println!("{}: {}", finding.severity, finding.sentence);
///     if let Some(remedy) = &finding.client {
///         println!("  at the client: {remedy}");
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// A failure: the target does not work. A warning: some clients are not
    /// served, or soon none.
    pub severity: Severity,
    /// A word for machines that does not change.
    pub slug: &'static str,
    /// What is wrong.
    pub sentence: String,
    /// What to change at the client.
    pub client: Option<String>,
    /// What to change at the server.
    pub server: Option<String>,
}

impl Finding {
    pub(super) fn new(severity: Severity, slug: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            severity,
            slug,
            sentence: sentence.into(),
            client: None,
            server: None,
        }
    }

    pub(super) fn client(mut self, remedy: impl Into<String>) -> Self {
        self.client = Some(remedy.into());
        self
    }

    pub(super) fn server(mut self, remedy: impl Into<String>) -> Self {
        self.server = Some(remedy.into());
        self
    }
}

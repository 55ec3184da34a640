//! Which CAs are trusted besides those that are named.

/// Which CAs a [`Connector`](super::Connector) trusts besides those that
/// [`ca`](super::ConnectorBuilder::ca) names.
///
/// ```no_run
/// use oneport::client::{Connector, Roots};
///
/// // This CA's servers, and nobody else's.
/// let connector = Connector::builder().ca("ca.crt").roots(Roots::None).build()?;
/// # Ok::<(), oneport::client::ConnectorError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// No others.
    None,
    /// The operating system judges each certificate, with its own CAs, users'
    /// exceptions, and revocation (Windows, macOS, Android; elsewhere as
    /// `System`). Feature `platform-verifier`.
    #[cfg(feature = "platform-verifier")]
    Platform,
    /// Those of the system's store: the files and directories that
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or else what the operating
    /// system has. Read once, when the connector is built.
    #[default]
    System,
}

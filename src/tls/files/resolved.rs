//! Certificates that come from somewhere else than files.

use std::path::Path;
use std::sync::Arc;

use rustls::server::ResolvesServerCert;

use super::Files;

impl Files {
    /// No certificate files: `resolver` has the certificates, such as those of
    /// `acme::Driver::resolver`. For the rest of a configuration: what is asked
    /// of clients, the oldest version, ticket secrets.
    /// [`unknown_names`](Self::unknown_names) changes nothing; the resolver knows
    /// which names it has.
    ///
    /// ```no_run
    /// # fn run(resolver: std::sync::Arc<dyn rustls::server::ResolvesServerCert>) -> Result<(), oneport::tls::TlsConfigError> {
    /// use oneport::tls::Files;
    ///
    /// let tls = Files::resolved_by(resolver).client_ca("ca4clients.crt").load()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolved_by(resolver: Arc<dyn ResolvesServerCert>) -> Self {
        let mut files = Self::new(Path::new(""), Path::new(""));
        files.pairs.clear();
        files.resolver = Some(resolver);
        files
    }
}

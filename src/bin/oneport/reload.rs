//! Reloading the certificates: on SIGHUP, and when their files change.

use std::convert::Infallible;

use oneport::tls::{TlsConfig, Watch};
use tokio::task;

use crate::certificate::{Certificates, Source};
use crate::exit;
use crate::signals::Hangups;
use crate::used::Used;

const ONCE: &str = "is no regular file and can be read only once; restart to have it read again";

/// What is reloaded, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Reload {
    source: Source,
    config: TlsConfig,
}

impl Reload {
    pub(crate) fn of(certificates: &Certificates) -> Self {
        Self {
            source: certificates.source(),
            config: certificates.config.clone(),
        }
    }

    /// Until it is dropped.
    pub(crate) fn watch(&self) -> Option<Watch> {
        if let Some(path) = self.source.once() {
            tracing::info!("the files are not watched: {} {ONCE}", path.display());
            return None;
        }
        Some(self.source.watch(&self.config))
    }

    fn now(&self) {
        if let Some(path) = self.source.once() {
            tracing::error!("SIGHUP: nothing is reloaded: {} {ONCE}", path.display());
            return;
        }
        match self.source.reload(&self.config) {
            Ok(used) if used.is_empty() => tracing::info!(
                "SIGHUP: what is asked of clients was read again; the certificate is renewed by itself"
            ),
            Ok(used) => {
                tracing::info!("SIGHUP: reloaded");
                used.iter().for_each(Used::log);
            }
            Err(error) => tracing::error!(
                "SIGHUP: the certificates cannot be reloaded, what was there before stays in use: \
                 {}",
                exit::whole(&error)
            ),
        }
    }
}

/// Reloads at each signal.
pub(crate) async fn on_hangup(mut hangups: Hangups, reload: Option<&Reload>) -> Infallible {
    loop {
        hangups.next().await;
        let Some(reload) = reload.cloned() else {
            tracing::info!("SIGHUP: no certificate is in use, so there is nothing to reload");
            continue;
        };
        // Reads files. It panics only if a dependency does; then so be it.
        if let Err(error) = task::spawn_blocking(move || reload.now()).await {
            tracing::error!(%error, "SIGHUP: the certificates could not be reloaded");
        }
    }
}

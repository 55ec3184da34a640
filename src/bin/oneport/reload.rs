//! Reloading the certificates: on SIGHUP, and when their files change.

use std::convert::Infallible;

use oneport::tls::{TlsConfig, Watch};
use tokio::task;

use crate::certificate::{Certificates, Source};
use crate::signals::Hangups;

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
    pub(crate) fn watch(&self) -> Watch {
        self.source.watch(&self.config)
    }

    fn now(&self) {
        match self.source.reload(&self.config) {
            Ok(used) if used.is_empty() => tracing::info!(
                "SIGHUP: what is asked of clients was read again; the certificate is renewed by itself"
            ),
            Ok(used) => {
                for used in used {
                    let (file, summary) = (used.cert.display(), &used.summary);
                    tracing::info!("SIGHUP: serving with {file}: {summary}");
                }
            }
            Err(error) => tracing::error!(
                "SIGHUP: the certificates cannot be reloaded, what was there before stays in use: \
                 {error}"
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

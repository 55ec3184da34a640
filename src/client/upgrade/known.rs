//! The servers that said that they require TLS.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use http::Uri;

use super::normal;
use crate::diagnose::{Certainty, Diagnosis};
use crate::mismatch::Mismatch;

/// Bounded: a client that asks many hosts does not grow with each of them.
const MOST: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Known(RwLock<HashSet<Server>>);

/// Host and port, however the URL says them; not who the user is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Server {
    host: Box<str>,
    port: u16,
}

impl Server {
    /// None: it is no URL of a plaintext server.
    fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?;
        let mut plaintext = ["http", "ws"].iter();
        plaintext.find(|known| scheme.eq_ignore_ascii_case(known))?;
        Some(Self {
            host: normal(uri.host()?),
            // RFC 9110 4.2.1, RFC 6455 3.
            port: uri.port_u16().unwrap_or(80),
        })
    }
}

impl Known {
    pub(super) fn remember(&self, uri: &Uri) {
        let Some(server) = Server::of(uri) else {
            return;
        };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST {
            known.insert(server);
        }
    }

    /// The URL to use at once instead of one that is known to be refused.
    pub(super) fn instead(&self, uri: &Uri) -> Option<Uri> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // Before anything is made of the URL: most clients know no such server.
        if known.is_empty() || !known.contains(&Server::of(uri)?) {
            return None;
        }
        Diagnosis::new(Mismatch::PlaintextToTls, Certainty::Certain).url_instead_of(uri)
    }
}

//! The servers that said that they require TLS.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use http::Uri;
use http::uri::Authority;

use crate::diagnose::{Certainty, Diagnosis};
use crate::mismatch::Mismatch;

/// Bounded: a client that asks many hosts does not grow with each of them.
const MOST: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Known(RwLock<HashSet<Authority>>);

impl Known {
    pub(super) fn remember(&self, uri: &Uri) {
        let Some(authority) = uri.authority() else {
            return;
        };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST {
            known.insert(authority.clone());
        }
    }

    /// The URL to use at once instead of one that is known to be refused.
    pub(super) fn instead(&self, uri: &Uri) -> Option<Uri> {
        let authority = uri.authority()?;
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(authority) {
            return None;
        }
        Diagnosis::new(Mismatch::PlaintextToTls, Certainty::Certain).url_instead_of(uri)
    }
}

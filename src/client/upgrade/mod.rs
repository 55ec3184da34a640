//! Trying the other mode: the policy.

mod future;
mod known;
mod service;
#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use http::{Method, Uri};
use tower_layer::Layer;

use crate::credentials::Credentials;
use crate::diagnose::{Certainty, Diagnosis};
use crate::mismatch::Mismatch;
pub use future::UpgradeFuture;
use known::Known;
pub use service::Upgraded;

/// For clients that may try the other mode: a tower `Layer` around an HTTP
/// client.
///
/// * From `http` to `https`, same host and port, when the server refuses the
///   plaintext request because it requires TLS (see
///   [`diagnose_response`](super::diagnose_response) and
///   [`diagnose`](super::diagnose)). A server that said so in a response is
///   remembered, so that later requests of any method never cross the network
///   in the clear again.
/// * From `https` to `http` **never**, but for the hosts that
///   [`allow_plaintext_for`](Self::allow_plaintext_for) names: anyone on the
///   path can answer a ClientHello in plaintext, so that this gives up what TLS
///   is for.
///
/// Only a request that is safe to repeat is repeated, and only once: GET, HEAD
/// and OPTIONS (RFC 9110 9.2.1) without a body. Everything else comes back as
/// the server or the connector ended it. Each change of mode is logged as a
/// warning with both URLs, less their queries: the URL that is configured
/// should be corrected.
///
/// A client that follows redirects goes around this layer, not below it: it would
/// take a refusal by the redirect's target for one by the first host. At most 1,024
/// servers are remembered, as long as the layer's clients live.
///
/// ```
/// use bytes::Bytes;
/// use http::Uri;
/// use http_body_util::Empty;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use oneport::client::Upgrade;
/// use tower::{Layer, ServiceExt};
///
/// # async fn get() -> Result<(), tower::BoxError> {
/// let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
/// let client = Upgrade::new().layer(client);
/// let request = http::Request::get("http://127.0.0.1:8443/").body(Empty::new())?;
/// let response = client.oneshot(request).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Upgrade {
    /// Lower case, without brackets.
    plaintext_hosts: Arc<HashSet<Box<str>>>,
}

impl Upgrade {
    /// From `http` to `https` only.
    pub fn new() -> Self {
        Self::default()
    }

    /// These hosts, names or IP addresses, may be asked in plaintext when they
    /// do not speak TLS. On any port; without wildcards.
    ///
    /// A request with credentials (`Authorization`, `Cookie`, a `token=` in the
    /// query and the like) is not repeated in plaintext all the same.
    pub fn allow_plaintext_for<I>(mut self, hosts: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let hosts = hosts.into_iter().map(|host| normal(host.as_ref()));
        Arc::make_mut(&mut self.plaintext_hosts).extend(hosts);
        self
    }

    /// The URL to use instead, if it may be used.
    fn instead(&self, diagnosis: &Diagnosis, request: &http::request::Parts) -> Option<Uri> {
        if diagnosis.certainty() < Certainty::MostLikely {
            return None;
        }
        let may = match diagnosis.mismatch()? {
            Mismatch::PlaintextToTls => true,
            Mismatch::TlsToPlaintext => {
                let host = request.uri.host().map(normal)?;
                self.plaintext_hosts.contains(&host) && Credentials::of(request).is_empty()
            }
            _ => false,
        };
        may.then(|| diagnosis.url_instead_of(&request.uri))?
    }
}

impl<S> Layer<S> for Upgrade {
    type Service = Upgraded<S>;

    fn layer(&self, client: S) -> Self::Service {
        Upgraded::new(client, self.clone(), Arc::new(Known::default()))
    }
}

/// RFC 9110 9.2.1; TRACE is not one that clients repeat.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn normal(host: &str) -> Box<str> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).to_ascii_lowercase().into()
}

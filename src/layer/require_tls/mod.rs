//! TLS for all requests but some.

mod body_first;
mod exemption;

use std::fmt;
use std::sync::Arc;

use http::Request;
use http::request::Parts;
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::layered::{Later, Layered, OnRequest, Rule, Verdict};
use crate::answer::Explain;
use crate::conn_info::ConnInfo;
use crate::credentials::Credentials;
use crate::mismatch::Mismatch;
use exemption::Exemption;

/// Refuses plaintext requests with the explanation that a TLS-only port gives,
/// except those that are let through by path or predicate.
///
/// For ports that serve both modes ([`Mode::Dual`](crate::Mode::Dual)): some
/// routes stay reachable over plaintext, such as health checks or the ACME
/// http-01 challenge. Where nothing has to,
/// [`Mode::TlsOnly`](crate::Mode::TlsOnly) refuses earlier.
///
/// ```
/// use axum::{Router, routing::get};
/// use oneport::layer::RequireTls;
///
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello\n" }))
///     .route("/healthz", get(|| async { "ok\n" }))
///     .layer(
///         RequireTls::new()
///             .except_path("/healthz")
///             .except_prefix("/.well-known/acme-challenge/"),
///     );
/// ```
///
/// What it does not do: redirect ([`explain`](Self::explain) can), or undo
/// what has happened before it: the request, with its cookies, has crossed the
/// network.
///
/// Paths are compared as the client sent them, without decoding. Inside
/// axum's `nest` a layer sees a path without its beginning: put this layer
/// around the outermost Router.
///
/// The answer arrives whatever the client is still sending, if `serve_dual`
/// serves the app. Over HTTP/2 the beginning of a refused request's body is read
/// first, for which tokio's timer has to run.
#[derive(Clone)]
#[must_use]
pub struct RequireTls(Arc<Rules>);

#[derive(Clone, Default)]
struct Rules {
    exemptions: Vec<Exemption>,
    explain: Explain,
}

impl RequireTls {
    /// TLS for every request.
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Lets requests for exactly this path through, with any query and any
    /// method. `path` begins with a slash; one that does not matches nothing.
    pub fn except_path(self, path: &str) -> Self {
        self.and(Exemption::path(path))
    }

    /// Lets requests for paths under this one through. A slash is added to
    /// `prefix` if it does not end in one, so that `/public` is for `/public/a`
    /// and neither for `/publications` nor for `/public` itself. One that does
    /// not begin with a slash matches nothing.
    ///
    /// Paths that an app or a proxy could take for another one are not let
    /// through: those with `//`, `.` or `..` between slashes, a backslash, or
    /// any of these percent-encoded.
    pub fn except_prefix(self, prefix: &str) -> Self {
        self.and(Exemption::prefix(prefix))
    }

    /// Lets requests through of which `predicate` says so. It runs for each
    /// plaintext request that no path lets through, and must not block.
    ///
    /// ```
    /// use http::{Method, request::Parts};
    /// use oneport::layer::RequireTls;
    ///
    /// // CORS preflights carry no credentials.
    /// let layer = RequireTls::new().except(|request: &Parts| request.method == Method::OPTIONS);
    /// # let _ = layer;
    /// ```
    pub fn except<F>(self, predicate: F) -> Self
    where
        F: Fn(&Parts) -> bool + Send + Sync + 'static,
    {
        self.and(Exemption::Predicate(Arc::new(predicate)))
    }

    /// The answer to refused requests, in place of [`Explain::new`].
    pub fn explain(mut self, explain: Explain) -> Self {
        Arc::make_mut(&mut self.0).explain = explain;
        self
    }

    fn and(mut self, exemption: Exemption) -> Self {
        Arc::make_mut(&mut self.0).exemptions.push(exemption);
        self
    }
}

impl Default for RequireTls {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RequireTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireTls")
            .field("exemptions", &self.0.exemptions)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for RequireTls {
    type Service = Layered<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(self.clone(), inner)
    }
}

impl Rule for RequireTls {
    const NAME: &'static str = "RequireTls";
}

impl<B> OnRequest<B> for RequireTls
where
    B: Body + Send + 'static,
{
    fn on_request(&self, request: Request<B>, info: &ConnInfo) -> Verdict<B> {
        if info.is_tls() {
            return Verdict::Pass(request);
        }
        let (mut parts, body) = request.into_parts();
        if self.0.exemptions.iter().any(|exempt| exempt.covers(&parts)) {
            return Verdict::Pass(Request::from_parts(parts, body));
        }
        let mismatch = Mismatch::PlaintextToTls;
        info.note_refusal(mismatch, Credentials::of(&parts));
        let body_first = body_first::is_due(&parts, &body);
        parts.extensions.insert(mismatch);
        let explanation = self.0.explain.clone().call(Request::from_parts(parts, ()));
        let Ok(response) = explanation.into_inner();
        if !body_first {
            return Verdict::Answer(response);
        }
        let later: Later = Box::pin(async move {
            body_first::read(body).await;
            response
        });
        Verdict::AnswerLater(later)
    }
}

//! The default explanation, as a service.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use tower_service::Service;

use super::explanation::Explanation;
use super::{response, websocket, without_body};
use crate::conn_info::ConnInfo;
use crate::mismatch::Mismatch;
use crate::redirect::Redirect;

/// For machines: [`Mismatch::slug`].
pub(super) const ONEPORT_MISMATCH: HeaderName = HeaderName::from_static("oneport-mismatch");

/// For people: what they should do besides.
const ONEPORT_WARNING: HeaderName = HeaderName::from_static("oneport-warning");

/// The default explanation: a tower `Service` from a request that cannot be
/// served to the response that says why, in the shape that its client can show.
///
/// * HTTP/1 at a TLS-only port: 426 with the sentence as reason phrase, in
///   `X-Error` and in the body. HTTP/2: 421. gRPC: trailers only, status 9.
/// * A client certificate that is missing or not accepted: 403; gRPC status 16.
/// * The body is text, HTML or problem details (RFC 9457), by `Accept`.
/// * Every response has an `Oneport-Mismatch` header: [`Mismatch::slug`].
///
/// It is public so that a service of your own can wrap it or fall back on it;
/// give that to `Serve::explain` or [`Acceptor::explain`]. What it answers is
/// in the request's extensions: a [`Mismatch`], and a
/// [`ConnInfo`](crate::ConnInfo) of the refused connection. Nothing of the
/// request is reflected.
///
/// [`Acceptor::explain`]: crate::Acceptor::explain
///
/// ```
/// use oneport::{Explain, Mismatch};
/// use tower::{ServiceExt, service_fn};
///
/// // The default, with a hint whom to ask.
/// let branded = service_fn(|request: http::Request<hyper::body::Incoming>| async {
///     let mut response = Explain::new().oneshot(request).await?;
///     let contact = http::HeaderValue::from_static("https://wiki.example.org/tls");
///     response.headers_mut().insert("link", contact);
///     Ok::<_, std::convert::Infallible>(response)
/// });
/// # fn run(tls: oneport::tls::TlsConfig, branded: impl tower::Service<
/// #     http::Request<hyper::body::Incoming>, Response = http::Response<oneport::Explanation>,
/// #     Error = std::convert::Infallible, Future: Send + 'static> + Clone + Send + 'static) {
/// let acceptor = oneport::Acceptor::new(tls).explain(branded);
/// # }
/// # let _ = |tls| run(tls, branded);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Explain {
    redirect: Option<Redirect>,
    websockets: WebSockets,
}

/// What a refused WebSocket handshake gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum WebSockets {
    /// A WebSocket that is closed at once.
    Close,
    /// The response that other requests get.
    #[default]
    Respond,
}

/// In the extensions of a request whose connection is refused as a whole.
#[derive(Clone, Copy)]
pub(super) struct ConnectionRefused;

impl Explain {
    /// The default explanation.
    pub fn new() -> Self {
        Self::default()
    }

    /// Redirect plaintext requests to `https://` where the rules allow it; all
    /// others are explained as before. Off by default: see [`Redirect`].
    pub fn redirect(mut self, redirect: Redirect) -> Self {
        self.redirect = Some(redirect);
        self
    }

    /// Accept refused WebSocket handshakes, and close the WebSocket at once with
    /// code 1008 and the sentence: the only answer that a page's script can read.
    /// Off by default, because most other clients take an accepted handshake for
    /// success and report a WebSocket that was closed. Handshakes with a
    /// subprotocol, over HTTP/2, or refused by a layer get the usual response.
    pub fn close_websockets(mut self) -> Self {
        self.websockets = WebSockets::Close;
        self
    }

    /// The response to this request.
    pub(crate) fn response(&self, request: &Parts, mismatch: Mismatch) -> Response<Explanation> {
        let refused = request.extensions.get::<ConnectionRefused>().is_some();
        if refused && self.websockets == WebSockets::Close {
            if let Some(opened) = websocket::opened(request) {
                return opened;
            }
        }
        let warning = response::warning(request, mismatch);
        let in_the_clear = mismatch == Mismatch::PlaintextToTls;
        let redirect = self.redirect.as_ref().filter(|_| in_the_clear);
        let local = request
            .extensions
            .get::<ConnInfo>()
            .and_then(ConnInfo::local);
        let redirected = redirect.and_then(|it| it.response(request, local.map(|it| it.port())));
        let mut response = match redirected {
            Some(response) => response.map(Explanation::from),
            None if response::is_grpc(request) => response::grpc(mismatch),
            None => response::http(request, mismatch, warning.as_deref()),
        };
        let headers = response.headers_mut();
        headers.insert(ONEPORT_MISMATCH, HeaderValue::from_static(mismatch.slug()));
        if let Some(vary) = redirect.and_then(Redirect::vary) {
            headers.insert(header::VARY, vary);
        }
        // A constant's letters: it is a header's value.
        if let Some(Ok(warning)) = warning.map(HeaderValue::try_from) {
            headers.insert(ONEPORT_WARNING, warning);
        }
        if request.version < Version::HTTP_2 && !headers.contains_key(header::CONNECTION) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(Explained);
        if request.method == Method::HEAD {
            return without_body(response, Explanation::default());
        }
        response
    }
}

/// In the extensions of an explanation: the connection should be closed so that
/// it arrives, whatever the client still sends.
#[derive(Clone, Copy)]
pub(crate) struct Explained;

/// A request without a [`Mismatch`] in its extensions is no refused one: it
/// gets a 500, and the log says so.
impl<B> Service<Request<B>> for Explain {
    type Response = Response<Explanation>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, _body) = request.into_parts();
        let response = match parts.extensions.get::<Mismatch>() {
            Some(mismatch) => self.response(&parts, *mismatch),
            None => {
                tracing::error!(
                    "Explain was called for a request without a Mismatch in its extensions: give it to Serve::explain or Acceptor::explain, or insert one"
                );
                let mut response = Response::new(Explanation::default());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        };
        ready(Ok(response))
    }
}

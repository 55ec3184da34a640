//! The explanation as an HTTP response.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode, Version};
use hyper::ext::ReasonPhrase;
use tower_service::Service;

use super::explanation::Explanation;
use super::format::Format;
use super::page::Page;
use crate::conn_info::ConnInfo;
use crate::credentials::Credentials;
use crate::mismatch::Mismatch;
use crate::redirect::Redirect;

/// For people: the sentence. tungstenite's Display shows only the canonical
/// reason, its Debug shows headers as text: this is what its users read.
const X_ERROR: HeaderName = HeaderName::from_static("x-error");
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
}

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

    /// The response to this request.
    pub(crate) fn response(&self, request: &Parts, mismatch: Mismatch) -> Response<Explanation> {
        let in_the_clear = mismatch == Mismatch::PlaintextToTls;
        let redirect = self.redirect.as_ref().filter(|_| in_the_clear);
        let local = request
            .extensions
            .get::<ConnInfo>()
            .and_then(ConnInfo::local);
        let redirected = redirect.and_then(|it| it.response(request, local.map(|it| it.port())));
        let mut response = match redirected {
            Some(response) => response.map(Explanation::from),
            None if is_grpc(request) => grpc(mismatch),
            None => http(request, mismatch),
        };
        let headers = response.headers_mut();
        headers.insert(ONEPORT_MISMATCH, HeaderValue::from_static(mismatch.slug()));
        if let Some(vary) = redirect.and_then(Redirect::vary) {
            headers.insert(header::VARY, vary);
        }
        if let Some(warning) = warning(request, mismatch) {
            // A constant's letters.
            if let Ok(warning) = HeaderValue::try_from(warning) {
                headers.insert(ONEPORT_WARNING, warning);
            }
        }
        if request.version < Version::HTTP_2 && !headers.contains_key(header::CONNECTION) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(Explained);
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

/// Credentials that have crossed the network in the clear.
fn warning(request: &Parts, mismatch: Mismatch) -> Option<String> {
    match mismatch {
        Mismatch::PlaintextToTls => Credentials::of(request).warning(),
        _ => None,
    }
}

fn http(request: &Parts, mismatch: Mismatch) -> Response<Explanation> {
    let sentence = mismatch.sentence();
    let status = status(mismatch, request.version);
    let page = Page {
        mismatch,
        warning: warning(request, mismatch),
    };
    let (content_type, body) = match Format::accepted(&request.headers) {
        Format::Html => ("text/html; charset=utf-8", page.html()),
        Format::Problem => ("application/problem+json", page.problem(status)),
        Format::Text => ("text/plain; charset=utf-8", page.text()),
    };
    let mut response = Response::new(Explanation::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_ERROR, HeaderValue::from_static(sentence));
    // Page JavaScript may read the answer.
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("oneport-mismatch, oneport-warning, x-error"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match request.version {
        Version::HTTP_2 => {}
        Version::HTTP_11 if mismatch == Mismatch::PlaintextToTls => {
            // RFC 9110 15.5.22 wants Upgrade in a 426; RFC 2817 4.1 its value.
            headers.insert(
                header::CONNECTION,
                HeaderValue::from_static("Upgrade, close"),
            );
            headers.insert(
                header::UPGRADE,
                HeaderValue::from_static("TLS/1.2, HTTP/1.1"),
            );
        }
        _ => {}
    }
    if request.version < Version::HTTP_2 {
        // wget, urllib, requests, LWP and Go print the reason phrase.
        response
            .extensions_mut()
            .insert(ReasonPhrase::from_static(sentence.as_bytes()));
    }
    response
}

fn status(mismatch: Mismatch, version: Version) -> StatusCode {
    match mismatch {
        // 426 has no meaning in HTTP/2, which cannot upgrade (RFC 9113 8.6).
        Mismatch::PlaintextToTls if version < Version::HTTP_2 => StatusCode::UPGRADE_REQUIRED,
        Mismatch::PlaintextToTls | Mismatch::TlsToPlaintext => StatusCode::MISDIRECTED_REQUEST,
        Mismatch::ClientCertificate(_) => StatusCode::FORBIDDEN,
        Mismatch::Foreign(_) | Mismatch::ProxyHeaderMissing => StatusCode::BAD_REQUEST,
    }
}

/// gRPC proper, which is HTTP/2. grpc-web reads an ordinary response better:
/// one that page JavaScript may see.
fn is_grpc(request: &Parts) -> bool {
    let content_type = request.headers.get(header::CONTENT_TYPE);
    let is_grpc = |value: &HeaderValue| {
        let rest = value.as_bytes().strip_prefix(b"application/grpc");
        matches!(rest, Some([] | [b'+' | b';' | b' ', ..]))
    };
    request.version == Version::HTTP_2 && content_type.is_some_and(is_grpc)
}

/// Trailers-only. `FAILED_PRECONDITION` (9): 14 (`UNAVAILABLE`) would be
/// retried. `UNAUTHENTICATED` is 16.
fn grpc(mismatch: Mismatch) -> Response<Explanation> {
    let status = match mismatch {
        Mismatch::ClientCertificate(_) => "16",
        _ => "9",
    };
    let mut response = Response::new(Explanation::default());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    headers.insert("grpc-status", HeaderValue::from_static(status));
    // Percent-encoding (gRPC over HTTP/2) is the identity for our sentences:
    // printable ASCII without a percent sign, which a test below pins.
    headers.insert(
        "grpc-message",
        HeaderValue::from_static(mismatch.sentence()),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::Foreign;
    use crate::mismatch::CertificateFault;

    const ALL: [Mismatch; 10] = [
        Mismatch::ClientCertificate(CertificateFault::Expired),
        Mismatch::ClientCertificate(CertificateFault::Missing),
        Mismatch::ClientCertificate(CertificateFault::NotYetValid),
        Mismatch::ClientCertificate(CertificateFault::Refused),
        Mismatch::ClientCertificate(CertificateFault::Revoked),
        Mismatch::ClientCertificate(CertificateFault::UnknownIssuer),
        Mismatch::Foreign(Foreign::Text),
        Mismatch::PlaintextToTls,
        Mismatch::ProxyHeaderMissing,
        Mismatch::TlsToPlaintext,
    ];

    #[test]
    fn sentences_need_no_escaping_anywhere() {
        for mismatch in ALL {
            for text in [mismatch.sentence(), mismatch.slug(), mismatch.remedy()] {
                let plain = |c: char| (' '..='~').contains(&c) && !"%\"<>&\\".contains(c);
                assert!(text.chars().all(plain), "{text}");
            }
        }
    }

    #[test]
    fn what_is_grpc() {
        let table = [
            ("application/grpc", Version::HTTP_2, true),
            ("application/grpc+proto", Version::HTTP_2, true),
            ("application/grpc; charset=utf-8", Version::HTTP_2, true),
            ("application/grpc-web+proto", Version::HTTP_2, false),
            ("application/grpc", Version::HTTP_11, false),
            ("application/json", Version::HTTP_2, false),
        ];
        for (content_type, version, expected) in table {
            let request = http::Request::builder()
                .version(version)
                .header(header::CONTENT_TYPE, content_type)
                .body(());
            let (parts, ()) = request.expect("a request").into_parts();
            assert_eq!(is_grpc(&parts), expected, "{content_type} {version:?}");
        }
    }
}

//! One refused connection: what is wrong, who explains it, and what no
//! explanation may carry.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header;
use http::request::Parts;
use http::{Extensions, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tokio::time::timeout;
use tower_service::Service;

use super::explain::{ConnectionRefused, Explain, ONEPORT_MISMATCH};
use super::websocket::has_token;
use super::{BoxError, without_body};
#[cfg(feature = "acme")]
use crate::challenge::{self, Challenges};
use crate::conn_info::ConnInfo;
use crate::count;
use crate::credentials::Credentials;
use crate::mismatch::Mismatch;

/// What answers refused requests, of any type.
#[derive(Clone)]
pub(crate) struct Explainer(Arc<dyn Erased>);

/// Any explanation's body.
pub(super) type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

type Answering = Pin<Box<dyn Future<Output = Result<Response<AnyBody>, BoxError>> + Send>>;

trait Erased: Send + Sync {
    fn answer(&self, request: Request<Incoming>) -> Answering;
}

/// A lock, so that the service need not be `Sync`; it is held for a clone.
struct Shared<S>(Mutex<S>);

impl Explainer {
    pub(crate) fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self(Arc::new(Shared(Mutex::new(service))))
    }
}

impl Default for Explainer {
    fn default() -> Self {
        Self::new(Explain::new())
    }
}

impl<S, B> Erased for Shared<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    fn answer(&self, request: Request<Incoming>) -> Answering {
        let mut service = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut answering = Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(Into::into)?;
            let response = service.call(request).await.map_err(Into::into)?;
            Ok(response.map(|body| InBytes { body }.map_err(Into::into).boxed_unsync()))
        });
        Box::pin(poll_fn(move |cx| {
            let poll = AssertUnwindSafe(|| answering.as_mut().poll(cx));
            catch_unwind(poll).unwrap_or_else(|_| {
                count::panicked();
                Poll::Ready(Err("the service that explains refusals panicked".into()))
            })
        }))
    }
}

pin_project! {
    /// A body in `Bytes`; it stays as long as it said it was.
    struct InBytes<B> {
        #[pin]
        body: B,
    }
}

impl<B: Body> Body for InBytes<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(self.project().body.poll_frame(cx));
        let in_bytes =
            |frame: Frame<B::Data>| frame.map_data(|mut data| data.copy_to_bytes(data.remaining()));
        Poll::Ready(frame.map(|frame| frame.map(in_bytes)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// One refused connection.
#[derive(Clone)]
pub(crate) struct Refusal {
    pub(crate) mismatch: Mismatch,
    pub(crate) info: ConnInfo,
    pub(crate) explainer: Explainer,
    /// For the whole answer.
    pub(crate) budget: Duration,
    /// What the first request that had any carried in the clear.
    pub(crate) credentials: Arc<OnceLock<Credentials>>,
    #[cfg(feature = "acme")]
    pub(crate) challenges: Option<Challenges>,
}

impl Refusal {
    /// The explainer's response; the default one where it fails, or takes half
    /// of the budget.
    pub(super) async fn answer(&self, mut parts: Parts, body: Incoming) -> Response<AnyBody> {
        #[cfg(feature = "acme")]
        if let Some(response) = self.challenge(&parts) {
            return response;
        }
        let credentials = Credentials::of(&parts);
        if self.mismatch == Mismatch::PlaintextToTls && !credentials.is_empty() {
            // Set already: one line in the log is enough.
            let _ = self.credentials.set(credentials);
        }
        self.mark(&mut parts.extensions);
        let request = Request::from_parts(parts.clone(), body);
        let answering = timeout(self.budget / 2, self.explainer.0.answer(request));
        let mut response = match answering.await {
            Ok(Ok(response)) => response,
            failed => {
                let error = match failed {
                    Ok(Err(error)) => error.to_string(),
                    _ => format!("no response within {:?}", self.budget / 2),
                };
                tracing::warn!(
                    error,
                    "the explain service failed: the default explanation is sent"
                );
                let default = Explain::new().response(&parts, self.mismatch);
                default.map(|body| body.map_err(|never| match never {}).boxed_unsync())
            }
        };
        if parts.method == Method::HEAD && !response.body().is_end_stream() {
            let empty = Empty::new().map_err(|never| match never {});
            response = without_body(response, empty.boxed_unsync());
        }
        let status = response.status();
        self.keep_clean(&mut response);
        if parts.version < Version::HTTP_2 {
            let headers = response.headers_mut();
            let switches = status == StatusCode::SWITCHING_PROTOCOLS;
            if !switches && !has_token(headers, &header::CONNECTION, "close") {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
        }
        response
    }

    /// What a CA came for, which is not refused anything.
    #[cfg(feature = "acme")]
    fn challenge(&self, parts: &Parts) -> Option<Response<AnyBody>> {
        let path = parts.uri.path();
        let mut response = challenge::response(self.challenges.as_ref()?, &parts.method, path)?;
        if parts.version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        Some(response.map(|body| body.map_err(|never| match never {}).boxed_unsync()))
    }

    fn mark(&self, extensions: &mut Extensions) {
        extensions.insert(self.mismatch);
        extensions.insert(self.info.clone());
        extensions.insert(ConnectionRefused);
    }

    /// Whatever service answered: no cookie on a refusal, no HSTS in the clear
    /// (RFC 6797 7.2), and the mismatch for machines.
    fn keep_clean(&self, response: &mut Response<AnyBody>) {
        let headers = response.headers_mut();
        headers.remove(header::SET_COOKIE);
        if !self.info.is_tls() {
            headers.remove(header::STRICT_TRANSPORT_SECURITY);
        }
        headers
            .entry(ONEPORT_MISMATCH)
            .or_insert(HeaderValue::from_static(self.mismatch.slug()));
    }
}

//! What all layers share: the service, and the future of its response.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::body::ResponseBody;
use crate::answer::{Explanation, without_body};
use crate::conn_info::ConnInfo;

/// A service with one of this module's layers around it: what the layer's
/// `tower::Layer::layer` returns. `L` is the layer, `S` the service. No layers but
/// these can be in it.
///
/// ```
/// use oneport::layer::{Hsts, Layered};
/// use tower::Layer;
///
/// fn secured(app: axum::Router) -> Layered<Hsts, axum::Router> {
///     Hsts::max_age(std::time::Duration::from_secs(86400)).layer(app)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Layered<L, S> {
    layer: L,
    inner: S,
}

/// A layer.
pub(super) trait Rule: Clone {
    /// For the log.
    const NAME: &'static str;

    /// The headers of the app's response, after [`Verdict::PassAndEdit`].
    fn on_response(&self, _headers: &mut HeaderMap, _info: &ConnInfo) {}
}

/// What a layer does with a request whose body is a `B`.
pub(super) trait OnRequest<B>: Rule {
    fn on_request(&self, request: Request<B>, info: &ConnInfo) -> Verdict<B>;
}

/// What becomes of a request.
pub(super) enum Verdict<B> {
    Answer(Response<Explanation>),
    AnswerLater(Later),
    Pass(Request<B>),
    PassAndEdit(Request<B>),
}

/// On the heap: it is for refusals only.
pub(super) type Later = Pin<Box<dyn Future<Output = Response<Explanation>> + Send>>;

impl<L, S> Layered<L, S> {
    pub(super) fn new(layer: L, inner: S) -> Self {
        Self { layer, inner }
    }
}

impl<L, S, ReqB, ResB> Service<Request<ReqB>> for Layered<L, S>
where
    L: OnRequest<ReqB>,
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Body<Data: From<Bytes>>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<L, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let to_head = request.method() == Method::HEAD;
        let Some(info) = request.extensions().get::<ConnInfo>().cloned() else {
            tracing::error!(
                layer = L::NAME,
                "a request has no ConnInfo in its extensions: serve the app by oneport::serve_dual, or insert Accepted::info into each request by hand",
            );
            return ResponseFuture::answer(misconfigured(), to_head);
        };
        let progress = match self.layer.on_request(request, &info) {
            Verdict::Answer(response) => return ResponseFuture::answer(response, to_head),
            Verdict::AnswerLater(later) => Progress::AnswerLater { later },
            Verdict::Pass(request) => Progress::App {
                response: self.inner.call(request),
                edit: None,
            },
            Verdict::PassAndEdit(request) => Progress::App {
                response: self.inner.call(request),
                edit: Some((self.layer.clone(), info)),
            },
        };
        ResponseFuture { progress, to_head }
    }
}

pin_project! {
    /// The future of a [`Layered`] service's response.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<L, F> {
        #[pin]
        progress: Progress<L, F>,
        to_head: bool,
    }
}

pin_project! {
    #[project = ProgressProjected]
    enum Progress<L, F> {
        Answer {
            // None once it was returned.
            response: Option<Response<Explanation>>,
        },
        AnswerLater {
            later: Later,
        },
        App {
            #[pin]
            response: F,
            // Who edits the response's headers.
            edit: Option<(L, ConnInfo)>,
        },
    }
}

impl<L, F> ResponseFuture<L, F> {
    fn answer(response: Response<Explanation>, to_head: bool) -> Self {
        let response = Some(response);
        Self {
            progress: Progress::Answer { response },
            to_head,
        }
    }
}

impl<L, F> std::fmt::Debug for ResponseFuture<L, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<L, F, B, E> Future for ResponseFuture<L, F>
where
    L: Rule,
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let ours = match this.progress.project() {
            ProgressProjected::Answer { response } => match response.take() {
                Some(response) => response,
                // Polled again after it was ready, which nobody does.
                None => return Poll::Pending,
            },
            ProgressProjected::AnswerLater { later } => ready!(later.as_mut().poll(cx)),
            ProgressProjected::App { response, edit } => {
                let mut response = ready!(response.poll(cx))?;
                if let Some((layer, info)) = edit {
                    layer.on_response(response.headers_mut(), info);
                }
                return Poll::Ready(Ok(response.map(ResponseBody::app)));
            }
        };
        let ours = match *this.to_head {
            true => without_body(ours, Explanation::default()),
            false => ours,
        };
        Poll::Ready(Ok(ours.map(ResponseBody::ours)))
    }
}

/// Nothing that a client could make use of: what is missing is in the log.
fn misconfigured() -> Response<Explanation> {
    let text = "This server is not set up completely; its log says what is missing.\n";
    let mut response = Response::new(Explanation::from(text.to_owned()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

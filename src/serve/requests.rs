//! The application as hyper calls it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use hyper_util::service::TowerToHyperService;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::host_check;
use super::in_flight::InFlight;
use super::response_body::ResponseBody;
use crate::answer::Explained;
use crate::conn_info::ConnInfo;

/// Puts [`ConnInfo`] into each request, and notes when a response upgrades the
/// connection.
///
/// The insertion costs three small allocations per request, the price of
/// `http::Extensions`: it is how every tower layer and handler finds out over
/// which transport the request came.
#[derive(Debug)]
pub(super) struct Requests<S> {
    app: TowerToHyperService<S>,
    info: ConnInfo,
}

impl<S> Requests<S> {
    pub(super) fn new(app: S, info: ConnInfo) -> Self {
        let app = TowerToHyperService::new(app);
        Self { app, info }
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Requests<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    B: Body,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future =
        Answering<<TowerToHyperService<S> as hyper::service::Service<Request<Incoming>>>::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let connect = request.method() == Method::CONNECT;
        let has_body = !request.body().is_end_stream();
        let fault = host_check::fault(request.version(), request.uri(), request.headers());
        // First: it is in flight while the application looks at it.
        let in_flight = InFlight::new(self.info.clone(), has_body);
        let answer = match fault {
            Some(sentence) => Answer::Ours { sentence },
            None => {
                request.extensions_mut().insert(self.info.clone());
                let response = self.app.call(request);
                Answer::Theirs { response }
            }
        };
        Answering {
            answer,
            request: Some(in_flight),
            connect,
        }
    }
}

pin_project! {
    /// A response to come.
    #[derive(Debug)]
    pub(super) struct Answering<F> {
        #[pin]
        answer: Answer<F>,
        // None once it went with the response.
        request: Option<InFlight>,
        connect: bool,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = AnswerProjected]
    enum Answer<F> {
        Ours {
            sentence: &'static str,
        },
        Theirs {
            #[pin]
            response: F,
        },
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match this.answer.project() {
            AnswerProjected::Ours { sentence } => Err(*sentence),
            AnswerProjected::Theirs { response } => Ok(ready!(response.poll(cx))?),
        };
        let Some(request) = this.request.take() else {
            // It was ready before, and is not to be polled again.
            return Poll::Pending;
        };
        let response = match response {
            Ok(response) => response,
            Err(sentence) => return Poll::Ready(Ok(bad_request(sentence, request))),
        };
        // What hyper takes for the end of HTTP/1 on this connection.
        let status = response.status();
        if status == StatusCode::SWITCHING_PROTOCOLS || (*this.connect && status.is_success()) {
            request.info.mark_upgraded();
        }
        if response.extensions().get::<Explained>().is_some() {
            request.info.mark_explained();
        }
        request.respond();
        Poll::Ready(Ok(response.map(|body| ResponseBody::theirs(body, request))))
    }
}

/// Ends the connection over HTTP/1: it is not sure where the next request is.
fn bad_request<B: Body>(sentence: &'static str, request: InFlight) -> Response<ResponseBody<B>> {
    request.respond();
    let close = !request.is_stream();
    let body = Bytes::from(format!("{sentence}\n"));
    let mut response = Response::new(ResponseBody::ours(body, request));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, text);
    headers.insert("x-error", HeaderValue::from_static(sentence));
    if close {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

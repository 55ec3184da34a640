//! The application as hyper calls it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::caught::caught;
use super::host_check;
use super::in_flight::InFlight;
use super::response_body::ResponseBody;
use crate::answer::{BoxError, Explained};
use crate::conn_info::ConnInfo;

/// Puts [`ConnInfo`] into each request, and notes when a response upgrades the
/// connection.
///
/// The insertion costs three small allocations per request, the price of
/// `http::Extensions`: it is how every tower layer and handler finds out over
/// which transport the request came.
#[derive(Debug)]
pub(super) struct Requests<S> {
    app: S,
    info: ConnInfo,
}

impl<S> Requests<S> {
    pub(super) fn new(app: S, info: ConnInfo) -> Self {
        Self { app, info }
    }

    pub(super) fn into_app(self) -> S {
        self.app
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Requests<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>> + Clone,
    B: Body,
{
    type Response = Response<ResponseBody<B>>;
    type Error = BoxError;
    type Future = Responding<S>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let connect = request.method() == Method::CONNECT;
        let head = request.method() == Method::HEAD;
        let has_body = !request.body().is_end_stream();
        // First: it is in flight while the application looks at it.
        let in_flight = InFlight::new(self.info.clone(), has_body);
        let state = match host_check::fault(request.version(), request.uri(), request.headers()) {
            Some(sentence) => State::Refused { sentence },
            // Over HTTP/2 this runs in the task of all requests.
            None => caught(&self.info, || self.call_app(request)).unwrap_or(State::Panicked),
        };
        Responding {
            state,
            in_flight: Some(in_flight),
            connect,
            head,
        }
    }
}

impl<S> Requests<S>
where
    S: Service<Request<Incoming>, Error: Into<BoxError>> + Clone,
{
    fn call_app(&self, mut request: Request<Incoming>) -> State<S> {
        request.extensions_mut().insert(self.info.clone());
        let mut app = self.app.clone();
        // Nearly all are always ready: then the request, which is large, need
        // not wait in a future. Whoever is not is asked again, with a waker.
        let mut nobody = Context::from_waker(Waker::noop());
        match app.poll_ready(&mut nobody) {
            Poll::Ready(Ok(())) => State::Called {
                response: app.call(request),
            },
            Poll::Ready(Err(error)) => State::Failed {
                error: Some(error.into()),
            },
            Poll::Pending => State::Busy {
                app,
                request: Some(Box::new(request)),
            },
        }
    }
}

pin_project! {
    /// A response to come.
    pub(super) struct Responding<S: Service<Request<Incoming>>> {
        #[pin]
        state: State<S>,
        // None once it went with the response.
        in_flight: Option<InFlight>,
        connect: bool,
        head: bool,
    }
}

pin_project! {
    #[project = StateProjected]
    enum State<S: Service<Request<Incoming>>> {
        // The options are None once they were taken. The request is boxed: an
        // idle connection keeps room for the largest of these.
        Busy {
            app: S,
            request: Option<Box<Request<Incoming>>>,
        },
        Called {
            #[pin]
            response: S::Future,
        },
        Failed {
            error: Option<BoxError>,
        },
        Panicked,
        // By us: the application does not see it.
        Refused {
            sentence: &'static str,
        },
    }
}

impl<S, B> Future for Responding<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(request) = this.in_flight else {
            // It was ready before, and is not to be polled again.
            return Poll::Pending;
        };
        let state = this.state;
        let response = match caught(&request.info, || state.poll(cx)) {
            Some(polled) => ready!(polled)?,
            None => Err(Fault::PANICKED),
        };
        let Some(request) = this.in_flight.take() else {
            return Poll::Pending;
        };
        let response = match response {
            Ok(response) => response,
            Err(fault) => return Poll::Ready(Ok(fault.response(request, *this.head))),
        };
        if response.extensions().get::<Explained>().is_some() {
            request.info.mark_explained();
        }
        // What hyper takes for the end of HTTP, on this connection or stream. Over
        // HTTP/2 there is no 101 (RFC 9113 8.6).
        let status = response.status();
        let switches = status == StatusCode::SWITCHING_PROTOCOLS && !request.is_stream();
        match switches || (*this.connect && status.is_success()) {
            true => request.upgrade(),
            false => request.respond(),
        }
        Poll::Ready(Ok(response.map(|body| ResponseBody::theirs(body, request))))
    }
}

impl<S: Service<Request<Incoming>, Error: Into<BoxError>>> State<S> {
    /// The application's response, or why it was not asked.
    #[allow(clippy::type_complexity)]
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Result<S::Response, Fault>, BoxError>> {
        loop {
            let response = match self.as_mut().project() {
                StateProjected::Called { response } => {
                    return response.poll(cx).map_ok(Ok).map_err(Into::into);
                }
                StateProjected::Failed { error } => match error.take() {
                    Some(error) => return Poll::Ready(Err(error)),
                    // Polled again after it was ready, which nobody does.
                    None => return Poll::Pending,
                },
                StateProjected::Panicked => return Poll::Ready(Ok(Err(Fault::PANICKED))),
                StateProjected::Refused { sentence } => {
                    return Poll::Ready(Ok(Err(Fault::of_client(sentence))));
                }
                StateProjected::Busy { app, request } => {
                    ready!(app.poll_ready(cx)).map_err(Into::into)?;
                    match request.take() {
                        Some(request) => app.call(*request),
                        None => return Poll::Pending,
                    }
                }
            };
            self.set(Self::Called { response });
        }
    }
}

/// What is answered without the application, and ends the connection over
/// HTTP/1: it is not sure where the next request is.
struct Fault {
    status: StatusCode,
    sentence: &'static str,
}

impl Fault {
    const PANICKED: Self = Self {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        sentence: "The application failed at this request.",
    };

    fn of_client(sentence: &'static str) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self { status, sentence }
    }

    fn response<B: Body>(self, request: InFlight, to_head: bool) -> Response<ResponseBody<B>> {
        let Self { status, sentence } = self;
        request.respond();
        // Of an upload there may be more: a close would be a reset.
        request.info.mark_explained();
        let close = !request.is_stream();
        let body = Bytes::from(format!("{sentence}\n"));
        let length = body.len();
        // hyper leaves it out over HTTP/1 alone.
        let body = match to_head {
            true => ResponseBody::none(request),
            false => ResponseBody::ours(body, request),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, text);
        headers.insert(header::CONTENT_LENGTH, length.into());
        headers.insert("x-error", HeaderValue::from_static(sentence));
        if close {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

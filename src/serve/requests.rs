//! The application as hyper calls it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service;

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
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Requests<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>> + Clone,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Responding<S>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let connect = request.method() == Method::CONNECT;
        request.extensions_mut().insert(self.info.clone());
        let mut app = self.app.clone();
        // Nearly all are always ready: then the request, which is large, need
        // not wait in a future. Whoever is not is asked again, with a waker.
        let mut nobody = Context::from_waker(Waker::noop());
        let state = match app.poll_ready(&mut nobody) {
            Poll::Ready(Ok(())) => State::Called {
                response: app.call(request),
            },
            Poll::Ready(Err(error)) => State::Failed {
                error: Some(error.into()),
            },
            Poll::Pending => State::Busy {
                app,
                request: Some(request),
            },
        };
        Responding {
            state,
            info: self.info.clone(),
            connect,
        }
    }
}

pin_project! {
    /// A response to come.
    pub(super) struct Responding<S: Service<Request<Incoming>>> {
        #[pin]
        state: State<S>,
        info: ConnInfo,
        connect: bool,
    }
}

pin_project! {
    #[project = StateProjected]
    enum State<S: Service<Request<Incoming>>> {
        // The options are None once they were taken.
        Busy {
            app: S,
            request: Option<Request<Incoming>>,
        },
        Called {
            #[pin]
            response: S::Future,
        },
        Failed {
            error: Option<BoxError>,
        },
    }
}

impl<S, B> Future for Responding<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>>,
{
    type Output = Result<Response<B>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.state.poll(cx));
        if let Ok(response) = &response {
            // What hyper takes for the end of HTTP/1 on this connection.
            let status = response.status();
            if status == StatusCode::SWITCHING_PROTOCOLS || (*this.connect && status.is_success()) {
                this.info.mark_upgraded();
            }
            if response.extensions().get::<Explained>().is_some() {
                this.info.mark_explained();
            }
        }
        Poll::Ready(response)
    }
}

impl<S: Service<Request<Incoming>, Error: Into<BoxError>>> State<S> {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<S::Response, BoxError>> {
        loop {
            let response = match self.as_mut().project() {
                StateProjected::Called { response } => {
                    return response.poll(cx).map_err(Into::into);
                }
                StateProjected::Failed { error } => match error.take() {
                    Some(error) => return Poll::Ready(Err(error)),
                    // Polled again after it was ready, which nobody does.
                    None => return Poll::Pending,
                },
                StateProjected::Busy { app, request } => {
                    ready!(app.poll_ready(cx)).map_err(Into::into)?;
                    match request.take() {
                        Some(request) => app.call(request),
                        None => return Poll::Pending,
                    }
                }
            };
            self.set(Self::Called { response });
        }
    }
}

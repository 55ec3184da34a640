//! The application as hyper calls it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::service::TowerToHyperService;
use pin_project_lite::pin_project;
use tower_service::Service;

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
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future =
        Responding<<TowerToHyperService<S> as hyper::service::Service<Request<Incoming>>>::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let connect = request.method() == Method::CONNECT;
        request.extensions_mut().insert(self.info.clone());
        Responding {
            response: self.app.call(request),
            info: self.info.clone(),
            connect,
        }
    }
}

pin_project! {
    /// A response to come.
    #[derive(Debug)]
    pub(super) struct Responding<F> {
        #[pin]
        response: F,
        info: ConnInfo,
        connect: bool,
    }
}

impl<F, B, E> Future for Responding<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.response.poll(cx));
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

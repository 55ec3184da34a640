//! What is served: a tower Service, or a make-service.

use std::future::{Future, poll_fn};

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

use crate::answer::BoxError;

/// What [`serve_dual`](crate::serve_dual) serves. Implemented for
///
/// * every `tower::Service<http::Request<hyper::body::Incoming>>` that is
///   `Clone + Send`: axum 0.7 and 0.8 Routers, tonic Routes, tower-http stacks,
///   `tower::service_fn`; cloned per connection and per request;
/// * every make-service, a `tower::Service` over the listener's address
///   (`SocketAddr` for TCP) that yields such a service: called once per
///   connection; `into_make_service_with_connect_info::<SocketAddr>()`.
///
/// The compiler finds `Kind`: never name it.
pub trait App<Addr, Kind>: Clone + Send + 'static {
    /// Serves one connection's requests.
    type Service: Service<
            Request<Incoming>,
            Response = Response<Self::Body>,
            Error: Into<BoxError>,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static;
    /// The responses' body.
    type Body: Body<Data: Send, Error: Into<BoxError>> + Send + 'static;

    /// The service for a connection.
    ///
    /// # Errors
    ///
    /// Where a make-service fails; it ends the connection.
    fn into_service(
        self,
        addr: Addr,
    ) -> impl Future<Output = Result<Self::Service, BoxError>> + Send;
}

/// The [`App`] kind of a tower Service over requests.
#[derive(Debug)]
pub enum PerRequest {}

/// The [`App`] kind of a make-service.
#[derive(Debug)]
pub enum PerConnection {}

impl<Addr, S, B> App<Addr, PerRequest> for S
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Service = S;
    type Body = B;

    fn into_service(self, _: Addr) -> impl Future<Output = Result<S, BoxError>> + Send {
        std::future::ready(Ok(self))
    }
}

impl<Addr, M, S, B> App<Addr, PerConnection> for M
where
    Addr: Send + 'static,
    M: Service<Addr, Response = S> + Clone + Send + 'static,
    M::Error: Into<BoxError>,
    M::Future: Send,
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Service = S;
    type Body = B;

    async fn into_service(mut self, addr: Addr) -> Result<S, BoxError> {
        poll_fn(|cx| self.poll_ready(cx))
            .await
            .map_err(Into::into)?;
        self.call(addr).await.map_err(Into::into)
    }
}

/// What [`App::Service`] is, in one word.
pub(super) trait Answers:
    Service<
        Request<Incoming>,
        Response = Response<Self::Body>,
        Error: Into<BoxError>,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    type Body: Body<Data: Send, Error: Into<BoxError>> + Send + 'static;
}

impl<S, B> Answers for S
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Body = B;
}

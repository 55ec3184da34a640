//! An HTTP client that may try the other mode.

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::future::{Again, UpgradeFuture};
use super::known::Known;
use super::{Upgrade, is_safe};

/// What [`Upgrade`] makes of an HTTP client. Clones share what they have
/// learnt.
///
/// Its errors are the client's, boxed, so that clients with boxed errors fit
/// too.
#[derive(Clone, Debug)]
pub struct Upgraded<S> {
    client: S,
    policy: Upgrade,
    pub(super) known: Arc<Known>,
}

impl<S> Upgraded<S> {
    pub(super) fn new(client: S, policy: Upgrade, known: Arc<Known>) -> Self {
        Self {
            client,
            policy,
            known,
        }
    }
}

impl<S, B, R> Service<Request<B>> for Upgraded<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Default,
{
    type Response = Response<R>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = UpgradeFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.client.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(uri) = self.known.instead(request.uri()) {
            *request.uri_mut() = uri;
        }
        // The one that is ready does the first request; a clone may have to
        // become so first.
        let clone = self.client.clone();
        let mut ready = std::mem::replace(&mut self.client, clone);
        if !is_safe(request.method()) || !request.body().is_end_stream() {
            return UpgradeFuture::once(ready.call(request));
        }
        let (parts, body) = request.into_parts();
        let again = Again {
            // A copy of the head, for the case that it has to be sent again.
            head: parts.clone(),
            policy: self.policy.clone(),
            known: Arc::clone(&self.known),
        };
        let first = ready.call(Request::from_parts(parts, body));
        UpgradeFuture::maybe_again(first, again, ready)
    }
}

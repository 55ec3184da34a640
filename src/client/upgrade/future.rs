//! A request, and the same once more in the other mode.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response, Uri, request};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::Upgrade;
use super::known::Known;
use crate::client::diagnose;
use crate::diagnose::{Certainty, Diagnosis, diagnose_response};

pin_project! {
    /// The response of an [`Upgraded`](super::Upgraded) client.
    #[must_use = "futures do nothing unless polled"]
    pub struct UpgradeFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        // None: the first is over, and what it held of the client is free.
        #[pin]
        response: Option<S::Future>,
        again: Option<Again>,
        client: Option<S>,
        second: Option<Request<B>>,
    }
}

/// What it takes to send a request once more.
pub(super) struct Again {
    pub(super) head: request::Parts,
    pub(super) policy: Upgrade,
    pub(super) known: Arc<Known>,
}

impl<S, B> UpgradeFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) fn once(response: S::Future) -> Self {
        Self {
            response: Some(response),
            again: None,
            client: None,
            second: None,
        }
    }

    pub(super) fn maybe_again(response: S::Future, again: Again, client: S) -> Self {
        Self {
            response: Some(response),
            again: Some(again),
            client: Some(client),
            second: None,
        }
    }
}

impl<S, B, R> Future for UpgradeFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Default,
{
    type Output = Result<Response<R>, Box<dyn Error + Send + Sync>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let Some(response) = this.response.as_mut().as_pin_mut() else {
                let (Some(client), Some(_)) = (&mut *this.client, &*this.second) else {
                    return Poll::Pending; // polled after its end
                };
                ready!(client.poll_ready(cx)).map_err(Into::into)?;
                let second = this.second.take();
                this.response
                    .set(second.map(|request| client.call(request)));
                continue;
            };
            let result = ready!(response.poll(cx)).map_err(Into::into);
            this.response.set(None);
            match this.again.take().and_then(|again| again.with(&result)) {
                Some(request) => *this.second = Some(request.map(|()| B::default())),
                None => return Poll::Ready(result),
            }
        }
    }
}

impl Again {
    /// The request in the other mode, if the result asks for it.
    fn with<R>(
        mut self,
        result: &Result<Response<R>, Box<dyn Error + Send + Sync>>,
    ) -> Option<Request<()>> {
        let diagnosis = match result {
            Ok(response) => diagnose_response(response)?,
            Err(error) => diagnose(&**error)?,
        };
        let instead = self.policy.instead(&diagnosis, &self.head)?;
        if result.is_ok() && diagnosis.certainty() == Certainty::Certain {
            self.known.remember(&self.head.uri);
        }
        log(&diagnosis, &self.head.uri, &instead);
        self.head.uri = instead;
        Some(Request::from_parts(self.head, ()))
    }
}

/// Without the queries, which may hold secrets.
fn log(diagnosis: &Diagnosis, used: &Uri, instead: &Uri) {
    let shown = |uri: &Uri| {
        let host = uri.authority().map_or("", |authority| {
            let all = authority.as_str();
            all.rsplit_once('@').map_or(all, |(_, host)| host)
        });
        format!("{}://{host}{}", uri.scheme_str().unwrap_or(""), uri.path())
    };
    tracing::warn!(
        url = shown(used),
        instead = shown(instead),
        "trying the other mode once: {diagnosis}"
    );
}

//! The stage in which a connection is served.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Version;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};

use super::accept_loop::Slotted;
use super::app::Answers;
use super::connection::{Shared, Stage};
use super::http1::Http1;
use super::http2;
use crate::accept::Accepted;
use crate::answer::BoxError;
#[cfg(feature = "acme")]
use crate::challenge::AnswerChallenges;
use crate::lifecycle::{Phase, Reached};

pin_project! {
    /// By hand: as an async block it would hold the stream once for itself, and
    /// once more in hyper's connection.
    pub(super) struct Serving<I, M, S: Answers> {
        shared: Arc<Shared>,
        #[pin]
        changed: Reached,
        #[pin]
        state: State<I, M, S>,
    }
}

pin_project! {
    #[project = StateProjected]
    enum State<I, M, S: Answers> {
        // The application makes the connection's service.
        Making {
            #[pin]
            making: M,
            // None once it was taken.
            accepted: Option<Accepted<Slotted<I>>>,
        },
        Http1 {
            serving: Http1<I, App<S>>,
        },
    }
}

/// What answers requests: CAs' challenges come before the application.
#[cfg(feature = "acme")]
type App<S> = AnswerChallenges<S>;
#[cfg(not(feature = "acme"))]
type App<S> = S;

impl<I, M, S: Answers> Serving<I, M, S> {
    pub(super) fn new(shared: Arc<Shared>, accepted: Accepted<Slotted<I>>, making: M) -> Self {
        let accepted = Some(accepted);
        Self {
            changed: Reached::default(),
            shared,
            state: State::Making { making, accepted },
        }
    }
}

impl<I, M, S> Future for Serving<I, M, S>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    M: Future<Output = Result<S, BoxError>>,
    S: Answers,
{
    type Output = Option<Stage>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Stage>> {
        let mut this = self.project();
        let (made, accepted) = match this.state.as_mut().project() {
            StateProjected::Http1 { serving } => {
                return serving.poll(this.shared, this.changed, cx);
            }
            StateProjected::Making { making, accepted } => match making.poll(cx) {
                Poll::Ready(made) => (made, accepted.take()),
                Poll::Pending => {
                    ready!(this.changed.poll(&this.shared.observer, Phase::Aborted, cx));
                    return Poll::Ready(None);
                }
            },
        };
        let (app, accepted) = match (made, accepted) {
            (Ok(app), Some(accepted)) => (app, accepted),
            (Err(error), Some(accepted)) => {
                let peer = accepted.info.peer();
                tracing::warn!(%peer, error = &*error, "the make-service failed");
                return Poll::Ready(None);
            }
            // Polled again after its end.
            (_, None) => return Poll::Ready(None),
        };
        #[cfg(feature = "acme")]
        let app = AnswerChallenges::new(app, this.shared.acceptor.challenges());
        if accepted.info.http_version() == Version::HTTP_2 {
            let serving = http2::serve(this.shared.clone(), accepted, app);
            return Poll::Ready(Some(Stage::until_aborted(this.shared, serving)));
        }
        let serving = Http1::new(this.shared, accepted, app);
        this.state.as_mut().set(State::Http1 { serving });
        match this.state.project() {
            StateProjected::Http1 { serving } => serving.poll(this.shared, this.changed, cx),
            StateProjected::Making { .. } => Poll::Ready(None),
        }
    }
}

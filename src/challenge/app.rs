//! An application with the answers to http-01 challenges before it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Challenges, OursOrTheirs, response};

/// Answers what is expected; all other requests are the application's.
#[derive(Clone, Debug)]
pub(crate) struct AnswerChallenges<S> {
    challenges: Option<Challenges>,
    app: S,
}

impl<S> AnswerChallenges<S> {
    pub(crate) fn new(app: S, challenges: Option<Challenges>) -> Self {
        Self { challenges, app }
    }
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for AnswerChallenges<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
{
    type Response = Response<OursOrTheirs<ResB>>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let challenges = self.challenges.as_ref();
        let asked = challenges.and_then(|it| response(it, request.method(), request.uri().path()));
        match asked {
            Some(response) => Answering::Ours {
                response: Some(response),
            },
            None => Answering::Theirs {
                response: self.app.call(request),
            },
        }
    }
}

pin_project! {
    /// A response to come.
    #[derive(Debug)]
    #[project = AnsweringProjected]
    pub(crate) enum Answering<F> {
        Ours {
            // None once it was returned.
            response: Option<Response<Full<Bytes>>>,
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
{
    type Output = Result<Response<OursOrTheirs<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnsweringProjected::Ours { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map(OursOrTheirs::ours))),
                // Polled again after it was ready, which nobody does.
                None => Poll::Pending,
            },
            AnsweringProjected::Theirs { response } => {
                let response = ready!(response.poll(cx))?;
                Poll::Ready(Ok(response.map(OursOrTheirs::theirs)))
            }
        }
    }
}

//! An app's `poll_ready` is asked before each request, at first without a waker:
//! one that is not ready yet is asked again, and one that fails is not called.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use support::{Server, exchange, told};
use tokio::time::{Sleep, sleep};
use tower::Service;

/// Ready after a while, for the one request that a clone is for.
struct Slow(Option<Pin<Box<Sleep>>>);

impl Clone for Slow {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl<R> Service<Request<R>> for Slow {
    type Response = Response<Full<Bytes>>;
    type Error = &'static str;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let until = (self.0).get_or_insert_with(|| Box::pin(sleep(Duration::from_millis(20))));
        until.as_mut().poll(cx).map(Ok)
    }

    fn call(&mut self, _: Request<R>) -> Self::Future {
        assert!(self.0.as_ref().unwrap().is_elapsed(), "called too early");
        ready(Ok(Response::new("ready".into())))
    }
}

/// Never ready again.
#[derive(Clone)]
struct Broken;

impl<R> Service<Request<R>> for Broken {
    type Response = Response<Full<Bytes>>;
    type Error = &'static str;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Err("broken"))
    }

    fn call(&mut self, _: Request<R>) -> Self::Future {
        panic!("called, though not ready")
    }
}

const REQUESTS: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\
    GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn who_is_not_ready_yet_is_asked_again() {
    let server = Server::start(|listener, signal| {
        oneport::serve_plaintext(listener, Slow(None))
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let answer = String::from_utf8(exchange(server.addr, REQUESTS).await).unwrap();
    assert_eq!(answer.matches("ready").count(), 2, "{answer}");
    server.shut_down().await.unwrap();
}

#[tokio::test]
async fn who_fails_is_not_called() {
    let server = Server::start(|listener, signal| {
        oneport::serve_plaintext(listener, Broken)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    assert_eq!(exchange(server.addr, REQUESTS).await, b"");
    // Nor does it harm the server.
    server.shut_down().await.unwrap();
}

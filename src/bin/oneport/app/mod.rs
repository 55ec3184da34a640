//! The built-in application: a page that shows how the visitor came, and a few
//! endpoints in the spirit of httpbin. Nothing in it holds a whole body.

mod bytes;
mod echo;
mod page;
mod slow;
mod visit;
mod whoami;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use crate::port_policy::PortPolicy;

/// The application. It is told the port's policy because its page offers the
/// other scheme where that is served.
pub(crate) fn router(policy: PortPolicy) -> Router {
    Router::new()
        .route("/", get(page::html))
        .route("/oneport.css", get(page::css))
        .route("/oneport.js", get(page::js))
        .route("/bytes", get(bytes::bytes))
        .route("/echo", any(echo::echo))
        .route("/healthz", get(healthz))
        .route("/slow", any(slow::slow))
        .route("/whoami", any(whoami::whoami))
        .fallback(nothing_here)
        .with_state(policy)
}

async fn healthz() -> Response {
    text(StatusCode::OK, "ok")
}

async fn nothing_here() -> Response {
    text(
        StatusCode::NOT_FOUND,
        "There is nothing at this path. Try /, /whoami, /echo, /bytes?n=1000, /slow?ms=1000 or /healthz.",
    )
}

/// A plain answer: one line, never cached, never taken for anything else.
fn text(status: StatusCode, line: impl std::fmt::Display) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (status, headers, format!("{line}\n")).into_response()
}

//! `/echo`: a body back as it comes, or a WebSocket that repeats everything.

use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oneport::ConnInfo;
use tower_http::timeout::TimeoutBody;

use super::text;

/// The longest WebSocket message; a message is echoed whole, so it has to fit
/// in memory.
const LONGEST_MESSAGE: usize = 16 * 1024 * 1024;
/// For each next part of a body.
const UPLOAD: Duration = Duration::from_secs(30);
/// How long a client may take to answer our close frame.
const GOODBYE: Duration = Duration::from_secs(2);

pub(super) async fn echo(
    Extension(conn): Extension<ConnInfo>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    match upgrade {
        Ok(upgrade) => websocket(upgrade, request.headers(), conn),
        Err(rejection) if wants_websocket(&request) => rejection.into_response(),
        Err(_) => body(request),
    }
}

fn body(request: Request) -> Response {
    if ![Method::POST, Method::PUT, Method::PATCH].contains(request.method()) {
        let mut refusal = text(
            StatusCode::METHOD_NOT_ALLOWED,
            "Send a body by POST, PUT or PATCH to get it back, or open a WebSocket here.",
        );
        let allow = HeaderValue::from_static("PATCH, POST, PUT");
        refusal.headers_mut().insert(header::ALLOW, allow);
        return refusal;
    }
    let (parts, body) = request.into_parts();
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .cloned()
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    // The body itself, not its bytes: each frame goes back as it arrives. A response
    // that has begun has no deadline from the server (`Limits::body_idle`), nor have
    // bodies over HTTP/2: half an upload would be held for ever.
    let mut response = Response::new(Body::new(TimeoutBody::new(UPLOAD, body)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Whatever somebody makes a visitor's browser send here, it must not come
    // back as a page of this origin.
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    response
}

/// An upgrade that axum rejected deserves axum's reason, not an echo.
fn wants_websocket(request: &Request) -> bool {
    let asked = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    request.method() == Method::CONNECT || request.headers().get(header::UPGRADE).is_some_and(asked)
}

fn websocket(upgrade: WebSocketUpgrade, headers: &HeaderMap, conn: ConnInfo) -> Response {
    let mut upgrade = upgrade
        .max_message_size(LONGEST_MESSAGE)
        .max_frame_size(LONGEST_MESSAGE);
    // A browser that asks for a subprotocol fails the connection when none is
    // chosen, so the echo speaks whichever comes first.
    let first = headers
        .get(header::SEC_WEBSOCKET_PROTOCOL)
        .and_then(|value| value.to_str().ok()?.split(',').next()?.trim().parse().ok());
    if let Some(first) = first {
        upgrade.set_selected_protocol(first);
    }
    upgrade.on_upgrade(move |socket| repeat(socket, conn))
}

async fn repeat(mut socket: WebSocket, conn: ConnInfo) {
    let draining = conn.draining();
    tokio::pin!(draining);
    loop {
        let message = tokio::select! {
            message = socket.recv() => message,
            () = &mut draining => return say_goodbye(socket).await,
        };
        let sent = match message {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                socket.send(message).await
            }
            // Pings and close frames are answered below axum.
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// RFC 6455 7.4.1: 1001, an endpoint is going away.
async fn say_goodbye(mut socket: WebSocket) {
    let goodbye = Message::Close(Some(CloseFrame {
        code: close_code::AWAY,
        reason: "the server is shutting down".into(),
    }));
    let closing = async {
        if socket.send(goodbye).await.is_ok() {
            // Until the client's own close frame, or its end.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // A client that does not answer is let go without.
    let _ = tokio::time::timeout(GOODBYE, closing).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt, stream};
    use http_body_util::BodyExt;
    use std::convert::Infallible;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn half_an_upload_is_not_held_for_ever() {
        let half = stream::once(async { Ok::<_, Infallible>("half") });
        let upload = Body::from_stream(half.chain(stream::pending()));
        let request = Request::post("/echo").body(upload).expect("a request");
        let begun = Instant::now();
        let mut echo = body(request).into_body();
        let first = echo.frame().await.expect("a frame").expect("no error");
        assert_eq!(first.into_data().expect("data"), "half");
        echo.frame().await.expect("an end").expect_err("late");
        assert_eq!(begun.elapsed(), UPLOAD);
    }
}

//! `/slow?ms=`: an answer that takes its time.

use std::time::Duration;

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;

use super::text;
use super::visit::number_in;

/// 10 minutes, in milliseconds.
const MOST: u64 = 10 * 60 * 1000;

pub(super) async fn slow(RawQuery(query): RawQuery) -> Response {
    let ms = match number_in(query.as_deref(), "ms") {
        Some(ms) if ms <= MOST => ms,
        _ => {
            let sentence = format!("Say how long, in milliseconds up to {MOST}: /slow?ms=1000");
            return text(StatusCode::BAD_REQUEST, sentence);
        }
    };
    tokio::time::sleep(Duration::from_millis(ms)).await;
    text(StatusCode::OK, format_args!("This took {ms} ms."))
}

//! Responses to HEAD.

use http::{Response, header};
use http_body::Body;

/// What a response to HEAD is: the headers of that to GET (RFC 9110 9.3.2).
///
/// hyper leaves the body out over HTTP/1 alone; over HTTP/2 it sends it, which
/// is a protocol error.
pub(crate) fn without_body<B: Body>(response: Response<B>, empty: B) -> Response<B> {
    let length = response.body().size_hint().exact();
    let mut response = response.map(|_| empty);
    if let Some(length) = length {
        let headers = response.headers_mut();
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(length.into());
    }
    response
}

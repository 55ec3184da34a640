//! http-01 (RFC 8555 8.3).

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header};
use http_body_util::Full;

use super::Challenges;

const PREFIX: &str = "/.well-known/acme-challenge/";

/// The answer to a request, if it asks for an expected one.
pub(crate) fn response(
    challenges: &Challenges,
    method: &Method,
    path: &str,
) -> Option<Response<Full<Bytes>>> {
    if *method != Method::GET && *method != Method::HEAD {
        return None;
    }
    let answer = challenges.answer_at(path)?;
    tracing::debug!("an http-01 challenge was answered");
    let length = answer.len();
    // hyper leaves it out over HTTP/1 alone.
    let body = match *method == Method::HEAD {
        true => Full::default(),
        false => Full::from(answer),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let octets = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, octets);
    headers.insert(header::CONTENT_LENGTH, length.into());
    Some(response)
}

pub(super) fn token(path: &str) -> Option<&str> {
    path.strip_prefix(PREFIX)
}

pub(super) fn is_token_of(token: &str, key_authorization: &str) -> bool {
    let known = key_authorization.split_once('.');
    known.is_some_and(|(known, _)| known == token)
}

/// Two parts of base64url, neither empty.
pub(super) fn is_key_authorization(text: &str) -> bool {
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let part = |part: &str| !part.is_empty() && part.bytes().all(base64url);
    let parts = text.split_once('.');
    parts.is_some_and(|(token, thumbprint)| part(token) && part(thumbprint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_authorizations() {
        for (text, is_one) in [
            ("a.b", true),
            ("Aa0-_.Zz9-_", true),
            ("ab", false),
            (".b", false),
            ("a.", false),
            ("a.b.c", false),
            ("a/b.c", false),
            ("a.b\n", false),
        ] {
            assert_eq!(is_key_authorization(text), is_one, "{text:?}");
        }
    }

    #[test]
    fn only_the_whole_token_is_answered() {
        for (path, is_asked) in [
            ("/.well-known/acme-challenge/tok", true),
            ("/.well-known/acme-challenge/", false),
            ("/.well-known/acme-challenge/to", false),
            ("/.well-known/acme-challenge/tok.thumb", false),
            ("/.well-known/acme-challenge/tok/", false),
            ("/.well-known/acme-challenge/../tok", false),
            ("/.Well-Known/acme-challenge/tok", false),
            ("/tok", false),
        ] {
            let asked = token(path).is_some_and(|token| is_token_of(token, "tok.thumb"));
            assert_eq!(asked, is_asked, "{path}");
        }
    }
}

//! In which format a client wants its explanation.

use http::header::{self, HeaderMap};

/// What the body is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Html,
    Problem,
    Text,
}

impl Format {
    /// By the `Accept` header's qualities (RFC 9110 12.5.1); text where it says
    /// nothing, or `*/*` alone, as curl does.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let mut best = (Self::Text, 0.0);
        let values = headers.get_all(header::ACCEPT);
        let ranges = values.iter().filter_map(|value| value.to_str().ok());
        for range in ranges.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next().unwrap_or_default() {
                name if name.eq_ignore_ascii_case("text/html") => Self::Html,
                name if name.eq_ignore_ascii_case("application/problem+json") => Self::Problem,
                name if name.eq_ignore_ascii_case("application/json") => Self::Problem,
                name if name.eq_ignore_ascii_case("text/plain") => Self::Text,
                _ => continue,
            };
            let quality = parts
                .find_map(|parameter| parameter.strip_prefix("q="))
                .map_or(1.0, |q| q.parse().unwrap_or(0.0));
            if quality > best.1 {
                best = (format, quality);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_body_is_what_the_client_can_show() {
        let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let table = [
            (None, Format::Text),
            (Some("*/*"), Format::Text),
            (Some(chromium), Format::Html),
            (Some("application/json"), Format::Problem),
            (
                Some("application/problem+json, text/html;q=0.5"),
                Format::Problem,
            ),
            (Some("text/html;q=0.1, text/plain"), Format::Text),
            (Some("TEXT/HTML"), Format::Html),
            (Some("text/html;q=0"), Format::Text),
            (Some(";;,,=q"), Format::Text),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(Format::accepted(&headers), expected, "{accept:?}");
        }
    }
}

//! The explanation's bodies: text, HTML, problem details.

use http::header;
use http::request::Parts;
use http::{StatusCode, Uri};

use crate::mismatch::Mismatch;

/// Scanners, health checks and search engines know this line of Go's.
const KNOWN_LINE: &str = "Client sent an HTTP request to an HTTPS server.";

pub(super) fn text(mismatch: Mismatch) -> String {
    match mismatch {
        Mismatch::PlaintextToTls => format!("{mismatch}\n{KNOWN_LINE}\n"),
        _ => format!("{mismatch}\n"),
    }
}

/// RFC 9457.
pub(super) fn problem(mismatch: Mismatch, status: StatusCode) -> String {
    let (slug, status) = (mismatch.slug(), status.as_u16());
    // No sentence has a character that JSON escapes.
    format!(
        "{{\"type\":\"about:blank\",\"title\":\"{mismatch}\",\"status\":{status},\
         \"detail\":\"{}\",\"mismatch\":\"{slug}\"}}\n",
        text(mismatch).trim_end().replace('\n', " "),
    )
}

pub(super) fn html(request: &Parts, mismatch: Mismatch) -> String {
    let known_line = match mismatch {
        Mismatch::PlaintextToTls => format!("<p>{KNOWN_LINE}</p>\n"),
        _ => String::new(),
    };
    let link = match corrected(request, mismatch) {
        Some(url) => {
            let url = escape(&url);
            format!("<p><a href=\"{url}\">{url}</a></p>\n")
        }
        None => String::new(),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>This port requires another protocol</title>\n\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}}</style>\n\
         </head>\n<body>\n<h1>{mismatch}</h1>\n{link}{known_line}</body>\n</html>\n"
    )
}

/// The URL that the client should have used, where the request says which.
fn corrected(request: &Parts, mismatch: Mismatch) -> Option<String> {
    let scheme = match mismatch {
        Mismatch::PlaintextToTls => "https",
        Mismatch::TlsToPlaintext => "http",
        Mismatch::Foreign(_) => return None,
    };
    let host = request.headers.get(header::HOST);
    let authority = match host.and_then(|host| host.to_str().ok()) {
        Some(host) => host,
        None => request.uri.authority()?.as_str(),
    };
    // As a URI: what it cannot be (user names, paths, spaces) gives no link.
    let authority = authority.parse::<http::uri::Authority>().ok()?;
    if authority.as_str().contains('@') {
        return None;
    }
    let path = request
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if !path.starts_with('/') {
        // `OPTIONS *` names no page.
        return None;
    }
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(path)
        .build();
    uri.ok().map(|uri| uri.to_string())
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(uri: &str, host: Option<&str>) -> Parts {
        let mut request = Request::builder().uri(uri);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn the_link_keeps_host_port_path_and_query() {
        let table = [
            (
                "/a?b=1",
                Some("example.org:3000"),
                Some("https://example.org:3000/a?b=1"),
            ),
            ("/", Some("[::1]:3000"), Some("https://[::1]:3000/")),
            ("http://example.org/x", None, Some("https://example.org/x")),
            ("/", None, None),
            ("/", Some("user@example.org"), None),
            ("/", Some("a b"), None),
            ("*", Some("example.org"), None),
            ("/\"><script>", Some("example.org"), None),
        ];
        for (uri, host, expected) in table {
            let Ok(_) = uri.parse::<Uri>() else { continue };
            let url = corrected(&parts(uri, host), Mismatch::PlaintextToTls);
            assert_eq!(url.as_deref(), expected, "{uri} {host:?}");
        }
    }

    #[test]
    fn what_the_client_sent_is_escaped() {
        let page = html(
            &parts("/?a='b'&c", Some("example.org")),
            Mismatch::PlaintextToTls,
        );
        assert!(page.contains("?a=&#39;b&#39;&amp;c"), "{page}");
    }

    #[test]
    fn problem_details_are_json() {
        let problem = problem(Mismatch::PlaintextToTls, StatusCode::UPGRADE_REQUIRED);
        let value: serde_json::Value = serde_json::from_str(&problem).expect("JSON");
        assert_eq!(value["status"], 426);
        assert_eq!(value["mismatch"], "plaintext-to-tls");
        assert_eq!(value["title"], Mismatch::PlaintextToTls.sentence());
    }
}

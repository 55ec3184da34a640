//! Whatever a request says, a redirect leads to a host that was configured.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, Version, header};
use oneport::{Explain, Explanation, Mismatch, Redirect, RedirectStatus};
use tower::Service;
use url::{Host, Url};

use super::{input, runtime};

pub fn check(data: &[u8]) {
    let (text, mut choices) = input::split(data);
    let (names, browsers_only, port) = (choices.below(4), choices.flag(), choices.below(3));
    let version = choices.of(&[Version::HTTP_11, Version::HTTP_10, Version::HTTP_2]);
    names_are_checked(text);
    let Some(request) = request(text, version) else {
        return;
    };
    let redirect = match names {
        0 => Redirect::to_matching(["example.com", "*.example.org", "127.0.0.1", "::1"]),
        1 => Redirect::to_host("example.com"),
        2 => Redirect::to_matching(["*.example.org"]),
        _ => Redirect::to_host("::1"),
    };
    let mut redirect = redirect.unwrap().port([0, 8443, 443][port]);
    if browsers_only {
        redirect = redirect
            .browsers_only()
            .status(RedirectStatus::Temporary307);
    }
    let plain = request.headers().clone();
    let method = request.method().clone();
    let response = answer(redirect, request);
    let Some(location) = response.headers().get(header::LOCATION) else {
        return;
    };
    assert!(matches!(response.status().as_u16(), 307 | 308));
    assert!(matches!(method, Method::GET | Method::HEAD));
    for secret in [header::COOKIE, header::AUTHORIZATION, header::UPGRADE] {
        assert!(!plain.contains_key(secret));
    }
    leads_to(location.as_bytes(), names, [None, Some(8443), None][port]);
}

fn answer(redirect: Redirect, mut request: Request<()>) -> Response<Explanation> {
    request.extensions_mut().insert(Mismatch::PlaintextToTls);
    let answering = Explain::new().redirect(redirect).call(request);
    runtime::within(Duration::from_secs(1), answering).unwrap()
}

/// The request that hyper would make of a head; `None` where it would not.
fn request(head: &[u8], version: Version) -> Option<Request<()>> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut parsed = httparse::Request::new(&mut headers);
    if !parsed.parse(head).ok()?.is_complete() {
        return None;
    }
    let mut request = Request::new(());
    *request.version_mut() = version;
    *request.method_mut() = Method::from_bytes(parsed.method?.as_bytes()).ok()?;
    *request.uri_mut() = Uri::try_from(parsed.path?).ok()?;
    for line in parsed.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(line.value).ok()?;
        request.headers_mut().append(name, value);
    }
    Some(request)
}

/// Nothing is in a location but what a URL may have, and its host is ours.
fn leads_to(location: &[u8], names: usize, port: Option<u16>) {
    let shown = location.escape_ascii().to_string();
    assert!(location.iter().all(u8::is_ascii_graphic), "{shown}");
    assert!(!location.contains(&b'\\'), "{shown}");
    let location = std::str::from_utf8(location).unwrap();
    // As other clients would take it apart.
    let uri = Uri::try_from(location).unwrap();
    assert_eq!(uri.scheme_str(), Some("https"));
    assert!(uri.path().starts_with('/'), "{shown}");
    let authority = uri.authority().unwrap();
    assert!(!authority.as_str().contains('@'), "{shown}");
    assert_eq!(authority.port_u16(), port, "{shown}");
    assert!(is_ours(authority.host(), names), "{shown}");
    let Ok(url) = Url::parse(location) else {
        // A label that only looks like Punycode: a browser cannot ask for this
        // host, and follows no URL with it.
        assert!(location.starts_with("https://xn--"), "{shown}");
        return;
    };
    assert_eq!(url.scheme(), "https");
    assert_eq!(url.port(), port, "{shown}");
    assert_eq!((url.username(), url.password()), ("", None), "{shown}");
    match url.host() {
        Some(Host::Domain(name)) => assert!(is_ours(name, names), "{shown}"),
        Some(host) => assert!(is_ours(&host.to_string(), names), "{shown}"),
        None => panic!("no host: {shown}"),
    }
}

fn is_ours(host: &str, names: usize) -> bool {
    let wild = || {
        let label = host.strip_suffix(".example.org");
        label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
    };
    match names {
        0 => matches!(host, "example.com" | "127.0.0.1" | "[::1]") || wild(),
        1 => host == "example.com",
        2 => wild(),
        _ => host == "[::1]",
    }
}

/// What is taken for a name makes a URL with that host and nothing else.
fn names_are_checked(text: &[u8]) {
    let line = text.split(|&b| b == b'\n').next().unwrap_or_default();
    let Ok(name) = std::str::from_utf8(line) else {
        return;
    };
    match Redirect::to_host(name) {
        Ok(redirect) => {
            let request = Request::get("/a?b").header("host", "c").body(()).unwrap();
            let response = answer(redirect, request);
            let location = response.headers()[header::LOCATION].to_str().unwrap();
            let host = location.strip_prefix("https://").unwrap();
            let host = host.strip_suffix("/a?b").unwrap();
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
            assert!(host.bytes().all(plain), "{host:?}");
            assert_eq!(Uri::try_from(location).unwrap().host(), Some(host));
        }
        Err(error) => {
            assert!(!error.to_string().contains('\n'));
        }
    }
    if let Err(error) = Redirect::to_matching([name]) {
        assert!(!error.to_string().contains('\n'));
    }
}

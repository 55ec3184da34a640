//! What is redirected, where to, and what never is.

mod properties;

use http::{Request, Version};

use super::*;

fn parts(request: http::request::Builder) -> Parts {
    request.body(()).expect("a request").into_parts().0
}

/// `GET uri` with this host.
fn get(uri: &str, host: &str) -> http::request::Builder {
    Request::builder().uri(uri).header("host", host)
}

fn location(redirect: &Redirect, request: http::request::Builder) -> Option<String> {
    let location = redirect.location(&parts(request), Some(3000))?;
    Some(location.to_str().expect("ASCII").to_owned())
}

fn matching() -> Redirect {
    let names = ["example.com", "*.example.org", "127.0.0.1", "::1"];
    Redirect::to_matching(names).expect("names")
}

fn fixed() -> Redirect {
    Redirect::to_host("example.com").expect("a name")
}

#[test]
fn where_to() {
    let table = [
        ("/", "example.com", Some("https://example.com:3000/")),
        (
            "/a?b=c%20d",
            "Example.COM:80",
            Some("https://example.com:3000/a?b=c%20d"),
        ),
        ("/", "a.example.org", Some("https://a.example.org:3000/")),
        ("/", "127.0.0.1:3000", Some("https://127.0.0.1:3000/")),
        ("/", "[::1]:3000", Some("https://[::1]:3000/")),
        ("/", "[0::1]", Some("https://[::1]:3000/")),
        ("/", "evil.example", None),
        ("/", "example.com.evil.example", None),
        ("/", "[::2]", None),
        ("/", "user@example.com", None),
        ("/", "example.com\\.evil.example", None),
        ("/", "example.com/..", None),
        ("/", "", None),
        // An absolute URL: none of these leaves the host.
        (
            "//evil.example/",
            "example.com",
            Some("https://example.com:3000//evil.example/"),
        ),
        (
            "/\\evil.example",
            "example.com",
            Some("https://example.com:3000/%5Cevil.example"),
        ),
        (
            "/@evil.example",
            "example.com",
            Some("https://example.com:3000/@evil.example"),
        ),
        (
            "/%0d%0aX:y",
            "example.com",
            Some("https://example.com:3000/%0d%0aX:y"),
        ),
        (
            "/ü{}|\"",
            "example.com",
            Some("https://example.com:3000/%C3%BC%7B%7D%7C%22"),
        ),
        ("*", "example.com", None),
        // Absolute-form.
        (
            "http://example.com/a",
            "example.com",
            Some("https://example.com:3000/a"),
        ),
        (
            "http://example.com",
            "example.com",
            Some("https://example.com:3000/"),
        ),
        (
            "http://example.com?a",
            "example.com",
            Some("https://example.com:3000/?a"),
        ),
        ("http://evil.example/a", "example.com", None),
        ("http://example.com/a", "evil.example", None),
        ("http://user:pw@example.com/", "example.com", None),
        // It would go round in circles.
        ("https://example.com/", "example.com", None),
    ];
    for (uri, host, expected) in table {
        let found = location(&matching(), get(uri, host));
        assert_eq!(found.as_deref(), expected, "{uri} {host:?}");
    }
    // Whatever the host, if it is one.
    for (host, expected) in [
        ("evil.example", Some("https://example.com:3000/")),
        ("192.0.2.1:80", Some("https://example.com:3000/")),
        ("a b", None),
        ("user@evil.example", None),
    ] {
        assert_eq!(
            location(&fixed(), get("/", host)).as_deref(),
            expected,
            "{host:?}"
        );
    }
}

#[test]
fn which_port() {
    let at = |redirect: Redirect, local| {
        let location = redirect.location(&parts(get("/", "example.com:81")), local)?;
        Some(location.to_str().expect("ASCII").to_owned())
    };
    let table = [
        (fixed(), Some(3000), "https://example.com:3000/"),
        (fixed(), Some(443), "https://example.com/"),
        (fixed(), None, "https://example.com/"),
        (fixed().port(8443), Some(3000), "https://example.com:8443/"),
        (fixed().port(443), Some(3000), "https://example.com/"),
        (
            fixed().port(8443).port(0),
            Some(3000),
            "https://example.com:3000/",
        ),
    ];
    for (redirect, local, expected) in table {
        assert_eq!(at(redirect, local).as_deref(), Some(expected));
    }
}

#[test]
fn what_is_never_redirected() {
    for redirect in [fixed(), matching(), matching().browsers_only()] {
        let page = || get("/", "example.com").header("upgrade-insecure-requests", "1");
        assert!(location(&redirect, page()).is_some());
        assert!(location(&redirect, page().method("HEAD")).is_some());
        assert!(location(&redirect, page().header("content-length", "0")).is_some());
        for method in [
            "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "M",
        ] {
            let request = page().method(method);
            assert_eq!(location(&redirect, request), None, "{method}");
        }
        for (name, value) in [
            ("upgrade", "WebSocket"),
            ("upgrade", "websocket"),
            ("upgrade", "h2c"),
            ("content-length", "1"),
            ("content-length", "00"),
            ("transfer-encoding", "chunked"),
            ("content-type", "application/grpc"),
            ("content-type", "APPLICATION/GRPC+proto"),
            ("content-type", "application/grpc-web"),
            ("authorization", "Basic YQ=="),
            ("proxy-authorization", "Basic YQ=="),
            ("cookie", "id=1"),
            ("host", "example.com"),
        ] {
            let request = page().header(name, value);
            assert_eq!(location(&redirect, request), None, "{name}: {value}");
        }
        for uri in ["/?token=a", "/?a=b&API_KEY=c"] {
            let request = get(uri, "example.com").header("upgrade-insecure-requests", "1");
            assert_eq!(location(&redirect, request), None, "{uri}");
        }
    }
}

#[test]
fn requests_without_a_host() {
    let get = |version| Request::builder().version(version).uri("/");
    assert_eq!(location(&matching(), get(Version::HTTP_10)), None);
    assert_eq!(location(&matching(), get(Version::HTTP_11)), None);
    assert_eq!(location(&fixed(), get(Version::HTTP_11)), None);
    let old = location(&fixed(), get(Version::HTTP_10));
    assert_eq!(old.as_deref(), Some("https://example.com:3000/"));
}

#[test]
fn browsers_only() {
    let redirect = fixed().browsers_only();
    let with = |value: &str| get("/", "example.com").header("upgrade-insecure-requests", value);
    assert!(location(&redirect, with("1")).is_some());
    assert_eq!(location(&redirect, with("0")), None);
    assert_eq!(location(&redirect, get("/", "example.com")), None);
}

#[test]
fn the_head() {
    let (browser, program) = (fixed().browsers_only(), fixed());
    let request = parts(get("/", "example.com").header("upgrade-insecure-requests", "1"));
    let vary = "upgrade-insecure-requests";
    let temporary = browser.clone().status(RedirectStatus::Temporary307);
    for (redirect, status, keeps, varies) in [
        (browser, 308, Some("max-age=86400"), Some(vary)),
        (temporary, 307, None, Some(vary)),
        (program, 308, Some("max-age=86400"), None),
    ] {
        let response = redirect.response(&request, Some(443)).expect("a redirect");
        assert_eq!(response.status(), status);
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|value: &HeaderValue| value.to_str().expect("ASCII"))
        };
        assert_eq!(header(header::LOCATION), Some("https://example.com/"));
        assert_eq!(header(header::CACHE_CONTROL), keeps);
        assert_eq!(header(header::VARY), varies);
        assert!(
            response
                .body()
                .starts_with(Mismatch::PlaintextToTls.sentence())
        );
    }
}

#[test]
fn names_that_are_none() {
    let not_a_host = |name: &str| Err(RedirectError::NotAHost(name.to_owned()));
    let to_host = |name| Redirect::to_host(name).map(drop);
    assert_eq!(to_host("a b"), not_a_host("a b"));
    assert_eq!(to_host(""), not_a_host(""));
    assert_eq!(
        to_host("a.example:1"),
        Err(RedirectError::WithPort("a.example:1".to_owned()))
    );
    assert_eq!(
        to_host("*.a.example"),
        Err(RedirectError::Wildcard("*.a.example".to_owned()))
    );
    let none: [&str; 0] = [];
    assert_eq!(
        Redirect::to_matching(none).map(drop),
        Err(RedirectError::NoNames)
    );
    let mixed = Redirect::to_matching(["a.example", "https://a.example"]).map(drop);
    assert_eq!(mixed, not_a_host("https://a.example"));
}

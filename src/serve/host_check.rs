//! Requests that do not say which host they are for, or say two things.

use http::{HeaderMap, Uri, Version, header};

/// What is wrong with a request's host, if it is: these are answered with 400
/// before the application sees them, as RFC 9112 3.2 asks of every server.
/// hyper does not look. Proxies disagree on which of two hosts counts, and on
/// what is left of an `@`; so an application would not see what its proxy saw.
pub(super) fn fault(version: Version, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Some("This request has more than one Host header: send one.");
    }
    if host.is_none() && version == Version::HTTP_11 {
        return Some("This HTTP/1.1 request has no Host header: send one.");
    }
    let in_header = host.is_some_and(|host| host.as_bytes().contains(&b'@'));
    let in_target = uri.authority().is_some_and(|it| it.as_str().contains('@'));
    (in_header || in_target)
        .then_some("The host of this request has a user name in it: leave it out.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn which_requests_are_refused() {
        let (v10, v11, v2) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
        let table: [(Version, &str, &[&str], bool); 13] = [
            (v11, "/", &["a"], true),
            (v11, "/", &["127.1:80"], true),
            // RFC 9112 3.2: for a target without an authority.
            (v11, "/", &[""], true),
            (v11, "/", &[], false),
            (v11, "http://a/", &[], false),
            (v11, "/", &["a", "a"], false),
            (v11, "/", &["u@a"], false),
            (v11, "http://u@a/", &["a"], false),
            (v10, "/", &[], true),
            (v10, "/", &["a", "b"], false),
            (v2, "http://a/", &[], true),
            (v2, "http://u:p@a/", &[], false),
            (v2, "http://a/", &["u@a"], false),
        ];
        for (version, target, hosts, fine) in table {
            let mut request = Request::builder().version(version).uri(target);
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            let (parts, ()) = request.body(()).expect(target).into_parts();
            assert_eq!(
                fault(version, &parts.uri, &parts.headers).is_none(),
                fine,
                "{version:?} {target} {hosts:?}"
            );
        }
    }
}

//! Which requests may come over plaintext.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

#[derive(Clone)]
pub(super) enum Exemption {
    Path(String),
    Predicate(Arc<dyn Fn(&Parts) -> bool + Send + Sync>),
    /// Ends in a slash.
    Prefix(String),
}

impl Exemption {
    pub(super) fn path(path: &str) -> Self {
        Self::Path(path.to_owned())
    }

    pub(super) fn prefix(prefix: &str) -> Self {
        let slash = if prefix.ends_with('/') { "" } else { "/" };
        // Not `/` for an empty prefix, which may come from a setting that is
        // not set: that would let everything through.
        match prefix {
            "" => Self::Prefix(String::new()),
            prefix => Self::Prefix(format!("{prefix}{slash}")),
        }
    }

    pub(super) fn covers(&self, request: &Parts) -> bool {
        let path = request.uri.path();
        match self {
            Self::Path(own) => own.starts_with('/') && own == path,
            Self::Predicate(predicate) => predicate(request),
            Self::Prefix(prefix) => {
                prefix.starts_with('/') && path.starts_with(prefix.as_str()) && is_literal(path)
            }
        }
    }
}

impl fmt::Debug for Exemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Predicate(_) => f.write_str("Predicate"),
            Self::Prefix(prefix) => f.debug_tuple("Prefix").field(prefix).finish(),
        }
    }
}

/// Whether nobody can take the path for another one: it has no empty segment
/// but the last, none of dots, no backslash, and none of these in disguise.
fn is_literal(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    // A percent sign that is encoded itself hides what follows it.
    let hidden = ["%2f", "%5c", "%2e", "%25", "%00", "\\"];
    // `..;` is a dot segment with a parameter to Java servers.
    let is_dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    !path.contains("//")
        && !path.split('/').any(is_dots)
        && !hidden.iter().any(|h| lower.contains(h))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(exemption: &Exemption, uri: &str) -> bool {
        let request = http::Request::builder().uri(uri).body(());
        let (parts, ()) = request.expect(uri).into_parts();
        exemption.covers(&parts)
    }

    #[test]
    fn a_path_is_that_path_only() {
        let healthz = Exemption::path("/healthz");
        let table = [
            ("/healthz", true),
            ("/healthz?full=1", true),
            ("http://a.example/healthz", true),
            ("/healthz/", false),
            ("/healthz/..", false),
            ("/healthz/../admin", false),
            ("//healthz", false),
            ("/./healthz", false),
            ("/admin/../healthz", false),
            ("/health%7a", false),
            ("/healthz%2f..%2fadmin", false),
            ("/healthz;a=b", false),
            ("/HEALTHZ", false),
            ("/", false),
            ("*", false),
        ];
        for (uri, expected) in table {
            assert_eq!(covers(&healthz, uri), expected, "{uri}");
        }
        for odd in ["", "healthz", "*"] {
            assert!(!covers(&Exemption::path(odd), "/healthz"), "{odd:?}");
            assert!(!covers(&Exemption::path(odd), "*"), "{odd:?}");
        }
    }

    #[test]
    fn a_prefix_is_what_is_literally_under_it() {
        let table = [
            ("/public/a", true),
            ("/public/a/b.txt?c=/../d", true),
            ("/public/", true),
            ("/public/a/", true),
            ("/public/..a", true),
            ("/public/%41", true),
            ("/public", false),
            ("/publications", false),
            ("/public/../admin", false),
            ("/public/..", false),
            ("/public/./a", false),
            ("/public/..;/admin", false),
            ("/public/.;a/b", false),
            ("/public//admin", false),
            ("//public/a", false),
            ("/public/%2e%2e/admin", false),
            ("/public/.%2E/admin", false),
            ("/public/..%2fadmin", false),
            ("/public/..%5Cadmin", false),
            ("/public/..\\admin", false),
            ("/public/%252e%252e/admin", false),
            ("/public/a%00", false),
            ("/a/public/", false),
        ];
        for prefix in ["/public/", "/public"] {
            let public = Exemption::prefix(prefix);
            for (uri, expected) in table {
                assert_eq!(covers(&public, uri), expected, "{prefix} {uri}");
            }
        }
        for (prefix, expected) in [("/", true), ("", false), ("public/", false), ("*", false)] {
            assert_eq!(
                covers(&Exemption::prefix(prefix), "/public/a"),
                expected,
                "{prefix:?}"
            );
        }
    }
}

//! Which secrets a plaintext request has carried over the network. Pure.

use std::fmt;

use http::request::Parts;

/// The kinds of secrets that a request carries, never the secrets.
///
/// Displays as `an Authorization header, a query parameter "token"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Credentials {
    /// By its place in [`HEADERS`].
    headers: [bool; HEADERS.len()],
    /// The first of [`PARAMETERS`] that the query has.
    parameter: Option<&'static str>,
    /// `http://user:password@host/`.
    userinfo: bool,
}

const HEADERS: [(&str, &str); 5] = [
    ("authorization", "an Authorization header"),
    ("cookie", "a Cookie header"),
    ("proxy-authorization", "a Proxy-Authorization header"),
    ("x-api-key", "an X-Api-Key header"),
    ("x-auth-token", "an X-Auth-Token header"),
];

/// Names of query parameters, compared without case. `key` and `code` are not
/// here: they are too often no secret.
const PARAMETERS: [&str; 31] = [
    "access-token",
    "access_key",
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "auth_token",
    "authtoken",
    "client_secret",
    "credential",
    "id_token",
    "jsessionid",
    "jwt",
    "passwd",
    "password",
    "phpsessid",
    "private_token",
    "pwd",
    "refresh_token",
    "secret",
    "session_id",
    "sessionid",
    "sid",
    "sig",
    "sign",
    "signature",
    "token",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-signature",
];

impl Credentials {
    pub(crate) fn of(request: &Parts) -> Self {
        let query = request.uri.query().unwrap_or_default();
        let authority = request.uri.authority();
        Self {
            headers: HEADERS.map(|(name, _)| request.headers.contains_key(name)),
            parameter: query.split(['&', ';']).find_map(secret_parameter),
            userinfo: authority.is_some_and(|authority| authority.as_str().contains('@')),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What to tell their owner, if there are any.
    #[cfg_attr(not(feature = "accept"), expect(dead_code))]
    pub(crate) fn warning(&self) -> Option<String> {
        (!self.is_empty()).then(|| {
            format!(
                "This request carried {self} over the network unencrypted: anybody on the way may have read it, so replace that secret."
            )
        })
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for ((_, name), _) in HEADERS.iter().zip(self.headers).filter(|(_, seen)| *seen) {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        if let Some(name) = self.parameter {
            write!(f, "{separator}a query parameter \"{name}\"")?;
            separator = ", ";
        }
        if self.userinfo {
            write!(f, "{separator}a user name in the URL")?;
        }
        Ok(())
    }
}

/// The list's name for `name=value`. An empty value is no secret.
fn secret_parameter(pair: &str) -> Option<&'static str> {
    let (name, value) = pair.split_once('=')?;
    let mut known = PARAMETERS.into_iter();
    let known = known.find(|known| known.eq_ignore_ascii_case(name))?;
    (!value.is_empty()).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn seen(uri: &str, headers: &[&str]) -> String {
        let mut request = Request::builder().uri(uri);
        for name in headers {
            request = request.header(*name, "s3cret");
        }
        let (parts, ()) = request.body(()).expect(uri).into_parts();
        let credentials = Credentials::of(&parts);
        let text = credentials.to_string();
        assert_eq!(credentials.is_empty(), text.is_empty(), "{uri} {headers:?}");
        assert!(!text.contains("s3cret"), "{text}");
        assert!(!format!("{credentials:?}").contains("s3cret"));
        text
    }

    #[test]
    fn kinds_are_named_and_values_are_not() {
        let table: [(&str, &[&str], &str); 16] = [
            ("/", &[], ""),
            ("/", &["accept", "user-agent"], ""),
            ("/", &["authorization"], "an Authorization header"),
            (
                "/",
                &["Cookie", "AUTHORIZATION"],
                "an Authorization header, a Cookie header",
            ),
            (
                "/",
                &["proxy-authorization"],
                "a Proxy-Authorization header",
            ),
            ("/", &["x-api-key"], "an X-Api-Key header"),
            ("/?token=s3cret", &[], "a query parameter \"token\""),
            ("/?a=b&TOKEN=s3cret", &[], "a query parameter \"token\""),
            ("/?a=b;Api_Key=s3cret", &[], "a query parameter \"api_key\""),
            (
                "/?sign=s3cret",
                &["cookie"],
                "a Cookie header, a query parameter \"sign\"",
            ),
            ("/?token=", &[], ""),
            ("/?token", &[], ""),
            ("/?mytoken=s3cret&tokens=1", &[], ""),
            ("/token=s3cret", &[], ""),
            (
                "http://user:s3cret@a.example/",
                &[],
                "a user name in the URL",
            ),
            ("*", &[], ""),
        ];
        for (uri, headers, expected) in table {
            assert_eq!(seen(uri, headers), expected, "{uri} {headers:?}");
        }
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(PARAMETERS.is_sorted());
    }
}

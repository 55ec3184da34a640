//! `Secure` on cookies.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use http::header::{self, Entry, HeaderMap, HeaderValue};
use tower_layer::Layer;

use super::layered::{Layered, OnRequest, Rule, Verdict};
use crate::conn_info::ConnInfo;

/// Marks cookies `Secure` (RFC 6265 4.1.2.5), so that browsers send them over
/// TLS only.
///
/// Over TLS every `Set-Cookie` that lacks the mark gets it. Over plaintext the
/// mark is of no use: a browser ignores a `Secure` cookie that comes in the
/// clear, and any other one can be read, and set, by whoever is on the way.
/// What happens there is [`OnPlaintext`]'s choice; by default the log says so.
///
/// ```
/// use axum::{Router, response::AppendHeaders, routing::get};
/// use oneport::layer::{OnPlaintext, SecureCookies};
///
/// let app: Router = Router::new()
///     .route("/", get(|| async { AppendHeaders([("set-cookie", "id=1; HttpOnly")]) }))
///     .layer(SecureCookies::new().on_plaintext(OnPlaintext::Drop));
/// ```
///
/// What it does not do: touch the cookies of requests, `HttpOnly` or
/// `SameSite`. A cookie that is `Secure` is not sent back over plaintext, so
/// that an app on a dual port sees two sessions of one browser, or none.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SecureCookies {
    on_plaintext: OnPlaintext,
    warned: Arc<Mutex<HashSet<Vec<u8>>>>,
}

/// What [`SecureCookies`] does with cookies that an app sets over plaintext.
///
/// Each choice but `Keep` logs a warning, once for each cookie's name, for 100
/// names at most.
///
/// ```
/// use oneport::layer::{OnPlaintext, SecureCookies};
///
/// let strict = SecureCookies::new().on_plaintext(OnPlaintext::Drop);
/// # let _ = strict;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnPlaintext {
    /// No cookie is set over plaintext.
    Drop,
    /// No cookie that the app has marked `Secure` is set over plaintext.
    /// Browsers would ignore it; so that its value does not cross the network.
    DropSecure,
    /// Nothing, not even a warning.
    Keep,
    /// Only the warning. The default.
    #[default]
    Warn,
}

/// Names of cookies can come from clients.
const WARNED_MOST: usize = 100;
/// Of a name, in the log.
const NAME_MOST: usize = 32;

impl SecureCookies {
    /// The layer, with [`OnPlaintext::Warn`].
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do with cookies that the app sets over plaintext.
    pub fn on_plaintext(mut self, on_plaintext: OnPlaintext) -> Self {
        self.on_plaintext = on_plaintext;
        self
    }

    fn drop_or_warn(&self, headers: &mut HeaderMap) {
        let keeps = |cookie: &HeaderValue| match self.on_plaintext {
            OnPlaintext::Drop => false,
            OnPlaintext::DropSecure => !is_secure(cookie),
            OnPlaintext::Keep | OnPlaintext::Warn => true,
        };
        let mut dropped = false;
        for cookie in headers.get_all(header::SET_COOKIE) {
            let kept = keeps(cookie);
            dropped |= !kept;
            self.warn(cookie, kept);
        }
        if !dropped {
            return;
        }
        if let Entry::Occupied(cookies) = headers.entry(header::SET_COOKIE) {
            let (_, cookies) = cookies.remove_entry_mult();
            let kept: Vec<_> = cookies.filter(|cookie| keeps(cookie)).collect();
            for cookie in kept {
                headers.append(header::SET_COOKIE, cookie);
            }
        }
    }

    fn warn(&self, cookie: &HeaderValue, kept: bool) {
        if self.is_first(cookie) {
            let name = name(cookie).escape_ascii();
            match (kept, is_secure(cookie)) {
                (true, true) => tracing::warn!(
                    cookie = %name,
                    "the app sets a Secure cookie over plaintext: browsers ignore it",
                ),
                (true, false) => tracing::warn!(
                    cookie = %name,
                    "the app sets a cookie over plaintext: whoever is on the way can read it",
                ),
                (false, _) => tracing::warn!(
                    cookie = %name,
                    "a cookie that the app sets over plaintext is dropped",
                ),
            }
        }
    }

    /// Whether nobody was warned of this name yet.
    fn is_first(&self, cookie: &HeaderValue) -> bool {
        let name = name(cookie);
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        warned.len() < WARNED_MOST && !warned.contains(name) && warned.insert(name.to_vec())
    }
}

impl<S> Layer<S> for SecureCookies {
    type Service = Layered<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(self.clone(), inner)
    }
}

impl Rule for SecureCookies {
    const NAME: &'static str = "SecureCookies";

    fn on_response(&self, headers: &mut HeaderMap, info: &ConnInfo) {
        if info.is_tls() {
            mark(headers);
        } else if self.on_plaintext != OnPlaintext::Keep {
            self.drop_or_warn(headers);
        }
    }
}

impl<B> OnRequest<B> for SecureCookies {
    fn on_request(&self, request: Request<B>, _: &ConnInfo) -> Verdict<B> {
        Verdict::PassAndEdit(request)
    }
}

/// Adds the mark where it is missing.
fn mark(headers: &mut HeaderMap) {
    if let Entry::Occupied(mut cookies) = headers.entry(header::SET_COOKIE) {
        for cookie in cookies.iter_mut().filter(|cookie| !is_secure(cookie)) {
            let marked = [cookie.as_bytes(), b"; Secure"].concat();
            if let Ok(marked) = HeaderValue::try_from(marked) {
                *cookie = marked;
            }
        }
    }
}

/// As browsers read it (RFC 6265 5.2): an attribute's name, in any case, with
/// or without a value.
fn is_secure(cookie: &HeaderValue) -> bool {
    let attributes = cookie.as_bytes().split(|b| *b == b';').skip(1);
    attributes
        .filter_map(|attribute| attribute.split(|b| *b == b'=').next())
        .any(|name| name.trim_ascii().eq_ignore_ascii_case(b"secure"))
}

fn name(cookie: &HeaderValue) -> &[u8] {
    let end = |b: &u8| matches!(b, b'=' | b';');
    let name = cookie.as_bytes().split(end).next().unwrap_or_default();
    let name = name.trim_ascii();
    &name[..name.len().min(NAME_MOST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(values: &[&'static str]) -> HeaderMap {
        let cookie = |value: &&'static str| (header::SET_COOKIE, HeaderValue::from_static(value));
        let mut headers: HeaderMap = HeaderMap::new();
        for (name, value) in values.iter().map(cookie) {
            headers.append(name, value);
        }
        headers
    }

    fn values(headers: &HeaderMap) -> Vec<&str> {
        let values = headers.get_all(header::SET_COOKIE).iter();
        values.map(|value| value.to_str().expect("ASCII")).collect()
    }

    const COOKIES: [&str; 8] = [
        "a=1",
        "b=1; Secure",
        "c=1;secure;HttpOnly",
        "d=1; Path=/; SECURE=yes",
        "secure=1; Path=/",
        "f=Secure",
        "g=1; NotSecure; Path=/Secure",
        "h=1;",
    ];

    #[test]
    fn over_tls_every_cookie_is_secure_once() {
        let mut headers = cookies(&COOKIES);
        mark(&mut headers);
        let expected = [
            "a=1; Secure",
            "b=1; Secure",
            "c=1;secure;HttpOnly",
            "d=1; Path=/; SECURE=yes",
            "secure=1; Path=/; Secure",
            "f=Secure; Secure",
            "g=1; NotSecure; Path=/Secure; Secure",
            "h=1;; Secure",
        ];
        assert_eq!(values(&headers), expected);
        mark(&mut headers);
        assert_eq!(values(&headers), expected);
        let mut none = HeaderMap::new();
        mark(&mut none);
        assert!(none.is_empty());
    }

    #[test]
    fn over_plaintext_as_chosen() {
        let insecure = [COOKIES[0], COOKIES[4], COOKIES[5], COOKIES[6], COOKIES[7]];
        let table: [(OnPlaintext, &[&str]); 3] = [
            (OnPlaintext::Drop, &[]),
            (OnPlaintext::DropSecure, &insecure),
            (OnPlaintext::Warn, &COOKIES),
        ];
        for (choice, expected) in table {
            let mut headers = cookies(&COOKIES);
            headers.insert("x-other", HeaderValue::from_static("stays"));
            SecureCookies::new()
                .on_plaintext(choice)
                .drop_or_warn(&mut headers);
            assert_eq!(values(&headers), expected, "{choice:?}");
            assert!(headers.contains_key("x-other"));
        }
    }

    #[test]
    fn one_warning_for_a_name_and_not_for_too_many() {
        let layer = SecureCookies::new();
        let cookie = |name: usize| HeaderValue::try_from(format!("{name}=1")).expect("a value");
        let firsts = (0..300).filter(|n| layer.is_first(&cookie(n / 2))).count();
        assert_eq!(firsts, WARNED_MOST);
        // A clone, as there is one per connection, is the same layer.
        assert!(!layer.clone().is_first(&cookie(0)));
    }
}

//! `Strict-Transport-Security`.

use std::time::Duration;

use http::Request;
use http::header::{self, HeaderMap, HeaderValue};
use tower_layer::Layer;

use super::layered::{Layered, OnRequest, Rule, Verdict};
use crate::conn_info::ConnInfo;
use crate::host::{Asked, Host};

/// Tells browsers to come over TLS only from now on:
/// `Strict-Transport-Security` (RFC 6797).
///
/// It is sent over TLS only, as browsers ignore it elsewhere (RFC 6797 7.2),
/// and never for a host that is an IP address, `localhost` or under it. A value
/// that the app has set stays. Answers of every status have it.
///
/// ```
/// use std::time::Duration;
///
/// use axum::{Router, routing::get};
/// use oneport::layer::Hsts;
///
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello\n" }))
///     .layer(Hsts::max_age(Duration::from_secs(30 * 24 * 60 * 60)));
/// ```
///
/// What it does not do: redirect, refuse, or protect a browser's first visit. A
/// browser remembers it per host, for **all** ports: another plaintext service
/// on the same host is out of reach for it until the time is over. Begin with a
/// short time.
#[derive(Clone, Debug)]
#[must_use]
pub struct Hsts {
    max_age: Duration,
    include_subdomains: bool,
    preload: bool,
    /// Always there: it is made of digits and words.
    value: Option<HeaderValue>,
}

impl Hsts {
    /// Browsers remember it for so long, in whole seconds. Zero makes them
    /// forget it (RFC 6797 6.1.1).
    pub fn max_age(max_age: Duration) -> Self {
        let hsts = Self {
            max_age,
            include_subdomains: false,
            preload: false,
            value: None,
        };
        hsts.written()
    }

    /// For all subdomains as well, on all their ports. Off by default.
    pub fn include_subdomains(mut self) -> Self {
        self.include_subdomains = true;
        self.written()
    }

    /// Says that the host may be put into the list that browsers are shipped
    /// with. The list at hstspreload.org wants
    /// [`include_subdomains`](Self::include_subdomains) and a year at least,
    /// and getting out of it takes months. Off by default.
    pub fn preload(mut self) -> Self {
        self.preload = true;
        self.written()
    }

    fn written(mut self) -> Self {
        let mut text = format!("max-age={}", self.max_age.as_secs());
        if self.include_subdomains {
            text.push_str("; includeSubDomains");
        }
        if self.preload {
            text.push_str("; preload");
        }
        self.value = HeaderValue::try_from(text).ok();
        self
    }
}

impl<S> Layer<S> for Hsts {
    type Service = Layered<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(self.clone(), inner)
    }
}

impl Rule for Hsts {
    const NAME: &'static str = "Hsts";

    fn on_response(&self, headers: &mut HeaderMap, _: &ConnInfo) {
        if let Some(value) = &self.value {
            let entry = headers.entry(header::STRICT_TRANSPORT_SECURITY);
            entry.or_insert_with(|| value.clone());
        }
    }
}

impl<B> OnRequest<B> for Hsts {
    fn on_request(&self, request: Request<B>, info: &ConnInfo) -> Verdict<B> {
        let (parts, body) = request.into_parts();
        let applies = info.is_tls() && Asked::of(&parts).host().is_some_and(may_have_hsts);
        let request = Request::from_parts(parts, body);
        match applies {
            true => Verdict::PassAndEdit(request),
            false => Verdict::Pass(request),
        }
    }
}

fn may_have_hsts(host: Host<'_>) -> bool {
    let Host::Dns(name) = host else {
        return false;
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    !last.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value() {
        let week = Duration::from_millis(604_800_900);
        let table = [
            (Hsts::max_age(week), "max-age=604800"),
            (Hsts::max_age(Duration::ZERO), "max-age=0"),
            (
                Hsts::max_age(week).include_subdomains(),
                "max-age=604800; includeSubDomains",
            ),
            (
                Hsts::max_age(week).preload().include_subdomains(),
                "max-age=604800; includeSubDomains; preload",
            ),
        ];
        for (hsts, expected) in table {
            assert_eq!(hsts.value.expect("a value"), expected);
        }
    }

    #[test]
    fn hosts_that_have_none() {
        for (host, expected) in [
            (Host::Dns("example.com"), true),
            (Host::Dns("intranet"), true),
            (Host::Dns("localhost.example.com"), true),
            (Host::Dns("LOCALHOST"), false),
            (Host::Dns("app.localhost"), false),
            (Host::Ip([127, 0, 0, 1].into()), false),
        ] {
            assert_eq!(may_have_hsts(host), expected, "{host:?}");
        }
    }
}

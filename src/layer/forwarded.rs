//! `Forwarded` and its unofficial relatives, stamped on requests.

use std::net::IpAddr;

use http::Request;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use tower_layer::Layer;

use super::layered::{Layered, OnRequest, Rule, Verdict};
use crate::conn_info::ConnInfo;
use crate::host::Asked;

/// Tells the app in headers what it cannot see: the client's address, the host
/// and the scheme it came by.
///
/// Set, from the [`ConnInfo`]: `Forwarded` (RFC 7239), `X-Forwarded-For`,
/// `X-Forwarded-Host` (the request's host, if it is one), `X-Forwarded-Port`
/// (the listener's port) and `X-Forwarded-Proto` (`http` or `https`). Whatever
/// the client has sent in these is thrown away, and so are all other
/// `X-Forwarded-*` headers and the well-known headers by which other proxies
/// say the same, such as `X-Real-IP`. Underscores in names count as hyphens.
///
/// ```
/// use axum::{Router, http::HeaderMap, routing::get};
/// use oneport::layer::ForwardedHeaders;
///
/// let app: Router = Router::new()
///     .route("/", get(|headers: HeaderMap| async move {
///         format!("{:?}\n", headers.get("x-forwarded-for"))
///     }))
///     .layer(ForwardedHeaders::new());
/// ```
///
/// What it does not do: believe anybody. It is for a server that clients reach
/// themselves. Behind an HTTP proxy that sets these headers it would put the
/// proxy's address where the client's was.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ForwardedHeaders {}

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// By which proxies and CDNs say where a request came from, beside
/// `X-Forwarded-*`.
const RELATIVES: [&str; 17] = [
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "client-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "forwarded",
    "front-end-https",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-original-forwarded-for",
    "x-original-host",
    "x-real-ip",
    "x-remote-ip",
    "x-scheme",
    "x-url-scheme",
];

impl ForwardedHeaders {
    /// The layer.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for ForwardedHeaders {
    type Service = Layered<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(self.clone(), inner)
    }
}

impl Rule for ForwardedHeaders {
    const NAME: &'static str = "ForwardedHeaders";
}

impl<B> OnRequest<B> for ForwardedHeaders {
    fn on_request(&self, request: Request<B>, info: &ConnInfo) -> Verdict<B> {
        let (mut parts, body) = request.into_parts();
        remove_claims(&mut parts.headers);
        let seen = Seen {
            client: info.peer().ip(),
            host: match Asked::of(&parts) {
                Asked::For(authority) => Some(authority.text),
                Asked::Malformed | Asked::Unnamed => None,
            },
            port: info.local().map(|local| local.port()),
            proto: if info.is_tls() { "https" } else { "http" },
        };
        let stamps = seen.headers();
        parts.headers.extend(stamps.into_iter().flatten());
        Verdict::Pass(Request::from_parts(parts, body))
    }
}

/// What a header can say of a request.
struct Seen<'a> {
    client: Option<IpAddr>,
    host: Option<&'a str>,
    port: Option<u16>,
    proto: &'static str,
}

impl Seen<'_> {
    /// In the order in which they are declared above.
    fn headers(&self) -> [Option<(HeaderName, HeaderValue)>; 5] {
        let named = |name, value: Option<HeaderValue>| value.map(|value| (name, value));
        let text = |text: String| HeaderValue::try_from(text).ok();
        [
            named(FORWARDED, text(self.forwarded())),
            named(
                X_FORWARDED_FOR,
                self.client.and_then(|client| text(client.to_string())),
            ),
            named(
                X_FORWARDED_HOST,
                self.host.and_then(|host| HeaderValue::from_str(host).ok()),
            ),
            named(X_FORWARDED_PORT, self.port.map(HeaderValue::from)),
            named(
                X_FORWARDED_PROTO,
                Some(HeaderValue::from_static(self.proto)),
            ),
        ]
    }

    /// RFC 7239 4. What has a colon or a bracket has to be quoted; neither a
    /// host that parses nor an address has anything to escape.
    fn forwarded(&self) -> String {
        let client = match self.client {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => format!("\"[{ip}]\""),
            // RFC 7239 6.2.
            None => "unknown".to_owned(),
        };
        let host = self.host.map(|host| match host.contains(':') {
            true => format!(";host=\"{host}\""),
            false => format!(";host={host}"),
        });
        let host = host.unwrap_or_default();
        format!("for={client}{host};proto={}", self.proto)
    }
}

/// Removes what the client claims of itself.
fn remove_claims(headers: &mut HeaderMap) {
    while let Some(name) = headers.keys().find(|name| is_claim(name.as_str())) {
        let name = name.clone();
        headers.remove(name);
    }
}

/// `name` is in lower case, as every `HeaderName`.
fn is_claim(name: &str) -> bool {
    let same = |own: &[u8], other: &str| {
        let own = own.iter().map(|b| if *b == b'_' { b'-' } else { *b });
        own.eq(other.bytes())
    };
    const PREFIX: &str = "x-forwarded";
    let start = name.as_bytes().get(..PREFIX.len());
    start.is_some_and(|start| same(start, PREFIX))
        || RELATIVES
            .iter()
            .any(|relative| same(name.as_bytes(), relative))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps() {
        let table = [
            (
                "192.0.2.1",
                Some("example.com"),
                "for=192.0.2.1;host=example.com;proto=https",
            ),
            (
                "2001:db8::1",
                Some("[2001:db8::2]:3000"),
                "for=\"[2001:db8::1]\";host=\"[2001:db8::2]:3000\";proto=https",
            ),
            (
                "",
                Some("a.example:80"),
                "for=unknown;host=\"a.example:80\";proto=https",
            ),
            ("192.0.2.1", None, "for=192.0.2.1;proto=https"),
        ];
        for (client, host, expected) in table {
            let seen = Seen {
                client: client.parse().ok(),
                host,
                port: Some(3000),
                proto: "https",
            };
            let values = seen.headers().map(|stamp| stamp.map(|(_, value)| value));
            let [forwarded, client_value, host_value, port, proto] = values;
            assert_eq!(forwarded.expect("Forwarded"), expected);
            let text = |value: Option<HeaderValue>| {
                value.map(|value| value.to_str().expect("ASCII").to_owned())
            };
            assert_eq!(text(client_value).unwrap_or_default(), client);
            assert_eq!(text(host_value).as_deref(), host);
            assert_eq!(text(port).as_deref(), Some("3000"));
            assert_eq!(text(proto).as_deref(), Some("https"));
        }
    }

    #[test]
    fn claims_are_removed() {
        let claims = [
            "Forwarded",
            "X-Forwarded",
            "X-Forwarded-For",
            "X_Forwarded_For",
            "X-Forwarded-Proto",
            "X-Forwarded-Something",
            "X-ForwardedFor",
            "X-Real-IP",
            "x_real-ip",
            "Front-End-Https",
            "CF-Connecting-IP",
        ];
        let others = ["x-forward", "x-real", "host", "via", "forwarded-x"];
        let mut headers = HeaderMap::new();
        for name in claims.iter().chain(&others) {
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name.clone(), HeaderValue::from_static("a"));
            headers.append(name, HeaderValue::from_static("b"));
        }
        remove_claims(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        let mut others = others;
        others.sort_unstable();
        assert_eq!(left, others);
    }
}

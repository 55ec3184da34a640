//! How a visitor came: what the page and `/whoami` show of a request.

use axum::http::header::{HOST, USER_AGENT};
use axum::http::uri::Authority;
use axum::http::{Version, request};
use oneport::{ConnInfo, Peer};

/// What is known of one request and its connection, in the words of the
/// protocols' own documents.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) scheme: &'static str,
    pub(super) tls: Option<TlsVisit>,
    pub(super) http_version: &'static str,
    pub(super) peer: Peer,
    pub(super) connection: u64,
    pub(super) method: String,
    pub(super) path: String,
    /// `host` or `host:port` as the client wrote it, if it is one.
    pub(super) authority: Option<Authority>,
    pub(super) user_agent: Option<String>,
}

/// What was agreed on in the TLS handshake.
#[derive(Debug)]
pub(super) struct TlsVisit {
    /// `TLS 1.3`
    pub(super) version: String,
    /// `TLS_AES_256_GCM_SHA384`
    pub(super) cipher: String,
    /// `h2`
    pub(super) alpn: Option<String>,
    /// The name the client asked for.
    pub(super) sni: Option<String>,
    pub(super) resumed: bool,
}

impl Visit {
    pub(super) fn new(conn: &ConnInfo, request: &request::Parts) -> Self {
        let tls = conn.tls().map(|tls| TlsVisit {
            version: spelled(&format!("{:?}", tls.version)),
            cipher: spelled(&format!("{:?}", tls.cipher)),
            alpn: tls
                .alpn
                .as_deref()
                .map(|alpn| String::from_utf8_lossy(alpn).into_owned()),
            sni: tls.server_name.clone(),
            resumed: tls.resumed,
        });
        let header = |name| {
            request.headers.get(name).map(|value| {
                String::from_utf8_lossy(axum::http::HeaderValue::as_bytes(value)).into_owned()
            })
        };
        Self {
            scheme: if tls.is_some() { "https" } else { "http" },
            tls,
            http_version: match request.version {
                Version::HTTP_09 => "HTTP/0.9",
                Version::HTTP_10 => "HTTP/1.0",
                Version::HTTP_11 => "HTTP/1.1",
                Version::HTTP_2 => "HTTP/2",
                _ => "HTTP/3",
            },
            peer: conn.peer(),
            connection: conn.id(),
            method: request.method.to_string(),
            path: request.uri.path().to_owned(),
            authority: authority(request.uri.authority(), header(HOST).as_deref()),
            user_agent: header(USER_AGENT),
        }
    }

    /// This host and port over the other scheme: `http://localhost:3000`.
    pub(super) fn other_scheme(&self) -> Option<String> {
        let authority = self.authority.as_ref()?;
        // Without a port it is the default one of the scheme they came over,
        // and the other scheme has another default.
        let (other, port) = match self.scheme {
            "https" => ("http", 443),
            _ => ("https", 80),
        };
        let port = authority.port_u16().unwrap_or(port);
        Some(format!("{other}://{}:{port}", authority.host()))
    }
}

/// The number that `key=` has in a query.
pub(super) fn number_in(query: Option<&str>, key: &str) -> Option<u64> {
    query?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| value.parse().ok())
}

/// HTTP/2 and absolute-form requests carry it in the target, others in `Host`.
fn authority(target: Option<&Authority>, host: Option<&str>) -> Option<Authority> {
    let authority = match target {
        Some(authority) => authority.clone(),
        None => host?.parse().ok()?,
    };
    // Userinfo in front of a host is a well-known way to write a link that
    // leads elsewhere than it seems.
    (!authority.as_str().contains('@')).then_some(authority)
}

/// From rustls' identifiers to what people and RFC 8446 write:
/// `TLSv1_3` to `TLS 1.3`, `TLS13_AES_128_GCM_SHA256` to `TLS_AES_128_GCM_SHA256`.
fn spelled(identifier: &str) -> String {
    match identifier.strip_prefix("TLSv1_") {
        Some(minor) => format!("TLS 1.{minor}"),
        None => identifier.replacen("TLS13_", "TLS_", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let number = |query| number_in(Some(query), "n");
        assert_eq!(number("n=12"), Some(12));
        assert_eq!(number("a=1&n=12&b=2"), Some(12));
        for nothing in [
            "",
            "n",
            "n=",
            "n=-1",
            "n=1k",
            "nn=1",
            "n=99999999999999999999",
        ] {
            assert_eq!(number(nothing), None, "{nothing}");
        }
        assert_eq!(number_in(None, "n"), None);
    }

    #[test]
    fn spellings() {
        assert_eq!(spelled("TLSv1_2"), "TLS 1.2");
        assert_eq!(
            spelled("TLS13_AES_128_GCM_SHA256"),
            "TLS_AES_128_GCM_SHA256"
        );
        let old = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        assert_eq!(spelled(old), old);
    }

    #[test]
    fn authorities() {
        let parse = |text: &str| text.parse::<Authority>().expect("an authority");
        assert_eq!(authority(None, Some("a:1")), Some(parse("a:1")));
        assert_eq!(
            authority(Some(&parse("b:2")), Some("a:1")),
            Some(parse("b:2"))
        );
        assert_eq!(authority(None, Some("[::1]:3")), Some(parse("[::1]:3")));
        for bad in ["", "user@a", "a/b", "a\" onclick", "<a>"] {
            assert_eq!(authority(None, Some(bad)), None, "{bad}");
        }
        assert_eq!(authority(None, None), None);
    }
}

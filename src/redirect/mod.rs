//! From http to https: the rules. Pure.

mod error;
mod name;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::header::{self, HeaderValue};
use http::request::Parts;
use http::uri::Scheme;
use http::{Method, Response, StatusCode};

use crate::credentials::Credentials;
use crate::host::Asked;
use crate::mismatch::Mismatch;
pub use error::RedirectError;
use name::Name;

/// Sends plaintext clients from `http://` to `https://`: the rules.
///
/// A redirect hides that a request has just crossed the network in the clear:
/// most clients follow it without a word, and do so on every request. So it is
/// never a default. [`browsers_only`](Self::browsers_only) is the recommended
/// flavour: people who typed an address are led on, programs are told.
///
/// What is never redirected, whatever is configured:
///
/// * methods other than GET and HEAD;
/// * requests with a body, with an `Upgrade` header (WebSocket, h2c), or of
///   gRPC;
/// * requests with credentials: `Authorization`, `Cookie`, a `token=` in the
///   query and the like. That secret has to be changed, and a redirect makes it
///   look fine;
/// * requests whose host cannot be told: two `Host` headers, or none in
///   HTTP/1.1, user names, anything that is no host. `X-Forwarded-Host` is
///   never looked at.
///
/// The target's host is always one that is configured here, its port the
/// listener's own or [`port`](Self::port), its path and query the request's.
///
/// It is used as a tower `Layer`, in front of an app that serves plaintext
/// too.
///
/// ```
/// use axum::{Router, routing::get};
/// use oneport::{Redirect, RedirectError};
///
/// # fn main() -> Result<(), RedirectError> {
/// let redirect = Redirect::to_matching(["example.com", "*.example.com"])?.browsers_only();
/// # #[cfg(feature = "accept")]
/// let app: Router = Router::new().route("/", get(|| async { "hello\n" })).layer(redirect);
/// # Ok(())
/// # }
/// ```
///
/// The layer does not refuse anything: what is not redirected goes on to the
/// app, in the clear (`layer::RequireTls` refuses). And it is not for a server
/// behind a proxy that ends TLS itself: every request comes in plaintext there,
/// so that every redirect leads to the next one.
#[derive(Clone, Debug)]
#[must_use]
pub struct Redirect(Arc<Rules>);

#[derive(Clone, Debug)]
struct Rules {
    target: Target,
    port: Option<u16>,
    status: RedirectStatus,
    browsers_only: bool,
}

#[derive(Clone, Debug)]
enum Target {
    Fixed(Name),
    Matching(Vec<Name>),
}

/// The status of a [`Redirect`]. Both keep the method, unlike 301 and 302,
/// which make most clients turn a POST into a GET.
///
/// ```
/// use oneport::{Redirect, RedirectStatus};
///
/// let redirect = Redirect::to_host("example.com")?.status(RedirectStatus::Temporary307);
/// # let _ = redirect;
/// # Ok::<(), oneport::RedirectError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectStatus {
    /// 308 (RFC 9110 15.4.9), the default. Browsers keep it, for a day at most
    /// (`Cache-Control: max-age=86400`): without a limit they would keep it for
    /// good, and it could not be taken back.
    #[default]
    Permanent308,
    /// 307 (RFC 9110 15.4.8). Clients ask again each time.
    Temporary307,
}

impl Redirect {
    /// Always to this host, whatever host the request is for. `name` is a DNS
    /// name or an IP address, without a port.
    ///
    /// # Errors
    ///
    /// Where `name` is something else, or a wildcard.
    pub fn to_host(name: &str) -> Result<Self, RedirectError> {
        match Name::parse(name)? {
            Name::Wildcard(_) => Err(RedirectError::Wildcard(name.to_owned())),
            name => Ok(Self::to(Target::Fixed(name))),
        }
    }

    /// To the host that the request is for, if it is one of these: DNS names
    /// without regard to case, `*.example.com` for any one label in front of
    /// `.example.com`, IP addresses. Requests for other hosts are not
    /// redirected. A certificate's names are a good list.
    ///
    /// # Errors
    ///
    /// Where a name is something else, or none is given.
    pub fn to_matching<I>(names: I) -> Result<Self, RedirectError>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let names = names.into_iter().map(|name| Name::parse(name.as_ref()));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        if names.is_empty() {
            return Err(RedirectError::NoNames);
        }
        Ok(Self::to(Target::Matching(names)))
    }

    fn to(target: Target) -> Self {
        Self(Arc::new(Rules {
            target,
            port: None,
            status: RedirectStatus::default(),
            browsers_only: false,
        }))
    }

    /// The port of the URL that clients are sent to. By default it is the
    /// listener's own, which serves TLS too; a server behind a port mapping has
    /// to say which port the world sees. 443 is left out of the URL, and so is
    /// the port where the listener has none (a Unix socket). `0`, which is no
    /// port, means the default.
    pub fn port(mut self, port: u16) -> Self {
        Arc::make_mut(&mut self.0).port = (port != 0).then_some(port);
        self
    }

    /// The status; 308 by default.
    pub fn status(mut self, status: RedirectStatus) -> Self {
        Arc::make_mut(&mut self.0).status = status;
        self
    }

    /// Redirects only requests with `Upgrade-Insecure-Requests: 1`, which
    /// browsers send when they go to a page
    /// ([UIR 3.2.1](https://www.w3.org/TR/upgrade-insecure-requests/#preference)).
    /// Answers have `Vary: Upgrade-Insecure-Requests`. Off by default.
    pub fn browsers_only(mut self) -> Self {
        Arc::make_mut(&mut self.0).browsers_only = true;
        self
    }

    /// The redirect for a plaintext request, if it is to be redirected.
    /// `local_port` is the listener's.
    pub(crate) fn response(
        &self,
        request: &Parts,
        local_port: Option<u16>,
    ) -> Option<Response<String>> {
        let location = self.location(request, local_port)?;
        let body = format!("{}\n", Mismatch::PlaintextToTls.sentence());
        let mut response = Response::new(body);
        *response.status_mut() = self.0.status.into();
        let headers = response.headers_mut();
        headers.insert(header::LOCATION, location);
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if self.0.status == RedirectStatus::Permanent308 {
            let day = HeaderValue::from_static("max-age=86400");
            headers.insert(header::CACHE_CONTROL, day);
        }
        if let Some(vary) = self.vary() {
            headers.insert(header::VARY, vary);
        }
        Some(response)
    }

    /// Where this plaintext request is to be sent.
    pub(crate) fn location(&self, request: &Parts, local_port: Option<u16>) -> Option<HeaderValue> {
        if !may_be_redirected(request) || self.0.browsers_only && !is_navigation(request) {
            return None;
        }
        let asked = Asked::of(request);
        let host = match (&self.0.target, asked) {
            (_, Asked::Malformed) => return None,
            (Target::Fixed(name), _) => name.written_for(None)?,
            (Target::Matching(names), asked) => {
                let asked = asked.host()?;
                names
                    .iter()
                    .find_map(|name| name.written_for(Some(asked)))?
            }
        };
        let path = request.uri.path_and_query()?.as_str();
        let mut url = format!("https://{host}");
        if let Some(port) = self.0.port.or(local_port).filter(|port| *port != 443) {
            url.push_str(&format!(":{port}"));
        }
        if path.starts_with('?') {
            url.push('/');
        } else if !path.starts_with('/') {
            return None;
        }
        push_encoded(&mut url, path);
        HeaderValue::try_from(url).ok()
    }

    /// What has to be in `Vary`, of the redirect and of what other requests
    /// for the same URL get instead.
    pub(crate) fn vary(&self) -> Option<HeaderValue> {
        let browsers_only = self.0.browsers_only;
        browsers_only.then(|| HeaderValue::from_static("upgrade-insecure-requests"))
    }
}

impl From<RedirectStatus> for StatusCode {
    fn from(status: RedirectStatus) -> Self {
        match status {
            RedirectStatus::Permanent308 => Self::PERMANENT_REDIRECT,
            RedirectStatus::Temporary307 => Self::TEMPORARY_REDIRECT,
        }
    }
}

/// What can be sent again without harm, and has not lost a secret.
fn may_be_redirected(request: &Parts) -> bool {
    let headers = &request.headers;
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers
            .get_all(header::CONTENT_LENGTH)
            .iter()
            .any(|length| length != "0");
    // A TLS-ending proxy, or a client that takes this server for one.
    let is_https = request.uri.scheme().is_some_and(|s| *s != Scheme::HTTP);
    matches!(request.method, Method::GET | Method::HEAD)
        && !headers.contains_key(header::UPGRADE)
        && !has_body
        && !is_grpc(request)
        && !is_https
        && Credentials::of(request).is_empty()
}

/// gRPC of every kind, grpc-web included.
fn is_grpc(request: &Parts) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let content_type = request.headers.get(header::CONTENT_TYPE);
    let start = content_type.and_then(|value| value.as_bytes().get(..GRPC.len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case(GRPC))
}

fn is_navigation(request: &Parts) -> bool {
    let header = request.headers.get(header::UPGRADE_INSECURE_REQUESTS);
    header.is_some_and(|value| value == "1")
}

/// Percent-encodes what the `http` crate lets through and RFC 3986 does not
/// (browsers take a backslash for a slash).
fn push_encoded(url: &mut String, path: &str) {
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%[]".contains(&byte);
        if is_plain {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
}

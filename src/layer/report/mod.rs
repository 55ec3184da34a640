//! Report-only migration: who still uses plaintext?

mod summary;
mod tally;
mod utc;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use http::Request;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use tower_layer::Layer;

use super::layered::{Layered, OnRequest, Rule, Verdict};
use crate::conn_info::ConnInfo;
pub use summary::{PlaintextClient, PlaintextReport};
use tally::Tally;

/// Serves plaintext, and finds out who still uses it: the step before it is
/// turned off.
///
/// Plaintext requests go on to the app. They are counted by client address and
/// user agent, and their responses say that this will end: `Deprecation`
/// (RFC 9745), unless the app has set it, and `Oneport-Warning` with a sentence
/// for people.
///
/// ```
/// use axum::{Router, routing::get};
/// use oneport::layer::ReportPlaintext;
///
/// let layer = ReportPlaintext::new();
/// let report = layer.report();
/// let app: Router = Router::new().route("/", get(|| async { "hello\n" })).layer(layer);
///
/// // At any time, or at the end:
/// println!("{report}");
/// ```
///
/// What it does not do: refuse anything, or see connections that were refused
/// before. 1,000 clients are kept apart, and 16 user agents of each address;
/// further ones are counted together.
#[derive(Clone, Debug)]
#[must_use]
pub struct ReportPlaintext {
    tally: Arc<Mutex<Tally>>,
    deprecation: HeaderValue,
}

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const ONEPORT_WARNING: HeaderName = HeaderName::from_static("oneport-warning");
const SENTENCE: &str = "Plaintext will be turned off on this port: use https:// (or wss://) instead of http:// (or ws://).";

impl ReportPlaintext {
    /// With plaintext deprecated from now on, and nobody counted.
    pub fn new() -> Self {
        let now = SystemTime::now();
        Self {
            tally: Arc::new(Mutex::new(Tally::new(now))),
            deprecation: date(now),
        }
    }

    /// Since when, or from when on, plaintext is deprecated; in whole seconds,
    /// from 1970 on. By default the time at which the layer was made.
    pub fn deprecated_since(mut self, time: SystemTime) -> Self {
        self.deprecation = date(time);
        self
    }

    /// A handle to what is counted, by this layer and its clones.
    #[must_use]
    pub fn report(&self) -> PlaintextReport {
        PlaintextReport::of(self.tally.clone())
    }
}

impl Default for ReportPlaintext {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ReportPlaintext {
    type Service = Layered<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(self.clone(), inner)
    }
}

impl Rule for ReportPlaintext {
    const NAME: &'static str = "ReportPlaintext";

    fn on_response(&self, headers: &mut HeaderMap, _: &ConnInfo) {
        let deprecation = || self.deprecation.clone();
        headers.entry(DEPRECATION).or_insert_with(deprecation);
        // An explanation has perhaps warned of something else.
        headers.append(ONEPORT_WARNING, HeaderValue::from_static(SENTENCE));
    }
}

impl<B> OnRequest<B> for ReportPlaintext {
    fn on_request(&self, request: Request<B>, info: &ConnInfo) -> Verdict<B> {
        if info.is_tls() {
            return Verdict::Pass(request);
        }
        let agent = request.headers().get(header::USER_AGENT);
        let agent = agent.map(HeaderValue::as_bytes);
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.count(info.peer().ip(), agent, SystemTime::now());
        drop(tally);
        Verdict::PassAndEdit(request)
    }
}

/// A structured field's Date (RFC 9651 3.3.7), as RFC 9745 2.1 wants it.
fn date(time: SystemTime) -> HeaderValue {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    HeaderValue::try_from(format!("@{seconds}")).unwrap_or(HeaderValue::from_static("@0"))
}

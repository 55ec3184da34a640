//! Policy per request, as tower `Layer`s: who has to use TLS, and what an app
//! behind this port says and hears about it.
//!
//! A [`Policy`](crate::Policy) decides per connection, before HTTP is spoken;
//! that is where to begin. These layers are for what it cannot know: paths,
//! methods, headers.
//!
//! | layer | what it does |
//! |---|---|
//! | [`ForwardedHeaders`] | tells the app peer, host and scheme in `Forwarded` and `X-Forwarded-*`, whatever the client sent |
//! | [`Hsts`] | tells browsers over TLS never to come without it |
//! | [`Redirect`](crate::Redirect) | leads plaintext GET and HEAD requests to `https://` |
//! | [`ReportPlaintext`] | serves plaintext, and counts who still uses it |
//! | [`RequireTls`] | refuses plaintext, except for some paths |
//! | [`SecureCookies`] | marks cookies `Secure` |
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::{Router, routing::get};
//! use oneport::layer::{Hsts, RequireTls, SecureCookies};
//!
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "hello\n" }))
//!     .route("/healthz", get(|| async { "ok\n" }))
//!     // The one that is added last sees a request first.
//!     .layer(SecureCookies::new())
//!     .layer(Hsts::max_age(Duration::from_secs(365 * 24 * 60 * 60)))
//!     .layer(RequireTls::new().except_path("/healthz"));
//! ```
//!
//! # What do they need?
//!
//! The [`ConnInfo`](crate::ConnInfo) in each request's extensions, which
//! `serve_dual` puts there. Whoever serves the streams of an
//! [`Acceptor`](crate::Acceptor) by hand inserts
//! [`Accepted::info`](crate::Accepted::info). Without it a request is answered
//! with a 500, and the log says what is missing: no layer guesses whether a
//! connection is secure.
//!
//! # What do they work with?
//!
//! Every tower Service over `http::Request` whose responses' body has data that
//! is made from [`Bytes`](bytes::Bytes): axum 0.7 and 0.8, tonic, tower-http.
//!
//! # Why do they not look at `X-Forwarded-Proto`?
//!
//! Anybody can send it. A server behind a proxy that ends TLS gets plaintext
//! from everybody, and none of these layers is for it.

mod body;
mod forwarded;
mod hsts;
mod layered;
mod redirect;
mod report;
mod require_tls;
mod secure_cookies;

pub use body::ResponseBody;
pub use forwarded::ForwardedHeaders;
pub use hsts::Hsts;
pub use layered::{Layered, ResponseFuture};
pub use report::{PlaintextClient, PlaintextReport, ReportPlaintext};
pub use require_tls::RequireTls;
pub use secure_cookies::{OnPlaintext, SecureCookies};

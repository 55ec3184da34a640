//! Extractors for axum 0.8 (feature `axum08`).

use std::fmt;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::conn_info::ConnInfo;
use crate::mismatch::{CertificateFault, Mismatch};
use crate::tls::ClientIdentity;

/// ```
/// # use axum::{Router, routing::get};
/// use oneport::ConnInfo;
///
/// async fn scheme(info: ConnInfo) -> &'static str {
///     if info.is_tls() { "https" } else { "http" }
/// }
///
/// let app: Router = Router::new().route("/", get(scheme));
/// ```
impl<S: Sync> FromRequestParts<S> for ConnInfo {
    type Rejection = ConnInfoRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let info = parts.extensions.get::<Self>();
        info.cloned().ok_or(ConnInfoRejection)
    }
}

/// Only clients with a certificate get to the handler; with `Option<ClientIdentity>`
/// the others too.
///
/// ```
/// # use axum::{Router, routing::get};
/// use oneport::tls::ClientIdentity;
///
/// async fn whoami(client: ClientIdentity) -> String {
///     format!("{:?}", client.leaf())
/// }
///
/// async fn greet(client: Option<ClientIdentity>) -> &'static str {
///     if client.is_some() { "hello again" } else { "hello" }
/// }
///
/// let app: Router = Router::new()
///     .route("/whoami", get(whoami))
///     .route("/", get(greet));
/// ```
impl<S: Sync> FromRequestParts<S> for ClientIdentity {
    type Rejection = ClientIdentityRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        identity(parts)?.ok_or(ClientIdentityRejection::NoCertificate)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for ClientIdentity {
    type Rejection = ClientIdentityRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        identity(parts)
    }
}

fn identity(parts: &Parts) -> Result<Option<ClientIdentity>, ClientIdentityRejection> {
    let info = parts.extensions.get::<ConnInfo>();
    let info = info.ok_or(ClientIdentityRejection::NotServed(ConnInfoRejection))?;
    Ok(info.tls().and_then(|tls| tls.client_identity.clone()))
}

/// The request did not come through a server of this crate. Answered with 500,
/// as it is the server's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnInfoRejection;

/// Why there is no client certificate to extract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientIdentityRejection {
    /// The client has shown none, or speaks plaintext. Answered with 403 and
    /// what to do.
    NoCertificate,
    /// The request did not come through a server of this crate: 500.
    NotServed(ConnInfoRejection),
}

impl fmt::Display for ConnInfoRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "nothing is known of this request's connection: serve the application with \
             oneport::serve_dual or oneport::serve_plaintext",
        )
    }
}

impl fmt::Display for ClientIdentityRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => {
                f.write_str(Mismatch::ClientCertificate(CertificateFault::Missing).sentence())
            }
            Self::NotServed(rejection) => rejection.fmt(f),
        }
    }
}

impl std::error::Error for ConnInfoRejection {}

impl std::error::Error for ClientIdentityRejection {}

impl IntoResponse for ConnInfoRejection {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{self}\n")).into_response()
    }
}

impl IntoResponse for ClientIdentityRejection {
    fn into_response(self) -> Response {
        match self {
            Self::NoCertificate => (StatusCode::FORBIDDEN, format!("{self}\n")).into_response(),
            Self::NotServed(rejection) => rejection.into_response(),
        }
    }
}

//! `/whoami`: how the visitor came, as JSON.

use axum::extract::Extension;
use axum::http::{HeaderValue, header, request};
use axum::response::{IntoResponse, Response};
use oneport::ConnInfo;
use serde_json::json;

use super::visit::Visit;

/// Never the query string, `Authorization` or `Cookie`: people paste this
/// into bug reports.
pub(super) async fn whoami(
    Extension(conn): Extension<ConnInfo>,
    request: request::Parts,
) -> Response {
    let visit = Visit::new(&conn, &request);
    let client = conn.tls().and_then(|tls| tls.client_identity.as_ref());
    let client = client.map(|client| {
        let names = client.alt_names().iter().map(ToString::to_string);
        json!({
            "subject": client.subject(),
            "names": names.collect::<Vec<_>>(),
            "serial": client.serial(),
            "sha256": client.sha256(),
        })
    });
    let tls = visit.tls.map(|tls| {
        json!({
            "version": tls.version,
            "cipher": tls.cipher,
            "alpn": tls.alpn,
            "sni": tls.sni,
            "resumed": tls.resumed,
            "client_certificate": client,
        })
    });
    let body = json!({
        "scheme": visit.scheme,
        "tls": tls,
        "http_version": visit.http_version,
        "peer": visit.peer.to_string(),
        "connection": visit.connection,
        "method": visit.method,
        "path": visit.path,
        "host": visit.authority.map(|authority| authority.to_string()),
        "user_agent": visit.user_agent,
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (headers, format!("{body:#}\n")).into_response()
}

//! `--root`: static files.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::services::ServeDir;

/// Serves the files below `dir`, and `index.html` for a directory.
///
/// Not served: listings, and names that begin with a dot (`.git`, `.env`),
/// except `.well-known` (RFC 8615). Symbolic links are followed.
pub(crate) fn router(dir: &Path) -> Router {
    Router::new()
        .fallback_service(ServeDir::new(dir))
        .layer(middleware::from_fn(only_visible))
}

/// Checks what `--root` points at, and that it does not give away the key.
pub(crate) fn check(dir: &Path, key: Option<&Path>) -> Result<(), String> {
    let shown = dir.display();
    let real = dir
        .canonicalize()
        .map_err(|error| format!("--root {shown} cannot be served: {error}"))?;
    if !real.is_dir() {
        return Err(format!(
            "--root {shown} is not a directory: give the directory that holds the files"
        ));
    }
    let key: Option<PathBuf> = key.and_then(|key| key.canonicalize().ok());
    let served = key.as_deref().and_then(|key| key.strip_prefix(&real).ok());
    match served {
        Some(path)
            if !path
                .components()
                .any(|part| hidden(&part.as_os_str().to_string_lossy())) =>
        {
            Err(format!(
                "--root {shown} would serve the private key {} to everybody: \
                 keep the key outside of it",
                path.display()
            ))
        }
        _ => Ok(()),
    }
}

async fn only_visible(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // `//host/dir` would be redirected to `//host/dir/`, which is a link to
    // another host.
    let mut response = if path.starts_with("//") || path.split('/').any(hidden) {
        StatusCode::NOT_FOUND.into_response()
    } else {
        next.run(request).await
    };
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Whether a segment of a path begins with a dot, percent-encoded or not.
fn hidden(segment: &str) -> bool {
    let dot = segment.starts_with('.')
        || segment
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("%2e"));
    dot && segment != ".well-known"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden() {
        for segment in [".git", ".env", "..", "%2egit", "%2Egit", "%2e%2e", "."] {
            assert!(hidden(segment), "{segment}");
        }
        for segment in ["", "a", "a.b", ".well-known", "%2f"] {
            assert!(!hidden(segment), "{segment}");
        }
    }
}

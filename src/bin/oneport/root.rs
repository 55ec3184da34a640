//! `--root`: static files.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::services::ServeDir;

use crate::body_first::body_first;

/// Serves the files below `dir`, and `index.html` for a directory.
///
/// Not served: listings, and names that begin with a dot (`.git`, `.env`),
/// except `.well-known` (RFC 8615). Symbolic links are followed.
pub(crate) fn router(dir: &Path) -> Router {
    Router::new()
        .fallback_service(ServeDir::new(dir))
        .layer(middleware::from_fn(only_visible))
        .layer(middleware::from_fn(body_first))
}

/// Checks what `--root` points at, and that it does not give away a key.
pub(crate) fn check<'a>(dir: &Path, secrets: impl Iterator<Item = &'a Path>) -> Result<(), String> {
    let shown = dir.display();
    let real = dir
        .canonicalize()
        .map_err(|error| format!("--root {shown} cannot be served: {error}"))?;
    if !real.is_dir() {
        return Err(format!(
            "--root {shown} is not a directory: give the directory that holds the files"
        ));
    }
    for secret in secrets {
        let real_secret = secret.canonicalize().unwrap_or_default();
        let Ok(path) = real_secret.strip_prefix(&real) else {
            continue;
        };
        let mut parts = path.components();
        if !parts.any(|part| hidden(&part.as_os_str().to_string_lossy())) {
            return Err(format!(
                "--root {shown} would serve {} to everybody, which is secret: keep it outside of it",
                path.display()
            ));
        }
    }
    Ok(())
}

async fn only_visible(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // `//host/dir` would be redirected to `//host/dir/`, which is a link to
    // another host.
    let mut response = if path.starts_with("//") || has_hidden_part(path) {
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

/// Whether a part of a URL's path is [`hidden`], however it is encoded.
fn has_hidden_part(path: &str) -> bool {
    // What `ServeDir` decodes, once, to a dot or to the end of a part.
    let path = path.to_ascii_lowercase();
    let path = path
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    path.split(['/', '\\']).any(hidden)
}

fn hidden(name: &str) -> bool {
    name.starts_with('.') && name != ".well-known"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden() {
        for path in [
            "/.git",
            "/.env",
            "/..",
            "/.",
            "/%2egit",
            "/%2Egit",
            "/%2e%2e",
            "/a/.b",
            "/a/.b/c",
            "/a%2f.b",
            "/a%2F%2eb",
            "/a%5C.b",
            "/a\\.b",
            "/%2ewell-known2",
        ] {
            assert!(has_hidden_part(path), "{path}");
        }
        for path in [
            "/",
            "/a",
            "/a.b",
            "/a./b",
            "/.well-known/x",
            "/%252egit",
            "/a%2fb",
        ] {
            assert!(!has_hidden_part(path), "{path}");
        }
    }
}

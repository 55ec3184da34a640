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

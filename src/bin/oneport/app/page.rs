//! The built-in page: how you came, the other scheme, a live WebSocket echo.

use std::fmt::Write;

use axum::extract::{Extension, State};
use axum::http::{HeaderValue, header, request};
use axum::response::{IntoResponse, Response};
use oneport::ConnInfo;

use super::visit::Visit;
use crate::port_policy::PortPolicy;

/// Everything comes from this origin; `'self'` covers its `ws:` and `wss:` too.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn html(
    State(policy): State<PortPolicy>,
    Extension(conn): Extension<ConnInfo>,
    request: request::Parts,
) -> Response {
    let visit = Visit::new(&conn, &request);
    let page = fill(include_str!("page.html"), |name| match name {
        "class" => visit.scheme.to_owned(),
        "headline" => headline(&visit),
        "facts" => facts(&visit),
        "other" => other(&visit, &policy),
        "ws" => if visit.tls.is_some() { "wss" } else { "ws" }.to_owned(),
        "version" => env!("CARGO_PKG_VERSION").to_owned(),
        _ => String::new(),
    });
    asset("text/html; charset=utf-8", page)
}

pub(super) async fn css() -> Response {
    asset("text/css; charset=utf-8", include_str!("page.css"))
}

pub(super) async fn js() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("page.js"))
}

fn asset(content_type: &'static str, body: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    (headers, body).into_response()
}

fn headline(visit: &Visit) -> String {
    match &visit.tls {
        Some(tls) => format!("You came over {}", escape(&tls.version)),
        None => "You came in plaintext".to_owned(),
    }
}

fn facts(visit: &Visit) -> String {
    let mut rows = String::new();
    let mut row = |name: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = write!(
            rows,
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>",
            escape(value)
        );
    };
    row("Scheme", visit.scheme);
    row("HTTP version", visit.http_version);
    match &visit.tls {
        Some(tls) => {
            row("TLS version", &tls.version);
            row("Cipher suite", &tls.cipher);
            row("ALPN", tls.alpn.as_deref().unwrap_or("none offered"));
            row(
                "Server name (SNI)",
                tls.sni.as_deref().unwrap_or("none sent"),
            );
            row("Session", if tls.resumed { "resumed" } else { "new" });
        }
        None => row("TLS", "none: anyone on the way can read and change this"),
    }
    row("Your address", &visit.peer.to_string());
    rows
}

fn other(visit: &Visit, policy: &PortPolicy) -> String {
    let served = match visit.scheme {
        "https" => policy.serves_plaintext_to(visit.peer),
        _ => policy.serves_tls(),
    };
    match (served, visit.other_scheme()) {
        (true, Some(origin)) => {
            let url = escape(&format!("{origin}/"));
            format!(
                "<p>This port serves both. <a id=\"other\" href=\"{url}\">The same page over {url}</a></p>"
            )
        }
        (true, None) => "<p>This port serves both, TLS and plaintext.</p>".to_owned(),
        (false, _) if visit.tls.is_some() => "<p>This port serves you TLS only; \
             an <code>http://</code> client is told to use <code>https://</code>.</p>"
            .to_owned(),
        (false, _) => "<p>This port serves plaintext only; \
             a TLS client is told to use <code>http://</code>.</p>"
            .to_owned(),
    }
}

/// Replaces each `{{name}}` once; what is put in is not looked at again.
fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut page = String::with_capacity(template.len() + 1024);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page.push_str(&value(name));
        rest = after;
    }
    page.push_str(rest);
    page
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_a_template() {
        let page = fill("<{{a}}|{{b}}>", |name| match name {
            "a" => "{{b}}".to_owned(),
            _ => "x".to_owned(),
        });
        assert_eq!(page, "<{{b}}|x>");
    }

    #[test]
    fn nothing_escapes() {
        assert_eq!(
            escape("<a href=\"x\" 'y' &>"),
            "&lt;a href=&quot;x&quot; &#39;y&#39; &amp;&gt;"
        );
    }

    #[test]
    fn the_page_and_its_parts_stay_small() {
        let parts = [
            include_str!("page.html"),
            include_str!("page.css"),
            include_str!("page.js"),
        ];
        let size: usize = parts.iter().map(|part| part.len()).sum();
        assert!(size < 12 * 1024, "{size} bytes");
        let external = parts
            .iter()
            .any(|part| part.contains("https://") || part.contains("//cdn"));
        assert!(!external, "no external assets");
    }
}

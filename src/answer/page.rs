//! The explanation's bodies: text, HTML, problem details.

use http::StatusCode;

use crate::mismatch::Mismatch;

/// Scanners, health checks and search engines know this line of Go's.
const KNOWN_LINE: &str = "Client sent an HTTP request to an HTTPS server.";

pub(super) fn text(mismatch: Mismatch) -> String {
    match mismatch {
        Mismatch::PlaintextToTls => format!("{mismatch}\n{KNOWN_LINE}\n"),
        _ => format!("{mismatch}\n"),
    }
}

/// RFC 9457.
pub(super) fn problem(mismatch: Mismatch, status: StatusCode) -> String {
    let (slug, status) = (mismatch.slug(), status.as_u16());
    // No sentence has a character that JSON escapes.
    format!(
        "{{\"type\":\"about:blank\",\"title\":\"{mismatch}\",\"status\":{status},\
         \"detail\":\"{}\",\"mismatch\":\"{slug}\"}}\n",
        text(mismatch).trim_end().replace('\n', " "),
    )
}

pub(super) fn html(mismatch: Mismatch) -> String {
    let known_line = match mismatch {
        Mismatch::PlaintextToTls => format!("<p>{KNOWN_LINE}</p>\n"),
        _ => String::new(),
    };
    let link = match mismatch {
        Mismatch::PlaintextToTls => link("https"),
        Mismatch::TlsToPlaintext => link("http"),
        _ => String::new(),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}}</style>\n\
         </head>\n<body>\n<h1>{mismatch}</h1>\n{link}{known_line}</body>\n</html>\n",
        title(mismatch),
    )
}

fn title(mismatch: Mismatch) -> &'static str {
    match mismatch {
        Mismatch::ClientCertificate(_) => "This port requires a client certificate",
        _ => "This port requires another protocol",
    }
}

/// The corrected URL, to be clicked. The browser puts it together: an answer
/// that repeated the request's host or path would be a place for others to
/// write into.
fn link(scheme: &str) -> String {
    format!(
        "<p><a id=\"corrected\"></a></p>\n\
         <noscript><p>Change the beginning of the address to {scheme}://</p></noscript>\n\
         <script>\n\
         const url = new URL(location.href), link = document.getElementById(\"corrected\");\n\
         const port = url.port || (url.protocol === \"https:\" ? \"443\" : \"80\");\n\
         link.href = link.textContent =\n\
         \"{scheme}://\" + url.hostname + \":\" + port + url.pathname + url.search + url.hash;\n\
         </script>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn problem_details_are_json() {
        let problem = problem(Mismatch::PlaintextToTls, StatusCode::UPGRADE_REQUIRED);
        let value: serde_json::Value = serde_json::from_str(&problem).expect("JSON");
        assert_eq!(value["status"], 426);
        assert_eq!(value["mismatch"], "plaintext-to-tls");
        assert_eq!(value["title"], Mismatch::PlaintextToTls.sentence());
    }
}

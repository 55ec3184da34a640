//! The explanation's bodies: text, HTML, problem details.

use http::StatusCode;

use crate::mismatch::Mismatch;

/// Scanners, health checks and search engines know this line of Go's.
const KNOWN_LINE: &str = "Client sent an HTTP request to an HTTPS server.";

/// What there is to say.
pub(super) struct Page<'a> {
    pub(super) mismatch: Mismatch,
    /// Of credentials in the clear.
    pub(super) warning: Option<&'a str>,
}

impl Page<'_> {
    /// The sentence, and what belongs to it, each a line.
    fn lines(&self) -> impl Iterator<Item = &str> {
        let known = (self.mismatch == Mismatch::PlaintextToTls).then_some(KNOWN_LINE);
        [Some(self.mismatch.sentence()), known, self.warning]
            .into_iter()
            .flatten()
    }

    pub(super) fn text(&self) -> String {
        self.lines().map(|line| format!("{line}\n")).collect()
    }

    /// RFC 9457.
    pub(super) fn problem(&self, status: StatusCode) -> String {
        let (title, slug) = (self.mismatch, self.mismatch.slug());
        // The quotes are all that JSON escapes in these lines.
        let detail = self
            .lines()
            .collect::<Vec<_>>()
            .join(" ")
            .replace('"', "\\\"");
        format!(
            "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{},\
             \"detail\":\"{detail}\",\"mismatch\":\"{slug}\"}}\n",
            status.as_u16(),
        )
    }

    pub(super) fn html(&self) -> String {
        let mismatch = self.mismatch;
        let link = match mismatch {
            Mismatch::PlaintextToTls => link("https"),
            Mismatch::TlsToPlaintext => link("http"),
            _ => String::new(),
        };
        let rest: String = (self.lines().skip(1))
            .map(|line| format!("<p>{line}</p>\n"))
            .collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n\
             <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}}</style>\n\
             </head>\n<body>\n<h1>{mismatch}</h1>\n{link}{rest}</body>\n</html>\n",
            title(mismatch),
        )
    }
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
        let page = Page {
            mismatch: Mismatch::PlaintextToTls,
            warning: Some("a query parameter \"token\""),
        };
        let problem = page.problem(StatusCode::UPGRADE_REQUIRED);
        let value: serde_json::Value = serde_json::from_str(&problem).expect("JSON");
        assert_eq!(value["status"], 426);
        assert_eq!(value["mismatch"], "plaintext-to-tls");
        assert_eq!(value["title"], Mismatch::PlaintextToTls.sentence());
        let detail = value["detail"].as_str().expect("a string");
        assert!(
            detail.ends_with("server. a query parameter \"token\""),
            "{detail}"
        );
    }
}

//! `oneport check`, run and read, and held against what curl and openssl say.

use std::fmt;

use serde_json::Value;

use crate::process::ended;
use crate::site::Site;
use crate::truth::{self, Fetched, Truth};

/// One run of it with `--json`, and the text for people of another.
pub(crate) struct Checked {
    pub(crate) code: i32,
    pub(crate) json: Value,
    pub(crate) text: String,
}

/// This target, with these options.
pub(crate) async fn check(target: &str, options: &[&str]) -> Checked {
    let arguments = [&["check", target], options].concat();
    let with_json = [&arguments[..], &["--json"]].concat();
    let ((code, json, stderr), (text_code, text, text_stderr)) =
        tokio::join!(ended(&with_json), ended(&arguments));
    assert_eq!(stderr, "", "{target}");
    assert_eq!(text_stderr, "", "{target}");
    assert_eq!(code, text_code, "{target}: {text}");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["works"], code == 0, "{target}: {text}");
    let verdict = format!("{}works", if code == 0 { "" } else { "does not " });
    let verdict = verdict.replace("not works", "not work");
    let head = text.lines().next().unwrap_or_default();
    assert!(head.ends_with(&verdict), "{target}: {text}");
    Checked { code, json, text }
}

/// All that was asked about one port.
pub(crate) struct Port {
    pub(crate) truth: Truth,
    pub(crate) http: Checked,
    pub(crate) https: Checked,
    /// `HOST:PORT`.
    pub(crate) either: Checked,
}

/// Checks a port in each mode, with its CA, and holds what is found against curl
/// and openssl.
pub(crate) async fn checked(site: &Site) -> Port {
    let (ca, either) = (site.ca(), format!("localhost:{}", site.port));
    let trust = ["--ca", &ca];
    // One after the other: some of these servers do one thing at a time.
    let port = Port {
        truth: truth::of(site).await,
        http: check(&site.url("http"), &trust).await,
        https: check(&site.url("https"), &trust).await,
        either: check(&either, &trust).await,
    };
    for checked in [&port.http, &port.https, &port.either] {
        let found = port.truth.lies_of(checked);
        assert!(
            found.is_empty(),
            "{}\n{checked}\n{:#?}",
            found.join("\n"),
            port.truth
        );
    }
    let trusted = truth::fetch(["--cacert", &ca, &site.url("https")]).await;
    let outcomes = [
        ("http", &port.http, &port.truth.plaintext),
        ("https", &port.https, &trusted),
    ];
    for (scheme, checked, curl) in outcomes {
        let both = (checked.code == 0, curl.exit == 0);
        assert_eq!(both.0, both.1, "{scheme}: {curl:?}\n{checked}");
    }
    port
}

impl Checked {
    /// What is at this JSON pointer, as text.
    pub(crate) fn at(&self, pointer: &str) -> String {
        let found = self.json.pointer(pointer);
        match found.unwrap_or_else(|| panic!("no {pointer}\n{self}")) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// It does not work, for this reason.
    #[track_caller]
    pub(crate) fn fails(&self, slug: &str) -> &Self {
        assert_eq!(self.code, 1, "{self}");
        assert_eq!(self.at("/fault/slug"), slug, "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn works(&self) -> &Self {
        assert_eq!(
            (self.code, self.at("/fault")),
            (0, "null".to_owned()),
            "{self}"
        );
        self
    }

    /// The text for people has these words.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "no {words:?} in\n{self}");
        self
    }

    /// It has not.
    #[track_caller]
    pub(crate) fn says_not(&self, words: &str) -> &Self {
        assert!(!self.text.contains(words), "{words:?} in\n{self}");
        self
    }

    /// What is at this JSON pointer is this.
    #[track_caller]
    pub(crate) fn has(&self, pointer: &str, text: &str) -> &Self {
        assert_eq!(self.at(pointer), text, "{pointer}\n{self}");
        self
    }

    /// These URLs are said to be spoken there.
    #[track_caller]
    pub(crate) fn urls(&self, site: &Site, schemes: &[&str]) -> &Self {
        let urls: Vec<_> = schemes.iter().map(|scheme| site.url(scheme)).collect();
        assert_eq!(self.json["urls"], serde_json::json!(urls), "{self}");
        self
    }

    /// A finding of this name was made.
    #[track_caller]
    pub(crate) fn finds(&self, slug: &str) -> &Self {
        assert!(self.slugs().iter().any(|one| one == slug), "{slug}\n{self}");
        self
    }

    /// The findings are these.
    #[track_caller]
    pub(crate) fn finds_only(&self, slugs: &[&str]) -> &Self {
        assert_eq!(self.slugs(), slugs, "{self}");
        self
    }

    fn slugs(&self) -> Vec<String> {
        let findings = self.json["findings"].as_array().unwrap();
        let slug = |finding: &Value| finding["slug"].as_str().unwrap().to_owned();
        findings.iter().map(slug).collect()
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:#}", self.text, self.json)
    }
}

impl Truth {
    /// Where a report differs from it.
    fn lies_of(&self, checked: &Checked) -> Vec<String> {
        let mut found = Vec::new();
        let fetched = [
            ("/plaintext/http1", &self.plaintext),
            ("/plaintext/h2c", &self.h2c),
            ("/tls/http", &self.https),
            ("/tls/http1", &self.https1),
        ];
        for (pointer, curl) in fetched {
            if !agree(checked, pointer, curl) {
                found.push(format!("{pointer}: {curl:?}"));
            }
        }
        let spoken = [
            ("/tls/tls12", self.tls12),
            ("/tls/tls13", self.tls13),
            ("/tls/alpn/h2", self.alpn_h2),
            ("/tls/alpn/http~11.1", self.alpn_http1),
        ];
        let speaks_tls = self.tls12 || self.tls13;
        for (pointer, spoken) in spoken {
            let said = checked.json.pointer(pointer).unwrap();
            // Of a port without TLS, nothing is known.
            let unknown = said.is_null() && !speaks_tls;
            if !unknown && said != spoken {
                found.push(format!("{pointer}: {spoken}"));
            }
        }
        let asks = checked.at("/tls/client_certificate");
        let asked = ["accepted", "requested", "required"].contains(&asks.as_str());
        if asked != self.asks {
            found.push(format!("/tls/client_certificate: asked {}", self.asks));
        }
        let trusted = checked.json["tls"]["certificate_faults"] == serde_json::json!([]);
        if speaks_tls && trusted != self.trusted {
            found.push(format!("/tls/certificate_faults: trusted {}", self.trusted));
        }
        found
    }
}

fn agree(checked: &Checked, pointer: &str, curl: &Fetched) -> bool {
    let answer = checked.json.pointer(pointer).unwrap();
    let is_http = answer["kind"] == "http";
    match curl.status {
        None => !is_http,
        Some(status) if is_http => {
            let version = match curl.version.as_str() {
                "1" => "HTTP/1.0",
                "2" => "HTTP/2.0",
                _ => "HTTP/1.1",
            };
            answer["status"] == status && answer["version"] == version
        }
        // A refusal that is known for what it is.
        Some(status) => status >= 400 && answer["kind"] == "refused",
    }
}

//! What was made, and what to do next: for people and as JSON.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use oneport::tls::describe::CertificateSummary;
use serde_json::{Value, json};

/// Everything that a command has to say.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) files: Vec<MadeFile>,
    pub(super) notes: Vec<String>,
    pub(super) next: Vec<Next>,
}

#[derive(Debug)]
pub(super) struct MadeFile {
    pub(super) path: PathBuf,
    pub(super) what: String,
    pub(super) certificate: Option<CertificateSummary>,
}

/// A command that makes sense now.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) what: &'static str,
    pub(super) command: String,
}

impl Made {
    pub(super) fn file(&mut self, path: &Path, what: String) {
        self.files.push(MadeFile {
            path: path.into(),
            what,
            certificate: None,
        });
    }

    pub(super) fn certificate(&mut self, path: &Path, what: &str, summary: CertificateSummary) {
        let names = match &summary.names[..] {
            [] => String::new(),
            names => format!(", for {}", names.join(", ")),
        };
        self.files.push(MadeFile {
            path: path.into(),
            what: format!("{what}, valid until {}{names}", summary.expires_on()),
            certificate: Some(summary),
        });
    }

    pub(super) fn next(&mut self, what: &'static str, command: String) {
        self.next.push(Next { what, command });
    }

    pub(super) fn json(&self) -> Value {
        let file = |file: &MadeFile| {
            let certificate = file.certificate.as_ref().map(|summary| {
                json!({
                    "subject": summary.subject,
                    "issuer": summary.issuer,
                    "names": summary.names,
                    "serial": summary.serial,
                    "expires_on": summary.expires_on(),
                    "days_left": summary.days_left(SystemTime::now()),
                    "sha256": summary.sha256,
                })
            });
            json!({
                "file": file.path.display().to_string(),
                "what": file.what,
                "certificate": certificate,
            })
        };
        let next = |next: &Next| json!({ "what": next.what, "command": next.command });
        json!({
            "made": self.files.iter().map(file).collect::<Vec<_>>(),
            "notes": self.notes,
            "next": self.next.iter().map(next).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .files
            .iter()
            .map(|file| file.path.display().to_string());
        let names: Vec<_> = names.collect();
        let width = names.iter().map(|name| name.chars().count()).max();
        let width = width.unwrap_or_default();
        writeln!(f, "Made:\n")?;
        for (name, file) in names.iter().zip(&self.files) {
            writeln!(f, "  {name:width$}  {}", file.what)?;
        }
        writeln!(f)?;
        for note in &self.notes {
            writeln!(f, "  {note}\n")?;
        }
        for next in &self.next {
            writeln!(f, "  {}:\n\n    {}\n", next.what, next.command)?;
        }
        Ok(())
    }
}

//! `oneport cert show`: what is in a file or comes from a server, and what is
//! wrong with it.

mod algorithms;
mod certificate;
mod chain;
mod content;
mod hello;
mod key;
mod revoked;
mod target;
mod text;
mod wire;

use std::path::Path;

use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use super::args::ShowArgs;
use super::error::CertError;
use certificate::Certificate;
use content::Contents;
use hello::Greeting;
use key::Key;
use revoked::Revoked;
pub(super) use target::Target;

/// Everything that there is to say. Displays as text for people.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The file or the server.
    name: String,
    server: Option<Greeting>,
    certificates: Vec<Certificate>,
    keys: Vec<Key>,
    lists: Vec<Revoked>,
    problems: Vec<String>,
    notes: Vec<String>,
}

pub(super) fn run(args: &ShowArgs) -> Result<Shown, CertError> {
    match &args.target {
        Target::Port { host, port } => {
            let asked = args.server_name.as_deref().unwrap_or(host);
            server(host, *port, asked)
        }
        _ if args.server_name.is_some() => Err(CertError::Usage(
            "--server-name is for servers: name HOST:PORT".to_owned(),
        )),
        Target::File(path) => file(path),
        Target::Stdin => {
            let contents = content::stdin()?;
            shown("standard input".to_owned(), contents)
        }
    }
}

/// The list of revoked certificates in a file, as DER.
pub(super) fn crl_of(path: &Path) -> Result<Option<Vec<u8>>, CertError> {
    Ok(content::file(path)?.lists.into_iter().next())
}

fn file(path: &Path) -> Result<Shown, CertError> {
    let mut shown = shown(path.display().to_string(), content::file(path)?)?;
    if !shown.keys.is_empty() {
        shown.problems.extend(key::exposed(path));
    }
    Ok(shown)
}

fn shown(name: String, contents: Contents) -> Result<Shown, CertError> {
    let certificates = described(&contents.certificates)?;
    let keys = contents.keys.iter().map(Key::new).collect();
    let lists = contents.lists.iter().map(|der| Revoked::new(der));
    let lists = lists.collect::<Result<Vec<_>, _>>()?;
    let mut shown = Shown {
        name,
        notes: chain::notes(&certificates),
        problems: chain::problems(&certificates, None),
        certificates,
        keys,
        lists,
        server: None,
    };
    shown
        .problems
        .extend(shown.lists.iter().filter_map(Revoked::problem));
    shown
        .problems
        .extend(key::mismatch(&shown.keys, &shown.certificates));
    Ok(shown)
}

fn server(host: &str, port: u16, asked: &str) -> Result<Shown, CertError> {
    let (chain, greeting) = hello::greet(host, port, asked)?;
    let certificates = described(&chain)?;
    Ok(Shown {
        name: greeting.name.clone(),
        notes: chain::notes(&certificates),
        problems: chain::problems(&certificates, Some(asked)),
        certificates,
        server: Some(greeting),
        ..Shown::default()
    })
}

fn described(chain: &[CertificateDer<'static>]) -> Result<Vec<Certificate>, CertError> {
    chain.iter().map(Certificate::new).collect()
}

impl Shown {
    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "server": self.server.as_ref().map(Greeting::json),
            "certificates": self.certificates.iter().map(Certificate::json).collect::<Vec<_>>(),
            "keys": self.keys.iter().map(Key::json).collect::<Vec<_>>(),
            "revocation_lists": self.lists.iter().map(Revoked::json).collect::<Vec<_>>(),
            "notes": self.notes,
            "problems": self.problems,
        })
    }
}

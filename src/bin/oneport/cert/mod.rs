//! `oneport cert`: makes certificates, revokes them, and shows what is in them.
//!
//! Nothing here is needed by the server, which takes certificates from
//! anywhere; it spares people nine openssl recipes.

mod args;
mod authority;
mod crl;
mod error;
mod files;
mod issue;
mod key;
mod made;
mod make;
mod names;
mod next;
mod read;
mod show;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

pub(crate) use self::args::CertArgs;
use self::args::CertCommand;
use self::error::CertError;
use crate::{exit, output};

/// For the end of `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
    0  done
    1  not done: a file is in the way or cannot be written, nor the output; a server does not
       answer in TLS
    2  wrong usage
    4  a certificate, key or list that was given cannot be used";

pub(crate) fn run(args: &CertArgs) -> ExitCode {
    let printed = match &args.command {
        CertCommand::Ca(args) => make::ca(args).map(|made| print(&made, args.key.output.json)),
        CertCommand::Client(args) => {
            make::client(args).map(|made| print(&made, args.key.output.json))
        }
        CertCommand::Crl(args) => crl::run(args).map(|made| print(&made, args.output.json)),
        CertCommand::SelfSigned(args) => {
            make::self_signed(args).map(|made| print(&made, args.key.output.json))
        }
        CertCommand::Server(args) => {
            make::server(args).map(|made| print(&made, args.key.output.json))
        }
        CertCommand::Show(args) => show::run(args).map(|shown| print(&shown, args.json)),
    };
    match printed {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            exit::code(error.code())
        }
    }
}

/// What can be said to people and to machines.
trait Report: Display {
    fn json(&self) -> Value;
}

impl Report for made::Made {
    fn json(&self) -> Value {
        self.json()
    }
}

impl Report for show::Shown {
    fn json(&self) -> Value {
        self.json()
    }
}

fn print(report: &impl Report, json: bool) -> ExitCode {
    let text = match json {
        true => format!("{:#}\n", report.json()),
        false => report.to_string(),
    };
    output::print(&text, ExitCode::SUCCESS)
}

fn complain(error: &CertError) {
    let mut sentence = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        sentence.push_str(&format!(": {error}"));
        source = error.source();
    }
    let _ = writeln!(io::stderr().lock(), "oneport: {sentence}");
}

//! Every way to get files wrong that is told apart, with the words that say so.
//!
//! They are what the user has to work with, so they are here word for word.
//! `docs/tls-errors.md` is made from this table.

mod certificates;
mod chains;
mod clients;
mod contents;
mod keys;
mod paths;
mod ticket_secrets;

use oneport::tls::{self, TlsConfigError};

use super::pem_files::Files;

/// Rows that belong together.
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) rows: &'static [Row],
}

pub(super) const SECTIONS: &[Section] = &[
    paths::SECTION,
    contents::SECTION,
    keys::SECTION,
    certificates::SECTION,
    chains::SECTION,
    clients::SECTION,
    ticket_secrets::SECTION,
];

pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    SECTIONS.iter().flat_map(|section| section.rows)
}

/// One mistake.
pub(super) struct Row {
    /// What has happened, in a sentence for the documentation.
    pub(super) meaning: &'static str,
    wrong: Wrong,
    /// The whole text. `DIR` is the directory of the files.
    pub(super) text: &'static str,
}

/// Which files are loaded.
enum Wrong {
    ClientCa(&'static str),
    ClientCrl(&'static str),
    NoClientCa,
    Pair(&'static str, &'static str),
    TicketSecrets(&'static str),
}

/// A certificate file and a key file.
const fn pair(
    meaning: &'static str,
    (cert, key): (&'static str, &'static str),
    text: &'static str,
) -> Row {
    Row {
        meaning,
        wrong: Wrong::Pair(cert, key),
        text,
    }
}

const fn client_ca(meaning: &'static str, path: &'static str, text: &'static str) -> Row {
    Row {
        meaning,
        wrong: Wrong::ClientCa(path),
        text,
    }
}

const fn no_client_ca(meaning: &'static str, text: &'static str) -> Row {
    Row {
        meaning,
        wrong: Wrong::NoClientCa,
        text,
    }
}

const fn client_crl(meaning: &'static str, path: &'static str, text: &'static str) -> Row {
    Row {
        meaning,
        wrong: Wrong::ClientCrl(path),
        text,
    }
}

const fn ticket_secrets(meaning: &'static str, path: &'static str, text: &'static str) -> Row {
    Row {
        meaning,
        wrong: Wrong::TicketSecrets(path),
        text,
    }
}

impl Row {
    pub(super) fn error(&self, files: &Files) -> TlsConfigError {
        let good = || tls::Files::new(files.path("server.crt"), files.path("server.key"));
        let loaded = match self.wrong {
            Wrong::ClientCa(path) => good().client_ca(files.path(path)).load(),
            Wrong::ClientCrl(path) => {
                let good = good().client_ca(files.path("ca.crt"));
                good.client_crl(files.path(path)).load()
            }
            Wrong::NoClientCa => good().client_auth(tls::ClientAuth::Required).load(),
            Wrong::Pair(cert, key) => files.load(cert, key),
            Wrong::TicketSecrets(path) => good().ticket_secrets(files.path(path)).load(),
        };
        match loaded {
            Err(error) => error,
            Ok(_) => panic!("accepted: {}", self.what()),
        }
    }

    /// For the failure of a test.
    pub(super) fn what(&self) -> String {
        match self.wrong {
            Wrong::ClientCa(path) => format!("client CA {path}: {}", self.meaning),
            Wrong::ClientCrl(path) => format!("client CRL {path}: {}", self.meaning),
            Wrong::NoClientCa => format!("no client CA: {}", self.meaning),
            Wrong::Pair(cert, key) => format!("{cert}, {key}: {}", self.meaning),
            Wrong::TicketSecrets(path) => format!("ticket secrets {path}: {}", self.meaning),
        }
    }
}

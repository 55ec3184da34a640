//! New files under a running server: what new connections get, what open ones
//! keep, which sessions go on, and what becomes of bad files.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::print_stdout, clippy::unwrap_used)] // tests, and what they counted

#[path = "../authority/mod.rs"]
mod authority;
mod bad_files;
#[path = "../caller/mod.rs"]
mod caller;
mod connections;
mod load;
mod sessions;
#[path = "../support/mod.rs"]
mod support;

use authority::{Authority, Folder, Issued};
use caller::Setup;
use oneport::tls::Files;

/// A CA for the server with the files of its first certificate, and a CA for
/// clients with one of those.
struct Site {
    folder: Folder,
    ca: Authority,
    clients: Authority,
    client: Issued,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: Folder::new(),
            ca: Authority::new("servers"),
            clients: Authority::new("clients"),
            client: Authority::new("nobody").server(1),
        };
        let client = site.clients.issue(7, &["client1"]);
        site.folder.write("ca.crt", &site.ca.pem);
        site.folder.write("clients.crt", &site.clients.pem);
        site.folder.put("client1", &client);
        site.renew(1);
        Self { client, ..site }
    }

    /// Another certificate and another key.
    fn renew(&self, serial: u64) {
        self.folder.put("server", &self.ca.server(serial));
    }

    fn files(&self) -> Files {
        self.folder.server_files()
    }

    fn mutual(&self) -> Files {
        self.files().client_ca(self.folder.path("clients.crt"))
    }

    fn setup(&self) -> Setup {
        Setup::trusting(&self.ca).showing(&self.client)
    }
}

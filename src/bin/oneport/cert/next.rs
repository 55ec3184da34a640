//! What to do with what was made: commands that work when they are pasted.

use std::path::{Path, PathBuf};

use super::args::{CaArgs, Signs};
use super::files::within;
use super::made::Made;
use crate::startup::quoted;

/// Of the built-in pages, on the port that is the default.
const URL: &str = "https://localhost:3000/whoami";

pub(super) fn ca(made: &mut Made, args: &CaArgs, cert: &Path) {
    let out = out(&args.key.output.out);
    match args.signs {
        Signs::Clients => made.next(
            "Make certificates for clients",
            format!("oneport cert client{out} client1 client2"),
        ),
        Signs::Servers => {
            made.next(
                "Make a certificate for a server",
                format!("oneport cert server{out} www.example.com"),
            );
            made.next("Ask a server with a certificate of this CA", curl("", cert));
        }
    }
}

/// `trust` is what clients have to trust.
pub(super) fn server(made: &mut Made, cert: &Path, key: &Path, trust: &Path) {
    made.next("Serve with it", serve(cert, key));
    made.next("Ask the server", curl("", trust));
    made.next(
        "See what others see",
        format!(
            "oneport cert show localhost:3000 ; oneport cert show {}",
            quoted(cert)
        ),
    );
}

pub(super) fn client(made: &mut Made, clients: &[[PathBuf; 2]], ca: &Path, dir: &Path) {
    let server = within(dir, "server.crt");
    made.next(
        "Serve only clients with a certificate of this CA (server.crt is made by `oneport cert \
         server`)",
        format!(
            "{} --client-ca {}",
            serve(&server, &server.with_extension("key")),
            quoted(ca)
        ),
    );
    let Some([key, cert]) = clients.first() else {
        return;
    };
    let own = format!("--cert {} --key {} ", quoted(cert), quoted(key));
    let trust = within(dir, "ca.crt");
    made.next("Ask the server", curl(&own, &trust));
    made.next(
        "For a browser: one file with certificate and key",
        format!(
            "openssl pkcs12 -export -in {} -inkey {} -out {}",
            quoted(cert),
            quoted(key),
            quoted(&cert.with_extension("p12"))
        ),
    );
    made.next(
        "Refuse it later",
        format!("oneport cert crl{} --revoke {}", out(dir), quoted(cert)),
    );
}

pub(super) fn crl(made: &mut Made, ca: &Path, crl: &Path, dir: &Path) {
    let server = within(dir, "server.crt");
    made.next(
        "Refuse the revoked clients",
        format!(
            "{} --client-ca {} --client-crl {}",
            serve(&server, &server.with_extension("key")),
            quoted(ca),
            quoted(crl)
        ),
    );
    made.next(
        "See what is in it",
        format!("oneport cert show {}", quoted(crl)),
    );
}

fn serve(cert: &Path, key: &Path) -> String {
    format!("oneport --cert {} --key {}", quoted(cert), quoted(key))
}

fn curl(own: &str, trust: &Path) -> String {
    format!("curl {own}--cacert {} {URL}", quoted(trust))
}

/// The flag that names the directory, if it is another one.
fn out(dir: &Path) -> String {
    match dir == Path::new(".") {
        true => String::new(),
        false => format!(" --out {}", quoted(dir)),
    }
}

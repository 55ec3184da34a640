//! `oneport cert crl`: the list of revoked certificates, made or carried on.

mod list;
mod revoke;

use super::args::{CrlArgs, Signs};
use super::authority::{Authority, Place};
use super::error::CertError;
use super::files::{self, Existing, NewFile, Secrecy};
use super::made::Made;
use super::{issue, next};
use list::List;

pub(super) fn run(args: &CrlArgs) -> Result<Made, CertError> {
    let place =
        Place::of(Signs::Clients, &args.output.out).or(args.ca.as_deref(), args.ca_key.as_deref());
    let path = args.crl.clone();
    let path = path.unwrap_or_else(|| place.cert.with_extension("crl"));
    let authority = Authority::read(&place)?;
    // Two that read the same list would each write one without what the other
    // has revoked.
    let _lock = files::lock(&place.key)?;
    let mut list = match files::is_there(&path) {
        true => List::read(&path, &authority)?,
        false => List::new(),
    };

    let mut made = Made::default();
    for given in &args.revoke {
        let serial = revoke::serial(given, &authority)?;
        let number = hex(&serial);
        made.notes.push(match list.add(serial) {
            true => format!("Revoked: {given} (serial number {number})."),
            false => format!("{given} (serial number {number}) was revoked before."),
        });
    }
    let signed = list.signed_by(&authority, args.days)?;
    files::write_all(
        &[NewFile {
            path: path.clone(),
            secrecy: Secrecy::Public,
            content: issue::pem("X509 CRL", &[&signed]),
        }],
        Existing::Update,
    )?;

    let summary = authority.summary()?;
    let (number, count) = (hex(&list.number), list.len());
    let due = list::due(args.days).date();
    let what = format!(
        "list {number} of {count} certificate(s) that {} has revoked; the next one is due on {due}",
        summary.subject
    );
    made.file(&path, what);
    made.notes.push(format!(
        "Once the list is out of date, oneport goes on with it and warns; nginx and whatever else \
         asks OpenSSL refuse every client. \
         `oneport cert crl` renews it: run it well before {due}, and have the server read the list \
         again."
    ));
    next::crl(&mut made, &place.cert, &path, &args.output.out);
    Ok(made)
}

/// As `openssl x509 -serial` and `openssl crl -crlnumber`, without the byte
/// that is DER's (X.690 8.3).
pub(super) fn hex(number: &[u8]) -> String {
    let number = match number {
        [0, rest @ ..] if !rest.is_empty() => rest,
        number => number,
    };
    number.iter().map(|byte| format!("{byte:02X}")).collect()
}

//! `--acme`: a certificate from a CA.

use std::convert::Infallible;
use std::future::pending;

use oneport::acme::{Acme, AcmeError, Driver};

use crate::args::AcmeArgs;
use crate::certificate::CertificateError;
use crate::exit::Failure;

/// What obtains the certificate, if one is wanted. Sends nothing yet.
pub(crate) fn start(args: &AcmeArgs) -> Result<Option<Driver>, Failure> {
    if args.acme.is_empty() {
        return Ok(None);
    }
    // The help of `--acme` says that giving it is to agree.
    let acme = Acme::new(&args.acme).accept_terms();
    let mut acme = acme
        .directory(args.directory())
        .challenge(args.acme_challenge.into());
    for email in &args.acme_email {
        acme = acme.email(email);
    }
    if let Some(directory) = &args.acme_cache {
        acme = acme.cache(directory);
    }
    if let Some(root) = &args.acme_root {
        acme = acme.root(root);
    }
    acme.start().map(Some).map_err(failure)
}

/// Obtains and renews, as long as the server runs.
pub(crate) async fn run(driver: Option<Driver>) -> Infallible {
    match driver {
        Some(mut driver) => driver.run().await,
        None => pending().await,
    }
}

fn failure(error: AcmeError) -> Failure {
    match error {
        AcmeError::InvalidDirectory { .. } => Failure::Usage(format!("--acme-directory: {error}")),
        AcmeError::InvalidDomain { .. } => Failure::Usage(format!("--acme: {error}")),
        AcmeError::InvalidEmail { .. } => Failure::Usage(format!("--acme-email: {error}")),
        error => Failure::Certificate(CertificateError::Acme(error)),
    }
}

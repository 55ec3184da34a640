//! What a server's own certificate must and must not be.

use std::path::Path;

use x509_parser::prelude::{ExtendedKeyUsage, GeneralName, X509Certificate};

use crate::tls::{TlsConfigError, describe};

/// That it is of version 3 was seen when the file was read.
pub(super) fn check(path: &Path, leaf: &X509Certificate<'_>) -> Result<(), TlsConfigError> {
    let named = has_names(leaf);
    // A CA that has names is what `openssl req -x509 -addext subjectAltName=..`
    // makes: it signed itself, and serves and signs at once. rustls' clients
    // refuse it (`CaUsedAsEndEntity`), and nearly all others take it, so it is
    // taken here. A CA without names is the wrong one of the files.
    if leaf.is_ca() && !named {
        return Err(TlsConfigError::CaAsLeaf {
            path: path.into(),
            subject: describe::holder(leaf),
        });
    }
    if let Ok(Some(usage)) = leaf.extended_key_usage() {
        let usage = usage.value;
        if !usage.any && !usage.server_auth {
            return Err(TlsConfigError::WrongPurpose {
                path: path.into(),
                subject: describe::holder(leaf),
                purposes: purposes(usage),
            });
        }
    }
    if named {
        return Ok(());
    }
    Err(TlsConfigError::MissingNames {
        path: path.into(),
        subject: describe::holder(leaf),
    })
}

/// Whether it has a name that some client looks for: also a URI, as SPIFFE's
/// have nothing else, but not an e-mail address. What cannot be parsed is left
/// to rustls to refuse.
fn has_names(leaf: &X509Certificate<'_>) -> bool {
    match leaf.subject_alternative_name() {
        Ok(None) => false,
        Ok(Some(names)) => names.value.general_names.iter().any(|name| {
            matches!(
                name,
                GeneralName::DNSName(_) | GeneralName::IPAddress(_) | GeneralName::URI(_)
            )
        }),
        Err(_) => true,
    }
}

fn purposes(usage: &ExtendedKeyUsage<'_>) -> String {
    let known = [
        (usage.client_auth, "TLS clients"),
        (usage.code_signing, "code signing"),
        (usage.email_protection, "e-mail"),
        (usage.time_stamping, "time stamps"),
        (usage.ocsp_signing, "OCSP answers"),
    ];
    let known = known.iter().filter(|(is_set, _)| *is_set);
    let known = known.map(|(_, words)| (*words).to_owned());
    let other = usage.other.iter().map(|purpose| purpose.to_id_string());
    let all: Vec<String> = known.chain(other).collect();
    match &all[..] {
        [] => "nothing".into(),
        all => all.join(" and "),
    }
}

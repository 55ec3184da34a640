//! What is wrong with certificates, each alone and one after the other.

use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;

use super::certificate::{Certificate, TLS_CLIENT, TLS_SERVER};
use crate::cert::authority::verifies;
use crate::cert::{issue, read};

/// Less is too late for a renewal that somebody has to think of.
const SOON: i64 = 14;

/// What is not wrong, and good to know.
pub(super) fn notes(chain: &[Certificate]) -> Vec<String> {
    match chain {
        [only] if !only.summary.is_ca && only.self_issued => vec![
            "It is self-signed: clients must be given this very certificate to trust.".to_owned(),
        ],
        [.., last] if !last.self_issued => vec![format!(
            "{} is not among them: clients must know it already.",
            last.summary.issuer
        )],
        _ => Vec::new(),
    }
}

/// Whatever makes clients refuse. With `asked`, a server has sent the chain
/// when it was asked for that name.
pub(super) fn problems(chain: &[Certificate], asked: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for (at, certificate) in chain.iter().enumerate() {
        let name = position(at, chain);
        found.extend(of_any(certificate).map(|problem| format!("{name} {problem}")));
        // Nobody looks into a root, and old ones are of version 1.
        let is_old_root = at > 0 && certificate.self_issued;
        if !certificate.summary.is_ca && !is_old_root {
            let problems = of_leaf(certificate, asked.is_some());
            found.extend(problems.map(|problem| format!("{name} {problem}")));
        }
    }
    if let (Some(first), Some(asked)) = (chain.first(), asked) {
        found.extend(of_server(first, asked));
    }
    found.extend(order(chain));
    found
}

fn position(at: usize, chain: &[Certificate]) -> String {
    match chain.len() {
        1 => "The certificate".to_owned(),
        _ => format!("Certificate {}", at + 1),
    }
}

fn of_any(certificate: &Certificate) -> impl Iterator<Item = String> {
    let day = certificate.summary.expires_on();
    let now = time::OffsetDateTime::now_utc();
    let validity = if certificate.not_after < now {
        let days = -certificate.days_left;
        Some(format!("expired on {day}, {days} day(s) ago: renew it"))
    } else if certificate.not_before > now {
        let day = certificate.not_before.date();
        Some(format!(
            "is not valid before {day}: wait, or set the clock of the machine that made it or of \
             this one"
        ))
    } else if certificate.days_left < SOON {
        let days = certificate.days_left;
        Some(format!("expires on {day}, in {days} day(s): renew it"))
    } else {
        None
    };
    let key = certificate.key.fault;
    let key = key.map(|fault| format!("has a key that causes trouble: {fault}"));
    // Nobody looks at the signature of a root.
    let signature = certificate
        .signature
        .fault
        .filter(|_| !certificate.summary.is_ca || !certificate.self_issued);
    let signature = signature.map(|fault| format!("has an old signature: {fault}"));
    [validity, key, signature].into_iter().flatten()
}

fn of_leaf(certificate: &Certificate, is_server: bool) -> impl Iterator<Item = String> {
    let client = certificate.purposes.is_some()
        && certificate.allows(TLS_CLIENT)
        && !certificate.allows(TLS_SERVER);
    let version = certificate.summary.version;
    let names = if version < 3 {
        Some(format!(
            "is X.509 version {version} and has no names (no SAN), as `openssl x509 -req` without \
             extensions makes it: rustls, Go and browsers refuse it. Make another: `oneport cert \
             server` or `oneport cert self-signed`"
        ))
    } else if certificate.names().is_empty() && (is_server || !client) {
        Some(
            "has no names (no subjectAltName): clients do not look at the CN. Make another: \
             `oneport cert server NAME`"
                .to_owned(),
        )
    } else {
        None
    };
    let useless = !certificate.allows(TLS_SERVER) && (is_server || !certificate.allows(TLS_CLIENT));
    let purpose = useless.then(|| {
        let purposes = certificate.purposes.as_deref().unwrap_or_default();
        format!(
            "is for other purposes than a TLS server ({}): its extendedKeyUsage lacks serverAuth",
            purposes.join(", ")
        )
    });
    [names, purpose].into_iter().flatten()
}

fn of_server(first: &Certificate, asked: &str) -> Vec<String> {
    let mut found = Vec::new();
    if first.summary.is_ca {
        found.push(
            "The server shows a CA as its own certificate, which rustls and others refuse: serve \
             with a certificate that the CA has signed (`oneport cert server`)."
                .to_owned(),
        );
    }
    let name = ServerName::try_from(asked);
    // One of version 1 has no names at all, which has been said.
    let parsed = ParsedCertificate::try_from(&first.der);
    if let (Ok(name), Ok(parsed)) = (name, parsed) {
        let valid = rustls::client::verify_server_name(&parsed, &name).is_ok();
        if !valid && !first.names().is_empty() {
            found.push(format!(
                "The certificate is not valid for {asked}, only for {}.",
                first.names().join(", ")
            ));
        }
    }
    found
}

/// The holder's own, then each one's signer.
fn order(chain: &[Certificate]) -> Vec<String> {
    let is_leaf = |certificate: &Certificate| !certificate.summary.is_ca;
    let Some(leaf) = chain.iter().position(is_leaf) else {
        // CAs one beside the other, for somebody to trust.
        return Vec::new();
    };
    if leaf > 0 {
        return vec![format!(
            "The order is wrong: certificate {} is the holder's own and must come first, then \
             each one that has signed the one before.",
            leaf + 1
        )];
    }
    let pairs = chain.windows(2).enumerate();
    let broken = pairs.filter(|(_, pair)| !signed(&pair[0], &pair[1]));
    broken
        .map(|(at, pair)| {
            let (one, next) = (at + 1, at + 2);
            match pair[0].summary.issuer == pair[1].summary.subject {
                true => format!(
                    "Certificate {next} has the name of the one that has signed certificate \
                     {one}, and another key: it is of another CA of that name."
                ),
                false => format!(
                    "Certificate {next} has not signed certificate {one}, {} has: put that in its \
                     place, or leave certificate {next} out.",
                    pair[0].summary.issuer
                ),
            }
        })
        .collect()
}

fn signed(one: &Certificate, signer: &Certificate) -> bool {
    let (Ok(one), Ok(signer)) = (read::parse(&one.der), read::parse(&signer.der)) else {
        return false;
    };
    let key = &signer.public_key().subject_public_key.data;
    one.issuer().as_raw() == signer.subject().as_raw() && verifies(key, &issue::signed(&one))
}

//! What a chain says about itself.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::X509Certificate;

use super::{Finding, Problem, Severity};
use crate::tls::describe::{self, CertificateSummary};

/// In days. What is renewed by itself is renewed weeks before (certbot 30 days,
/// short-lived certificates at two thirds of their life), so at 14 days the
/// renewal has failed for a while, and there is time left to see to it.
const EXPIRES_SOON: i64 = 14;

/// Whether the certificate is for that name.
pub(crate) fn covers(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok())
}

/// What is wrong with a chain, the server's own certificate first, for whatever
/// name.
pub(crate) fn judge(
    chain: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
    now: SystemTime,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let summaries = chain.iter().map(CertificateSummary::from_der);
    // A handshake with it worked, so it is a certificate.
    let summaries: Vec<_> = summaries.map_while(Result::ok).collect();
    let Some(leaf) = summaries.first() else {
        return findings;
    };
    for (index, summary) in summaries.iter().enumerate() {
        findings.extend(validity(index, summary, now));
    }
    let dated = !findings.is_empty();
    if leaf.is_ca {
        findings.push(ca_as_leaf(leaf));
    }
    match verify(chain, provider, now) {
        Ok(()) => {}
        // Said already.
        Err(_) if leaf.is_ca => {}
        Err(error) if dated && is_about_dates(&error) => {}
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) if chain.len() == 1 => {
            findings.push(alone(leaf, &chain[0]));
        }
        Err(Error::InvalidCertificate(
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
        )) => findings.push(purpose(leaf)),
        Err(error) => findings.push(broken(leaf, &error)),
    }
    findings
}

fn validity(index: usize, certificate: &CertificateSummary, now: SystemTime) -> Option<Finding> {
    let which = match index {
        0 => format!("the certificate {}", certificate.subject),
        _ => format!(
            "certificate {} of the chain ({})",
            index + 1,
            certificate.subject
        ),
    };
    // What comes after the server's own may be a root that clients have newer.
    let severity = match index {
        0 => Severity::Failure,
        _ => Severity::Warning,
    };
    let day = certificate.expires_on();
    if now < certificate.not_before {
        return Some(Finding::new(
            severity,
            Problem::NotYetValid,
            format!("{which} is not valid yet: clients refuse it"),
            "check the clock and the time zone of this machine and of the one that issued it",
        ));
    }
    match certificate.days_left(now) {
        ..0 => Some(Finding::new(
            severity,
            Problem::Expired,
            format!("{which} expired on {day}: clients refuse it"),
            "renew it",
        )),
        0..EXPIRES_SOON => Some(Finding::new(
            Severity::Warning,
            Problem::ExpiresSoon,
            format!("{which} expires on {day}"),
            "renew it, and see why its renewal has not happened",
        )),
        _ => None,
    }
}

fn is_about_dates(error: &Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        error,
        Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        )
    )
}

fn ca_as_leaf(leaf: &CertificateSummary) -> Finding {
    Finding::new(
        Severity::Warning,
        Problem::CaAsLeaf,
        format!(
            "the certificate {} is a CA's (CA:TRUE), as `openssl req -x509` makes them: clients \
             that use rustls refuse it",
            leaf.subject
        ),
        "make one that is not: `oneport cert self-signed`",
    )
}

/// Up to the last certificate, as if that were trusted: clients that trust what
/// is behind it will get there.
fn verify(
    chain: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
    now: SystemTime,
) -> Result<(), Error> {
    let ([leaf, others @ ..], [.., last]) = (chain, chain) else {
        return Ok(());
    };
    let mut roots = RootCertStore::empty();
    roots.add(last.clone())?;
    let since = now.duration_since(SystemTime::UNIX_EPOCH);
    verify_server_cert_signed_by_trust_anchor(
        &ParsedCertificate::try_from(leaf)?,
        &roots,
        others,
        UnixTime::since_unix_epoch(since.unwrap_or_default()),
        provider.signature_verification_algorithms.all,
    )
}

/// One certificate that somebody else has signed. Under a private CA that is
/// often the root, and all is well; public CAs sign with intermediates, and say
/// where to find them.
fn alone(leaf: &CertificateSummary, der: &CertificateDer<'_>) -> Finding {
    let (subject, issuer) = (&leaf.subject, &leaf.issuer);
    let sentence = format!(
        "the certificate {subject} comes alone, without that of its issuer {issuer}: clients that \
         do not have that one refuse it"
    );
    let parsed = describe::parse(der).ok();
    match parsed.as_ref().and_then(issuer_url) {
        Some(url) => Finding::new(
            Severity::Warning,
            Problem::MissingIntermediates,
            sentence,
            format!(
                "use the file with the whole chain (certbot: fullchain.pem, not cert.pem), or add \
                 the issuer's certificate from {url}"
            ),
        ),
        None => Finding::new(
            Severity::Note,
            Problem::MissingIntermediates,
            sentence,
            "if the issuer is the root that clients trust, all is well; else put its certificate \
             behind the server's own",
        ),
    }
}

/// `caIssuers` of Authority Information Access (RFC 5280 4.2.2.1).
fn issuer_url(certificate: &X509Certificate<'_>) -> Option<String> {
    const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
    let extensions = certificate.extensions().iter();
    extensions
        .filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityInfoAccess(access) => Some(access.accessdescs.iter()),
            _ => None,
        })
        .flatten()
        .filter(|access| access.access_method.to_id_string() == CA_ISSUERS)
        .find_map(|access| match &access.access_location {
            GeneralName::URI(url) => Some(url.escape_default().to_string()),
            _ => None,
        })
}

fn purpose(leaf: &CertificateSummary) -> Finding {
    Finding::new(
        Severity::Warning,
        Problem::Purpose,
        format!(
            "the extended key usage of the certificate {} is not for servers: clients refuse it",
            leaf.subject
        ),
        "have it issued with `extendedKeyUsage = serverAuth`; one for clients cannot serve",
    )
}

fn broken(leaf: &CertificateSummary, error: &Error) -> Finding {
    Finding::new(
        Severity::Warning,
        Problem::Chain,
        format!(
            "the chain of the certificate {} does not lead from each certificate to its issuer \
             behind it: {error}",
            leaf.subject
        ),
        "put the server's own certificate first, then each one's issuer, and nothing else",
    )
}

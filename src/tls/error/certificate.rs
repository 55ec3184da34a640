//! The words for certificates, chains of them, and revocation lists.

use std::fmt;

use super::{Shell, TlsConfigError};
use crate::tls::Role;

pub(super) fn fmt(error: &TlsConfigError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let path = error.path().display();
    match error {
        TlsConfigError::CaAsLeaf { subject, .. } => write!(
            f,
            "the certificate in {path} is that of a CA ({subject}) and names no host, so clients \
             refuse it from a server; pass a certificate that this CA issued, such as \
             server.crt; `oneport cert server` makes one"
        ),
        TlsConfigError::ChainOrder {
            position,
            subject,
            expected,
            expected_at,
            ..
        } => write!(
            f,
            "certificate {position} in {path} ({subject}) did not issue certificate {}; expected \
             {expected}, which is certificate {expected_at}; put each certificate's issuer right \
             after it, as fullchain.pem has it",
            position - 1
        ),
        TlsConfigError::Expired {
            role,
            position,
            subject,
            on,
            ..
        } => {
            write!(
                f,
                "certificate {position} in {path} ({subject}) expired on {on}; "
            )?;
            f.write_str(match role {
                Role::ClientCa => {
                    "pass the certificate that this CA uses now (`oneport cert ca \
                     --for clients` makes a new one), or start all the same with `--accept-expired-cert`"
                }
                _ => {
                    "clients refuse it: renew it with `certbot renew` or \
                     `oneport cert server --force`, or start all the same with \
                     `--accept-expired-cert`"
                }
            })
        }
        TlsConfigError::LeafAsClientCa {
            position,
            subject,
            issuer,
            ..
        } => write!(
            f,
            "certificate {position} in client CA file {path} ({subject}) is a leaf signed by \
             {issuer}, and can vouch for no client, not even for itself; pass the certificate of \
             {issuer}, such as ca4clients.crt"
        ),
        TlsConfigError::MalformedCertificate { position, .. } => write!(
            f,
            "certificate {position} in {path} is not a valid X.509 certificate; copy the file \
             again from where it was issued"
        ),
        TlsConfigError::MalformedCrl { position, .. } => write!(
            f,
            "certificate revocation list {position} in {path} is not valid; get it again from the \
             CA, or make it again with `oneport cert crl`"
        ),
        TlsConfigError::MissingNames { subject, .. } => write!(
            f,
            "the certificate in {path} ({subject}) names no host in its subject alternative names \
             (SAN), so clients refuse it, whatever its subject says; regenerate with {NAMED}"
        ),
        TlsConfigError::NotYetValid {
            position,
            subject,
            on,
            ..
        } => write!(
            f,
            "certificate {position} in {path} ({subject}) is not valid before {on}; if that day \
             has come, this machine's clock is wrong (`date -u` shows it), else pass the \
             certificate that is valid now, or start all the same with `--accept-expired-cert`"
        ),
        TlsConfigError::ObsoleteVersion { version, .. } => write!(
            f,
            "the certificate in {path} is X.509 version {version} (no SAN); regenerate with {NAMED}; \
             clients refuse what does not say for which names it is"
        ),
        TlsConfigError::Refused { path, .. } => write!(
            f,
            "the TLS library does not accept the certificate in {}; look at it with \
             `openssl x509 -in {} -noout -text` and have it issued again",
            path.display(),
            Shell(path)
        ),
        TlsConfigError::Stranger {
            position,
            subject,
            expected,
            ..
        } => {
            let before = position - 1;
            if subject == expected {
                write!(
                    f,
                    "certificate {position} in {path} ({subject}) has the name of the issuer of \
                     certificate {before}, but its key did not sign it; expected the certificate \
                     that {expected} had at the time; a CA that is made anew has a new key: put \
                     the old one there, or have certificate {before} issued again"
                )
            } else {
                write!(
                    f,
                    "certificate {position} in {path} ({subject}) did not issue certificate \
                     {before}; expected the certificate of {expected}; put that one there, or take \
                     certificate {position} out if it does not belong to this chain"
                )
            }
        }
        TlsConfigError::UnsupportedCrl {
            position, found, ..
        } => write!(
            f,
            "certificate revocation list {position} in {path} is {found}; expected version 2 with \
             a day of the next update, and all revocations of one CA; `oneport cert crl` makes \
             such lists, and so does `openssl ca -gencrl` where `crl_extensions` in openssl.cnf \
             names a section with `authorityKeyIdentifier=keyid`"
        ),
        TlsConfigError::UnsupportedPublicKey {
            role,
            position,
            subject,
            found,
            ..
        } => {
            let (refused, command) = match role {
                Role::ClientCa => ("cannot be used to verify clients", "ca --for clients"),
                _ => ("clients refuse", "ca"),
            };
            write!(
                f,
                "certificate {position} in {path} ({subject}) has {found}, which {refused}; \
                 expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more; have it \
                 issued again for a new key (`oneport cert {command}` makes a CA)"
            )
        }
        TlsConfigError::WeakSignature {
            position,
            subject,
            hash,
            ..
        } => write!(
            f,
            "certificate {position} in {path} ({subject}) is signed with {hash}, which can be \
             forged, so clients refuse it; expected SHA-256 or better; have it issued again: \
             `openssl x509 -req` takes `-sha256`, and `oneport cert server` uses nothing less"
        ),
        TlsConfigError::WrongPurpose {
            subject, purposes, ..
        } => write!(
            f,
            "the certificate in {path} ({subject}) is for {purposes} only, so clients refuse it \
             from a server; expected the extended key usage serverAuth, or none; pass the \
             server's certificate, such as server.crt; `oneport cert server` makes one"
        ),
        other => write!(f, "{other:?}"),
    }
}

/// Old recipes call `openssl x509 -req` without extensions: the result is of
/// version 1, or lacks the names.
const NAMED: &str = "`oneport cert server`, or with `openssl x509 -req` and \
    `-extfile <(echo subjectAltName=DNS:localhost)` (your own names)";

//! Server certificates that were not accepted, by the words of TLS stacks.

use super::cause::{Cause, ServerCertificateFault};
use super::diagnosis::{Certainty, Diagnosis};

use Certainty::{Certain, MostLikely};
use ServerCertificateFault::{Expired, NotYetValid, Refused, Revoked, UnknownIssuer, WrongName};

/// What a text, in lower case, says of the server's certificate.
pub(super) fn read(text: &str) -> Option<Diagnosis> {
    let by = |begin: &str, words: &[Row]| {
        let (_, rest) = text.split_once(begin)?;
        let found = words.iter().find(|(words, _)| rest.starts_with(words));
        Some(found.map_or((Refused, Certain), with_certainty))
    };
    let by_code = || {
        let (_, code) = text.split_once("(os error ")?;
        let mut codes = SCHANNEL.iter();
        let (_, fault) = codes.find(|(known, _)| code.starts_with(known))?;
        // Of the two ends of its time, it names only one.
        let certainty = if *fault == Expired {
            MostLikely
        } else {
            Certain
        };
        Some((*fault, certainty))
    };
    let by_openssl = || {
        let (_, rest) = text.split_once("certificate verify failed")?;
        let found = OPENSSL.iter().find(|(words, _)| rest.contains(words));
        Some(found.map_or((Refused, Certain), with_certainty))
    };
    let (fault, certainty) = by("invalid peer certificate: ", RUSTLS)
        .or_else(by_openssl)
        .or_else(by_code)?;
    Some(Diagnosis::new(Cause::ServerCertificate(fault), certainty))
}

fn with_certainty((words, fault): &Row) -> (ServerCertificateFault, Certainty) {
    // Mostly a CA that was made anew, under the name of the trusted one.
    let certainty = if words.contains("signature") {
        MostLikely
    } else {
        Certain
    };
    (*fault, certainty)
}

type Row = (&'static str, ServerCertificateFault);

/// `rustls::CertificateError`; `expiredrevocationlist` is not the
/// certificate's fault.
const RUSTLS: &[Row] = &[
    ("badsignature", UnknownIssuer),
    ("certificate expired", Expired),
    ("certificate not valid for name", WrongName),
    ("certificate not valid yet", NotYetValid),
    ("expiredcontext", Expired),
    ("expiredrevocationlist", Refused),
    ("expired", Expired),
    ("notvalidforname", WrongName),
    ("notvalidyet", NotYetValid),
    ("revoked", Revoked),
    ("unknownissuer", UnknownIssuer),
];

/// `X509_verify_cert_error_string`, 1.1 and later, anywhere behind the error.
const OPENSSL: &[Row] = &[
    ("certificate has expired", Expired),
    ("certificate is not yet valid", NotYetValid),
    ("certificate revoked", Revoked),
    ("certificate signature failure", UnknownIssuer),
    ("hostname mismatch", WrongName),
    ("ip address mismatch", WrongName),
    ("self signed certificate", UnknownIssuer),
    ("self-signed certificate", UnknownIssuer),
    ("unable to get issuer certificate", UnknownIssuer),
    ("unable to get local issuer certificate", UnknownIssuer),
    ("unable to verify the first certificate", UnknownIssuer),
];

/// By number, since the words are in the user's language.
const SCHANNEL: &[Row] = &[
    ("-2146762495)", Expired),       // CERT_E_EXPIRED
    ("-2146893016)", Expired),       // SEC_E_CERT_EXPIRED
    ("-2146885616)", Revoked),       // CRYPT_E_REVOKED
    ("-2146762486)", UnknownIssuer), // CERT_E_CHAINING
    ("-2146762487)", UnknownIssuer), // CERT_E_UNTRUSTEDROOT
    ("-2146893019)", UnknownIssuer), // SEC_E_UNTRUSTED_ROOT
    ("-2146762481)", WrongName),     // CERT_E_CN_NO_MATCH
    ("-2146893022)", WrongName),     // SEC_E_WRONG_PRINCIPAL
];

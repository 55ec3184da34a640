//! What is in a certificate that is made here.

use oneport::tls::describe::CertificateSummary;
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    KeyPair, KeyUsagePurpose, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use super::authority::{Authority, Signed};
use super::error::CertError;
use super::names::Name;
use super::read;

/// Clocks of other machines and containers may be behind ours.
const CLOCK_SKEW: Duration = Duration::hours(1);

/// basicConstraints (RFC 5280 4.2.1.9).
const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
/// subjectKeyIdentifier (RFC 5280 4.2.1.2).
const SUBJECT_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 14];

/// The certificate of a server or a client.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    pub(super) common_name: &'a str,
    pub(super) names: &'a [Name],
    pub(super) purpose: Purpose,
    pub(super) days: u16,
    pub(super) rsa: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Client,
    Server,
}

impl Leaf<'_> {
    pub(super) fn signed_by(
        &self,
        authority: &Authority,
        key: &KeyPair,
    ) -> Result<CertificateDer<'static>, CertError> {
        let mut params = self.params(key)?;
        params.not_after = authority.limit(self.days);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // The key exchange of TLS 1.2 without forward secrecy, which some
        // clients want to see allowed for RSA though nobody uses it.
        if self.rsa && self.purpose == Purpose::Server {
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        let certificate = params.signed_by(key, &authority.issuer)?.der().clone();
        // rcgen writes the CA's name anew, and not every name comes out the same.
        let parsed = read::parse(&certificate)?;
        if authority.has_signed(&signed(&parsed))? {
            return Ok(certificate);
        }
        Err(CertError::Usage(
            "the CA's name has parts that cannot be repeated here (several of a kind, or of an \
             unusual kind), so that nobody would find the CA of a new certificate; use a CA with \
             a simple name: `oneport cert ca`"
                .to_owned(),
        ))
    }

    /// A certificate that serves, and that clients can be told to trust.
    ///
    /// It is no CA, because webpki (rustls) refuses a CA as a server's own
    /// certificate. As a trust anchor it works all the same: whether the anchor
    /// is a CA is asked only where it has signed another certificate. Tried
    /// with OpenSSL 1.1.1 and 3.0 (strict too), GnuTLS 3.7, Go 1.19, Java 17,
    /// Node 16 and 20, rustls 0.23, and Chromium 156 (there as a trusted peer).
    ///
    /// There is no keyUsage: it would have to say keyCertSign, as the key signs
    /// the certificate, and must not, as that is for CAs (RFC 5280 4.2.1.3).
    pub(super) fn self_signed(&self, key: &KeyPair) -> Result<CertificateDer<'static>, CertError> {
        Ok(self.params(key)?.self_signed(key)?.der().clone())
    }

    fn params(&self, key: &KeyPair) -> Result<CertificateParams, CertError> {
        let mut params = CertificateParams::default();
        valid_for(&mut params, self.days)?;
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, self.common_name);
        let names = self.names.iter().map(Name::to_san);
        params.subject_alt_names = names.collect::<Result<_, _>>()?;
        params.extended_key_usages = vec![match self.purpose {
            Purpose::Client => ExtendedKeyUsagePurpose::ClientAuth,
            Purpose::Server => ExtendedKeyUsagePurpose::ServerAuth,
        }];
        // As rcgen's own `ExplicitNoCa`, which writes FALSE where DER leaves a
        // default value out (X.690 11.5).
        let mut no_ca = CustomExtension::from_oid_content(BASIC_CONSTRAINTS, vec![0x30, 0]);
        no_ca.set_criticality(true);
        let id = params.key_identifier(key);
        // An OCTET STRING of 20 bytes.
        let length = u8::try_from(id.len()).unwrap_or_default();
        let id = [&[0x04, length][..], &id].concat();
        let id = CustomExtension::from_oid_content(SUBJECT_KEY_IDENTIFIER, id);
        params.custom_extensions = vec![no_ca, id];
        Ok(params)
    }
}

/// From a moment ago until `days` from now, which is returned, and with a
/// serial number.
pub(super) fn valid_for(
    params: &mut CertificateParams,
    days: u16,
) -> Result<OffsetDateTime, CertError> {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - CLOCK_SKEW;
    params.not_after = now + Duration::days(days.into());
    params.serial_number = Some(serial()?);
    Ok(params.not_after)
}

/// 128 bits, positive and always as long (RFC 5280 4.1.2.2 asks for at most 20
/// octets; 64 random bits are the least that CAs use).
fn serial() -> Result<SerialNumber, CertError> {
    let mut bytes = [0; 16];
    let random = oneport::tls::provider().secure_random;
    random
        .fill(&mut bytes)
        .map_err(|_| CertError::Issue(rcgen::Error::RingUnspecified))?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from(bytes.to_vec()))
}

pub(super) fn summary(certificate: &CertificateDer<'_>) -> Result<CertificateSummary, CertError> {
    CertificateSummary::from_der(certificate)
        .map_err(|_| CertError::Issue(rcgen::Error::CouldNotParseCertificate))
}

pub(super) fn signed<'a>(parsed: &'a x509_parser::certificate::X509Certificate<'_>) -> Signed<'a> {
    Signed {
        issuer: parsed.issuer().as_raw(),
        message: parsed.tbs_certificate.as_ref(),
        signature: &parsed.signature_value.data,
    }
}

/// One section after the other.
pub(super) fn pem(label: &str, ders: &[&[u8]]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    let encode = |der: &&[u8]| pem::encode_config(&pem::Pem::new(label, *der), config);
    ders.iter().map(encode).collect()
}

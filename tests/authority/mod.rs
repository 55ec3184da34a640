//! Certificate authorities, what they issue and revoke, and a directory for it.
#![allow(dead_code, missing_debug_implementations, unreachable_pub)] // each test file uses its part

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub der: CertificateDer<'static>,
    pub pem: String,
}

/// A certificate with its key.
pub struct Issued {
    pub der: CertificateDer<'static>,
    pub pem: String,
    pub key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = Self::params(name);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// An intermediate.
    pub fn authority(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = Self::params(name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// One that was written to files.
    pub fn read(pem: &str, key: &str) -> Self {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let key = KeyPair::from_pem(key).unwrap();
        let name = oneport::tls::describe::CertificateSummary::from_der(&der).unwrap();
        let params = Self::params(name.subject.strip_prefix("CN=").unwrap());
        Self {
            der,
            pem: pem.to_owned(),
            issuer: Issuer::new(params, key),
        }
    }

    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    /// For these names.
    pub fn issue(&self, serial: u64, names: &[&str]) -> Issued {
        self.issue_as(params(serial, names))
    }

    /// For localhost by all its names.
    pub fn server(&self, serial: u64) -> Issued {
        self.issue(serial, &["localhost", "127.0.0.1"])
    }

    pub fn issue_as(&self, params: CertificateParams) -> Issued {
        self.issue_for(KeyPair::generate().unwrap(), params)
    }

    pub fn issue_for(&self, key: KeyPair, params: CertificateParams) -> Issued {
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key,
        }
    }

    /// A list on which these serial numbers are revoked.
    pub fn crl(&self, revoked: &[u64]) -> String {
        let revoked_certs = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: rcgen::date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2024, 1, 1),
            next_update: rcgen::date_time_ymd(2100, 1, 1),
            crl_number: SerialNumber::from(revoked.len() as u64 + 1),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

/// What [`Authority::issue`] makes a certificate from; the first name is its
/// subject too.
pub fn params(serial: u64, names: &[&str]) -> CertificateParams {
    let owned: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(owned).unwrap();
    params.serial_number = Some(SerialNumber::from(serial));
    params.distinguished_name.push(DnType::CommonName, names[0]);
    params
}

impl Issued {
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }
}

/// A directory with the files of one test.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// For the arguments of a command.
    pub fn argument(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// `name.crt` and `name.key`.
    pub fn put(&self, name: &str, issued: &Issued) {
        self.write(&format!("{name}.crt"), &issued.pem);
        self.write(&format!("{name}.key"), issued.key.serialize_pem());
    }

    /// `server.crt` and `server.key`, with nothing else said.
    pub fn server_files(&self) -> oneport::tls::Files {
        oneport::tls::Files::new(self.path("server.crt"), self.path("server.key"))
    }
}

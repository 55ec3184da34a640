//! Certificates and keys in files.
//!
//! They come from rcgen where it can make them and from the `openssl` command
//! where only that can: PKCS#1, SEC1, encrypted keys, PKCS#12, version 1
//! certificates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use oneport::tls::{self, TlsConfig, TlsConfigError};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType,
};
use tempfile::TempDir;

/// A directory with the files of one test.
pub(super) struct Files(TempDir);

impl Files {
    /// `ca.crt`, `ca.key`, and `server.crt` with `server.key` for localhost.
    pub(super) fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = named("Test CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        files.write("ca.crt", ca.self_signed(&ca_key).unwrap().pem());
        files.write("ca.key", ca_key.serialize_pem());

        let key = KeyPair::generate().unwrap();
        let mut server = named("localhost");
        server.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
        let issuer = Issuer::new(ca, ca_key);
        let certificate = server.signed_by(&key, &issuer).unwrap();
        files.write("server.crt", certificate.pem());
        files.write("server.key", key.serialize_pem());
        files
    }

    pub(super) fn dir(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The files one after the other.
    pub(super) fn join(&self, name: &str, parts: &[&str]) {
        let content: Vec<u8> = parts.iter().flat_map(|part| self.read(part)).collect();
        self.write(name, content);
    }

    /// Runs `openssl` in the directory; arguments are split at spaces.
    pub(super) fn openssl(&self, arguments: &str) -> String {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.dir())
            .output()
            .expect("the openssl command is needed for this test");
        assert!(
            output.status.success(),
            "openssl {arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    pub(super) fn load(&self, cert: &str, key: &str) -> Result<TlsConfig, TlsConfigError> {
        tls::load(self.path(cert), self.path(key))
    }

    /// A server certificate by the CA for a key that is there.
    pub(super) fn certify(&self, key: &str, certificate: &str) {
        self.write("san.ext", "subjectAltName=DNS:localhost\n");
        self.openssl(&format!(
            "req -new -key {key} -subj /CN=localhost -out server.csr"
        ));
        self.openssl(&format!(
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -set_serial 7 -days 30 \
             -extfile san.ext -out {certificate}"
        ));
    }
}

pub(super) fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params
}

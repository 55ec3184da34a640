//! What the files hold.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::certified::certify;
use super::client_trust::ClientTrust;
use super::{Files, Parts, SystemRoots};
use crate::tls::TlsConfigError;
use crate::tls::crl::crls;
use crate::tls::file::Role;
use crate::tls::pem::Contents;
use crate::tls::ticket_secrets::{self, Secrets};

impl Files {
    /// Each file is read once.
    pub(super) fn read(&self) -> Result<Parts, TlsConfigError> {
        let pairs = self.pairs.iter().map(|(cert, key)| self.pair(cert, key));
        Ok(Parts {
            certificates: pairs.collect::<Result<_, _>>()?,
            unknown_names: self.unknown_names,
            minimum_version: self.minimum_version,
            client_trust: self.client_trust()?,
            faults: self.faults,
            ticket_secrets: self.secrets()?,
            resolver: self.resolver.clone(),
        })
    }

    fn pair(&self, cert: &Path, key: &Path) -> Result<CertifiedKey, TlsConfigError> {
        let contents = self.contents(cert, Role::Certificate)?;
        let chain = contents.chain()?;
        let private_key = if cert == key {
            contents.key()?
        } else {
            self.contents(key, Role::Key)?.key()?
        };
        certify(chain, private_key, cert, key)
    }

    fn secrets(&self) -> Result<Option<Secrets>, TlsConfigError> {
        let path = self.ticket_secrets.as_deref();
        path.map(|path| ticket_secrets::read(path, self.kinds))
            .transpose()
    }

    fn contents(&self, path: &Path, role: Role) -> Result<Contents, TlsConfigError> {
        Contents::read_kinds(path, role, self.kinds)
    }

    /// What client certificates are judged by, if they are asked for.
    fn client_trust(&self) -> Result<Option<ClientTrust>, TlsConfigError> {
        if self.client_cas.is_empty() && self.system_roots == SystemRoots::Ignore {
            // Who asks for certificates and is served without would not notice.
            return match self.client_auth.is_some() || !self.client_crls.is_empty() {
                true => Err(TlsConfigError::NoClientCa { path: self.first() }),
                false => Ok(None),
            };
        }
        let mut trust = ClientTrust {
            auth: self.client_auth.unwrap_or_default(),
            cas: Vec::new(),
            system: self.system_roots.read()?,
            crls: Vec::new(),
        };
        for path in &self.client_cas {
            let contents = self.contents(path, Role::ClientCa)?;
            let cas = contents.certificates()?.iter().cloned();
            trust.cas.extend(cas.map(|ca| (path.clone(), ca)));
        }
        for path in &self.client_crls {
            let crls = crls(path, self.kinds)?.into_iter();
            trust.crls.extend(crls.map(|crl| (path.clone(), crl)));
        }
        Ok(Some(trust))
    }
}

impl SystemRoots {
    fn read(self) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
        match self {
            Self::Ignore => Ok(Vec::new()),
            #[cfg(feature = "native-roots")]
            Self::Trust => {
                let found = rustls_native_certs::load_native_certs();
                for error in &found.errors {
                    tracing::warn!(%error, "some of the system's CAs cannot be read");
                }
                if found.certs.is_empty() {
                    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
                    let named = named.into_iter().flatten().next().unwrap_or_default();
                    return Err(TlsConfigError::NoSystemCas { path: named.into() });
                }
                Ok(found.certs)
            }
        }
    }
}

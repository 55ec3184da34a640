//! Every configuration before every other one, and who gets in with the sessions
//! of the first.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::client::{Resumption, Tls12Resumption};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConnection, version,
};

use super::{ClientAuth, Files};
use crate::tls::{TlsConfig, provider};

struct Ca {
    issuer: Issuer<'static, KeyPair>,
    path: PathBuf,
    der: CertificateDer<'static>,
}

impl Ca {
    fn new(dir: &tempfile::TempDir, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, made.pem()).unwrap();
        Self {
            der: made.der().clone(),
            issuer: Issuer::new(params, key),
            path,
        }
    }

    /// With its key, in PEM and as rustls has it.
    fn issue(&self, serial: u64) -> (String, CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.serial_number = Some(serial.into());
        let key = KeyPair::generate().unwrap();
        let made = params.signed_by(&key, &self.issuer).unwrap();
        let der = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (made.pem() + &key.serialize_pem(), made.der().clone(), der)
    }
}

/// A configuration, and whether it lets in clients without a certificate and
/// those with the one certificate there is.
struct Kind {
    name: &'static str,
    config: TlsConfig,
    without: bool,
    with: bool,
}

fn kinds(files: &Files, ours: &Ca, other: &Ca, crl: &PathBuf) -> Vec<Kind> {
    let of = |ca: &Ca| files.clone().client_ca(&ca.path);
    let optional = |ca: &Ca| of(ca).client_auth(ClientAuth::Optional);
    let made = [
        ("nobody is asked", files.clone(), true, true),
        ("required", of(ours), false, true),
        ("optional", optional(ours), true, true),
        ("required, another CA", of(other), false, false),
        ("optional, another CA", optional(other), true, false),
        ("required, revoked", of(ours).client_crl(crl), false, false),
    ];
    let mut kinds = Vec::new();
    for (name, files, without, with) in made {
        for files in [files.clone(), files.explain_client_auth()] {
            kinds.push(Kind {
                name,
                config: files.load().unwrap(),
                without,
                with,
            });
        }
    }
    // Those of its user: what they are cannot be told.
    for index in [0, 2] {
        let Kind { without, with, .. } = kinds[index];
        kinds.push(Kind {
            name: "its user's own",
            config: TlsConfig::from(kinds[index].config.current()),
            without,
            with,
        });
    }
    kinds
}

/// Whether the application would be reached, and whether by a resumed session.
fn is_served(server: &TlsConfig, client: &Arc<ClientConfig>) -> (bool, bool) {
    let loaded = server.load();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(client.clone(), name).unwrap();
    let mut server = ServerConnection::new(loaded.server().clone()).unwrap();
    for _ in 0..6 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            server.read_tls(&mut unread).unwrap();
            if server.process_new_packets().is_err() {
                return (false, false);
            }
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut unread = &bytes[..];
        while !unread.is_empty() {
            client.read_tls(&mut unread).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    assert!(!server.is_handshaking() && !client.is_handshaking());
    let resumed = server.handshake_kind() == Some(HandshakeKind::Resumed);
    (loaded.fault_of(&server).is_none(), resumed)
}

/// No session of whatever configuration gets a client into another one that
/// would not let it in by itself, by a reload or at another server with the same
/// ticket secrets.
#[test]
fn no_session_is_a_way_around_client_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, other) = (Ca::new(&dir, "ours"), Ca::new(&dir, "other"));
    let (server, ..) = ours.issue(1);
    let (path, secrets) = (dir.path().join("server"), dir.path().join("secrets"));
    std::fs::write(&path, server).unwrap();
    std::fs::write(&secrets, "ab".repeat(32)).unwrap();
    let (_, certificate, key) = ours.issue(2);
    let crl = CertificateRevocationListParams {
        this_update: date_time_ymd(2025, 1, 1),
        next_update: date_time_ymd(2100, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(2),
            revocation_time: date_time_ymd(2025, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let crl_path = dir.path().join("crl");
    let crl = crl.signed_by(&ours.issuer).unwrap().pem().unwrap();
    std::fs::write(&crl_path, crl).unwrap();

    let client = |has_certificate: bool, version, tls12| {
        let mut roots = RootCertStore::empty();
        roots.add(ours.der.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match has_certificate {
            true => builder
                .with_client_auth_cert(vec![certificate.clone()], key.clone_key())
                .unwrap(),
            false => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::in_memory_sessions(16).tls12_resumption(tls12);
        Arc::new(config)
    };
    let plain = Files::new(&path, &path);
    let (mut tried, mut resumed) = (0, 0);
    for files in [plain.clone(), plain.ticket_secrets(&secrets)] {
        let count = kinds(&files, &ours, &other, &crl_path).len();
        for (first, second) in (0..count).flat_map(|a| (0..count).map(move |b| (a, b))) {
            for (version, tls12) in [
                (&version::TLS13, Tls12Resumption::Disabled),
                (&version::TLS12, Tls12Resumption::SessionIdOnly),
                (&version::TLS12, Tls12Resumption::SessionIdOrTickets),
            ] {
                for has_certificate in [false, true] {
                    // Fresh ones: a reload changes sessions for good.
                    let kinds = kinds(&files, &ours, &other, &crl_path);
                    let (first, second) = (&kinds[first], &kinds[second]);
                    let client = client(has_certificate, version, tls12);
                    is_served(&first.config, &client);
                    let elsewhere = is_served(&second.config, &client);
                    is_served(&first.config, &client);
                    first.config.reload(&second.config);
                    let reloaded = is_served(&first.config, &client);
                    let may = if has_certificate {
                        second.with
                    } else {
                        second.without
                    };
                    for (served, is_resumed) in [elsewhere, reloaded] {
                        tried += 1;
                        resumed += usize::from(is_resumed);
                        assert_eq!(
                            served, may,
                            "{} -> {}, certificate: {has_certificate}, {version:?}",
                            first.name, second.name
                        );
                    }
                }
            }
        }
    }
    assert!(resumed > tried / 50, "{resumed} of {tried}");
}

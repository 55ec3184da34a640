//! When the CA wants a certificate to be renewed (RFC 9773).

use std::time::{Duration, SystemTime};

use instant_acme::{Account, CertificateIdentifier};

use super::certificate::Certificate;
use super::failure::Failure;

/// From, to.
pub(super) type Window = (SystemTime, SystemTime);

/// The window that the CA suggests, and when to ask again.
pub(super) async fn of(
    certificate: &Certificate,
    account: &Account,
) -> Result<(Window, Duration), Failure> {
    let Some(id) = id_of(certificate) else {
        return Err(Failure::Failed("the certificate has no identifier".into()));
    };
    let (info, again) = account.renewal_info(&id).await?;
    let window = info.suggested_window;
    Ok(((window.start.into(), window.end.into()), again))
}

/// RFC 9773 4.1. A certificate without an authority key identifier has none.
pub(super) fn id_of(certificate: &Certificate) -> Option<CertificateIdentifier<'static>> {
    let own = certificate.certified.cert.first()?;
    let id = CertificateIdentifier::try_from(own).ok()?;
    Some(id.into_owned())
}

/// With a CA of which there is nothing else: a directory and one resource. Real
/// CAs are in tests/acme.
#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use std::net::SocketAddr;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use axum::routing::get;
    use axum::{Json, Router};
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use serde_json::{Value, json};
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    use tokio::net::TcpListener;

    use crate::acme::{Acme, Driver};
    use crate::tls;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    /// A CA whose directory is made with its own address, and whose answers about
    /// renewal are always this.
    struct Ca {
        addr: SocketAddr,
        home: tempfile::TempDir,
    }

    impl Ca {
        async fn start(renewal_info: Option<(u16, Value)>) -> Self {
            let home = tempfile::tempdir().unwrap();
            let own = tls::generate::DevelopmentCertificate::load_or_create(Some(home.path()), &[]);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let url = |path: &str| format!("https://{addr}/{path}");
            let mut directory = json!({
                "newNonce": url("nonce"), "newAccount": url("account"), "newOrder": url("order"),
            });
            let mut app = Router::new();
            if let Some((status, answer)) = renewal_info {
                directory["renewalInfo"] = json!(url("renewal"));
                let answer = move || async move {
                    let status = http::StatusCode::from_u16(status).unwrap();
                    (status, [("retry-after", "7200")], Json(answer))
                };
                app = app.route("/renewal/{id}", get(answer));
            }
            let app = app.route("/dir", get(move || async move { Json(directory) }));
            let server = crate::serve_dual(listener, own.unwrap().tls_config().unwrap(), app);
            tokio::spawn(server.into_future());
            Self { addr, home }
        }

        /// One who has an account there, and a certificate of 90 days.
        fn driver(&self) -> Driver {
            let url = format!("https://{}/dir", self.addr);
            let start = || {
                let acme = Acme::new(["a.example.org"]).accept_terms().directory(&url);
                let root = self.home.path().join("ca.crt");
                acme.cache(self.home.path()).root(root).start().unwrap()
            };
            keep(start().certificate_path(), &url);
            start()
        }
    }

    fn keep(path: &Path, directory: &str) {
        let key = KeyPair::generate().unwrap();
        let account = json!({
            "id": format!("{directory}/1"),
            "key_pkcs8": BASE64_URL_SAFE_NO_PAD.encode(key.serialize_der()),
            "directory": directory,
        });
        std::fs::write(path.with_file_name("account.json"), account.to_string()).unwrap();

        let mut ca = CertificateParams::new([]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = Issuer::new(ca, KeyPair::generate().unwrap());
        let mut params = CertificateParams::new(["a.example.org".to_owned()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        params.not_before = OffsetDateTime::now_utc();
        params.not_after = params.not_before + 90 * 24 * HOUR;
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let pem = format!("{}{}", key.serialize_pem(), certificate.pem());
        std::fs::write(path, pem).unwrap();
    }

    fn window(start: OffsetDateTime, end: OffsetDateTime) -> Option<(u16, Value)> {
        let time = |time: OffsetDateTime| time.format(&Rfc3339).unwrap();
        let window = json!({ "start": time(start), "end": time(end) });
        Some((200, json!({ "suggestedWindow": window })))
    }

    /// After asking: whether to renew now, whether within this time, and whether to
    /// ask again in two hours and a bit.
    async fn asked(ca: &Ca, within: Duration) -> (bool, bool, bool) {
        let mut driver = ca.driver();
        driver.ask().await;
        let (_, plan) = driver.current.as_ref().unwrap();
        let now = SystemTime::now();
        (
            plan.is_due(now),
            plan.is_due(now + within),
            plan.is_to_be_asked(now + 2 * HOUR),
        )
    }

    #[tokio::test]
    async fn the_window_that_the_ca_suggests_is_kept() {
        let now = OffsetDateTime::now_utc();
        let ca = Ca::start(window(now + HOUR, now + 2 * HOUR)).await;
        assert_eq!(asked(&ca, 2 * HOUR).await, (false, true, true));
        assert_eq!(
            asked(&ca, HOUR - Duration::from_secs(60)).await,
            (false, false, true)
        );
    }

    /// What a CA does that is about to revoke.
    #[tokio::test]
    async fn a_window_in_the_past_means_now() {
        let now = OffsetDateTime::now_utc();
        let ca = Ca::start(window(now - 2 * HOUR, now - HOUR)).await;
        assert_eq!(asked(&ca, Duration::ZERO).await, (true, true, true));
    }

    #[tokio::test]
    async fn without_an_answer_it_is_two_thirds_of_the_lifetime() {
        let problem = json!({ "type": "urn:ietf:params:acme:error:serverInternal" });
        for answer in [None, Some((500, problem)), Some((200, json!({})))] {
            let ca = Ca::start(answer).await;
            let days = |days| 24 * HOUR * days;
            assert_eq!(asked(&ca, days(56)).await, (false, false, false));
            assert_eq!(asked(&ca, days(64)).await, (false, true, false));
        }
    }

    /// The kept account is used, and its file is left alone.
    #[tokio::test]
    async fn asking_makes_no_account() {
        let ca = Ca::start(None).await;
        let mut driver = ca.driver();
        let account = driver.certificate_path().with_file_name("account.json");
        let before = std::fs::read(&account).unwrap();
        driver.ask().await;
        assert_eq!(std::fs::read(&account).unwrap(), before);
        let tls = Arc::new(driver.tls_config());
        assert!(!format!("{driver:?} {tls:?}").contains("key_pkcs8"));
    }
}

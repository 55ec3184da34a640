use rcgen::{CertificateParams, KeyPair};

use super::super::Acme;
use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A machine whose clock was 75 days ahead: each new certificate of 90 days was
/// due at once, and the next one was ordered without a pause, until the CA had
/// enough.
#[test]
fn a_certificate_that_is_due_at_once_is_a_failure() {
    let cache = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["a.example.org".to_owned()]).unwrap();
    let now = SystemTime::now();
    params.not_before = now.into();
    params.not_after = (now + 90 * DAY).into();
    let made = params.self_signed(&key).unwrap();
    let root = cache.path().join("root.crt");
    std::fs::write(&root, made.pem()).unwrap();
    let acme = Acme::new(["a.example.org"]).cache(cache.path()).root(&root);
    let mut driver = acme.accept_terms().start().unwrap();
    let pem = made.pem() + &key.serialize_pem();
    driver.take(Certificate::from_pem(pem.as_bytes()).unwrap());
    assert!(driver.settled(now).is_ok());
    let failure = driver.settled(now + 75 * DAY).unwrap_err();
    assert!(failure.to_string().contains("check the clock"), "{failure}");
}

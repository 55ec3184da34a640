//! Files that cannot be used.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use oneport::Mode;
use oneport::tls::TlsConfigError;

use crate::Site;
use crate::caller::{Setup, serve};

/// What breaks a file.
type Breaking = fn(&Path);

/// Whether it is the error that fits.
type Expected = fn(&TlsConfigError) -> bool;

#[tokio::test]
async fn bad_files_change_nothing() {
    let site = Site::new();
    let files = site.mutual();
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let kept = site.setup().caller();
    kept.call(server.addr).await.unwrap().served();

    let cases: [(&str, Breaking, Expected); 6] = [
        (
            "server.crt",
            |path| {
                let whole = fs::read(path).unwrap();
                fs::write(path, &whole[..whole.len() / 2]).unwrap();
            },
            |error| matches!(error, TlsConfigError::MalformedPem { .. }),
        ),
        (
            "server.key",
            |path| {
                let other = rcgen::KeyPair::generate().unwrap();
                fs::write(path, other.serialize_pem()).unwrap();
            },
            |error| matches!(error, TlsConfigError::KeyMismatch { .. }),
        ),
        (
            "server.crt",
            |path| fs::remove_file(path).unwrap(),
            |error| matches!(error, TlsConfigError::NotFound { .. }),
        ),
        (
            "server.key",
            |path| fs::write(path, "").unwrap(),
            |error| matches!(error, TlsConfigError::Empty { .. }),
        ),
        (
            "clients.crt",
            |path| fs::remove_file(path).unwrap(),
            |error| matches!(error, TlsConfigError::NotFound { .. }),
        ),
        (
            "clients.crt",
            |path| fs::write(path, "no certificate").unwrap(),
            |error| matches!(error, TlsConfigError::NoCertificate { .. }),
        ),
    ];
    for (name, breaking, is_expected) in cases {
        let path = site.folder.path(name);
        let good = fs::read(&path).unwrap();
        breaking(&path);
        let before = tls.current();
        let error = files.reload(&tls).unwrap_err();
        assert!(is_expected(&error), "{name}: {error:?}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(Arc::ptr_eq(&before, &tls.current()), "{name}");
        // Full and resumed, with a certificate and without.
        let call = site.setup().caller().call(server.addr).await.unwrap();
        assert_eq!(call.served().serial, "01", "{name}");
        let call = kept.call(server.addr).await.unwrap();
        assert!(call.served().resumed, "{name}");
        let nobody = Setup::trusting(&site.ca).caller();
        nobody.refused(server.addr).await;
        fs::write(&path, good).unwrap();
    }

    site.renew(2);
    files.reload(&tls).unwrap();
    let call = site.setup().caller().call(server.addr).await.unwrap();
    assert_eq!(call.served().serial, "02");
}

#[test]
fn an_error_names_the_file_it_is_about() {
    let site = Site::new();
    site.folder.put("second", &site.ca.server(2));
    let (cert, key) = (
        site.folder.path("second.crt"),
        site.folder.path("second.key"),
    );
    let files = site.files().and(&cert, &key);
    let tls = files.load().unwrap();

    fs::write(&cert, "").unwrap();
    let error = files.reload(&tls).unwrap_err();
    assert_eq!(error.path(), cert);
    assert!(error.to_string().contains("second.crt"), "{error}");

    site.folder.put("second", &site.ca.server(2));
    let other = rcgen::KeyPair::generate().unwrap();
    fs::write(&key, other.serialize_pem()).unwrap();
    let error = files.load().unwrap_err();
    assert_eq!(error.path(), cert);
    assert!(error.to_string().contains("second.key"), "{error}");
    assert!(!error.to_string().contains("server."), "{error}");

    fs::remove_file(&key).unwrap();
    let error = files.load().unwrap_err();
    assert_eq!(error.path(), key);
}

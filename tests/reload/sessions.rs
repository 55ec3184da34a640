//! Which sessions are resumed after a reload.

use oneport::Mode;
use oneport::tls::{ClientAuth, Files};

use crate::Site;
use crate::authority::Authority;
use crate::caller::{VERSIONS, s_client, serve};

/// A renewal costs clients nothing, with client certificates and without.
#[tokio::test]
async fn a_renewed_certificate_keeps_sessions() {
    let site = Site::new();
    for files in [site.files(), site.mutual()] {
        for explain in [false, true] {
            for version in VERSIONS {
                let files = match explain {
                    true => files.clone().explain_client_auth(),
                    false => files.clone(),
                };
                site.renew(1);
                let tls = files.load().unwrap();
                let server = serve(&tls, Mode::Dual).await;
                let kept = site.setup().speaking(version).caller();
                assert!(!kept.call(server.addr).await.unwrap().served().resumed);
                assert!(kept.call(server.addr).await.unwrap().served().resumed);
                for renewed in [2, 3] {
                    site.renew(renewed);
                    files.reload(&tls).unwrap();
                    let call = kept.call(server.addr).await.unwrap().served();
                    assert!(call.resumed, "{explain}, {:?}", call.version);
                    let new = site.setup().speaking(version).caller();
                    let call = new.call(server.addr).await.unwrap().served();
                    assert_eq!(call.serial, format!("{renewed:02X}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn openssl_resumes_after_a_renewal() {
    let site = Site::new();
    let files = site.mutual();
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let [ca, cert, key] =
        ["ca.crt", "client1.crt", "client1.key"].map(|name| site.folder.argument(name));
    for (renewed, version) in [(2, "-tls1_3"), (3, "-tls1_2")] {
        let session = site.folder.argument("session");
        let connect = async |option| {
            let options = [
                version,
                "-servername",
                "localhost",
                "-CAfile",
                &ca,
                "-verify_return_error",
                "-cert",
                &cert,
                "-key",
                &key,
                option,
                &session,
            ];
            let printed = s_client(server.addr, &options).await;
            assert!(printed.contains("tls HTTP/1.1 GET"), "{printed}");
            printed
        };
        let first = connect("-sess_out").await;
        assert!(first.contains("\nNew, TLSv1."), "{first}");
        site.renew(renewed);
        files.reload(&tls).unwrap();
        let second = connect("-sess_in").await;
        assert!(second.contains("\nReused, TLSv1."), "{second}");
        // Who is judged by other rules starts anew.
        let optional = files.clone().client_auth(ClientAuth::Optional);
        optional.reload(&tls).unwrap();
        let third = connect("-sess_in").await;
        assert!(third.contains("\nNew, TLSv1."), "{third}");
        files.reload(&tls).unwrap();
    }
}

/// A session that began under other rules does not resume, whichever rule it is
/// and in both directions: the client would be served unasked.
#[tokio::test]
async fn a_change_of_client_trust_starts_anew() {
    let site = Site::new();
    let others = Authority::new("other clients");
    site.folder.write("others.crt", &others.pem);
    site.folder.write("clients.crl", site.clients.crl(&[99]));
    site.folder.write("next.crl", site.clients.crl(&[98, 99]));
    let crl = |name| site.mutual().client_crl(site.folder.path(name));
    let changes = [
        (
            "another CA",
            site.mutual(),
            site.mutual().client_ca(site.folder.path("others.crt")),
        ),
        (
            "optional",
            site.mutual(),
            site.mutual().client_auth(ClientAuth::Optional),
        ),
        ("nobody is asked", site.files(), site.mutual()),
        ("a CRL", site.mutual(), crl("clients.crl")),
        ("another CRL", crl("clients.crl"), crl("next.crl")),
    ];
    for (what, one, other) in changes {
        for (from, to) in [(&one, &other), (&other, &one)] {
            for version in VERSIONS {
                for explain in [false, true] {
                    let also = |files: &Files| match explain {
                        true => files.clone().explain_client_auth(),
                        false => files.clone(),
                    };
                    let tls = also(from).load().unwrap();
                    let server = serve(&tls, Mode::Dual).await;
                    let kept = site.setup().speaking(version).caller();
                    kept.call(server.addr).await.unwrap().served();
                    assert!(kept.call(server.addr).await.unwrap().served().resumed);
                    also(to).reload(&tls).unwrap();
                    let call = kept.call(server.addr).await.unwrap().served();
                    assert!(!call.resumed, "{what}, {:?}, {explain}", call.version);
                    let new = site.setup().speaking(version).caller();
                    new.call(server.addr).await.unwrap().served();
                    let call = new.call(server.addr).await.unwrap().served();
                    assert!(call.resumed, "{what}, {:?}, {explain}", call.version);
                }
            }
        }
    }
}

/// Neither the order in a bundle nor how many files it is in is a rule.
#[tokio::test]
async fn the_same_trust_in_other_files_keeps_sessions() {
    let site = Site::new();
    let others = Authority::new("other clients");
    let (a, b) = (&site.clients.pem, &others.pem);
    site.folder.write("both.crt", format!("{a}{b}"));
    site.folder.write("turned.crt", format!("{b}{a}"));
    site.folder.write("others.crt", b);
    let tls = site.files().client_ca(site.folder.path("both.crt"));
    let tls = tls.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let kept = site.setup().caller();
    kept.call(server.addr).await.unwrap().served();
    for files in [
        site.files().client_ca(site.folder.path("turned.crt")),
        site.mutual().client_ca(site.folder.path("others.crt")),
    ] {
        files.reload(&tls).unwrap();
        assert!(kept.call(server.addr).await.unwrap().served().resumed);
    }
}

//! `oneport cert ca`, CAs from elsewhere, and those that cannot sign.

use crate::cert_make::webpki;
use crate::certs::Certs;

#[tokio::test]
async fn a_ca_of_ones_own() {
    let certs = Certs::new();
    certs.made("ca --name MyLocalCA --days 30 --out one").await;
    certs.made("ca --for clients --out one").await;
    certs.made("ca --out two").await;
    let subject = certs
        .openssl_says("x509 -in one/ca.crt -noout -subject")
        .await;
    assert_eq!(subject, "subject=CN = MyLocalCA\n");
    // Trust stores that hold two CAs of one name may try the wrong one.
    let subject = certs
        .openssl_says("x509 -in two/ca.crt -noout -subject")
        .await;
    assert!(subject.starts_with("subject=CN = oneport CA "), "{subject}");

    // What it signs does not outlive it, and it says so.
    let said = certs.made("server --out three --ca one/ca.crt").await;
    assert!(
        said.contains("nothing that it signs is valid for longer"),
        "{said}"
    );
    let end = |file: &str| format!("x509 -in {file} -noout -enddate");
    assert_eq!(
        certs.openssl_says(&end("three/server.crt")).await,
        certs.openssl_says(&end("one/ca.crt")).await
    );
    certs
        .openssl_says("verify -x509_strict -CAfile one/ca.crt three/server.crt")
        .await;
}

/// The CAs that people have: made by openssl, with a key identifier by SHA-1.
#[tokio::test]
async fn a_ca_that_openssl_has_made() {
    for (key, form) in [
        ("rsa:2048", ""),
        ("ec -pkeyopt ec_paramgen_curve:P-256", "-traditional"),
    ] {
        let certs = Certs::new();
        certs
            .openssl_says(&format!(
                "req -x509 -newkey {key} -nodes -subj /O=Seed/CN=MyLocalCA -days 3650 \
                 -keyout pkcs8.key -out ca.crt"
            ))
            .await;
        // PKCS#1 and SEC1 too.
        certs
            .openssl_says(format!("pkey -in pkcs8.key -out ca.key {form}").trim())
            .await;
        certs.made("server").await;
        certs.openssl_says("verify -CAfile ca.crt server.crt").await;
        webpki(&certs, "ca.crt", "server.crt", "localhost").unwrap();
        let made = "client --ca ca.crt --ca-key ca.key";
        certs.made(made).await;
        certs
            .openssl_says("verify -CAfile ca.crt client1.crt")
            .await;
        certs.made("crl --ca ca.crt --revoke client1.crt").await;
        let verify = "verify -CAfile ca.crt -CRLfile ca.crl -crl_check";
        certs.openssl_says(&format!("{verify} server.crt")).await;
        let (accepted, said) = certs.openssl(&format!("{verify} client1.crt")).await;
        assert!(!accepted && said.contains("certificate revoked"), "{said}");
    }
}

#[tokio::test]
async fn a_ca_that_cannot_sign_is_refused() {
    let certs = Certs::new();
    certs.made("server").await;
    certs.made("client").await;
    certs.made("ca --out other").await;
    certs.write("empty", "");
    certs
        .openssl_says("pkey -in ca.key -aes256 -passout pass:x -out locked.key")
        .await;
    certs
        .openssl_says(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout two.key \
             -out two.crt -subj /OU=a/OU=b/CN=c",
        )
        .await;
    let table = [
        (
            "--ca ca.crt --ca-key ca4clients.key",
            4,
            "does not belong to the CA in ca.crt",
        ),
        (
            "--ca other/ca.crt --ca-key ca.key",
            4,
            "does not belong to the CA",
        ),
        ("--ca server.crt", 4, "it is not a CA"),
        (
            "--ca ca.key --ca-key ca.crt",
            4,
            "holds a private key and no certificate",
        ),
        (
            "--ca ca.crt --ca-key ca.crt",
            4,
            "there is no private key in it",
        ),
        (
            "--ca ca.crt --ca-key locked.key",
            4,
            "is encrypted with a passphrase",
        ),
        ("--ca nothing.crt", 4, "nothing.crt"),
        ("--ca empty --ca-key ca.key", 4, "is empty"),
        ("--ca ca.crt --ca-key nothing.key", 4, "nothing.key is not"),
        (
            "--ca two.crt",
            2,
            "the CA's name has parts that cannot be repeated",
        ),
    ];
    let before = certs.names();
    for (args, code, expected) in table {
        let ended = certs.cert(&format!("server --force {args}")).await;
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (code, ""),
            "{args}: {}",
            ended.err
        );
        assert!(ended.err.contains(expected), "{args}: {}", ended.err);
    }
    // Half a CA that is in the way.
    for (lost, left) in [("ca.key", "ca.crt"), ("ca.crt", "ca.key")] {
        let kept = certs.text(lost);
        std::fs::remove_file(certs.path(lost)).unwrap();
        let ended = certs.cert("server --force").await;
        assert_eq!(ended.code, 4);
        let expected = format!("{left} is there, and {lost} is not");
        assert!(ended.err.contains(&expected), "{}", ended.err);
        certs.write(lost, &kept);
    }
    assert_eq!(certs.names(), before);
}

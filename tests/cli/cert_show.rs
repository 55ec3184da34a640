//! `oneport cert show FILE`: what is in a file, and what is wrong with it.

use serde_json::Value;

use crate::certs::Certs;

#[tokio::test]
async fn what_is_made_here_is_in_order() {
    let certs = Certs::new();
    certs
        .made("server a.test 127.1.2.3 --key-type rsa-2048")
        .await;
    certs.made("client --san spiffe://a.test/x").await;
    certs.made("self-signed --key-type ed25519").await;
    certs.made("crl --revoke client1.crt").await;
    for file in [
        "ca.crt",
        "ca.key",
        "server.crt",
        "server.key",
        "serverSS.crt",
        "ca4clients.crt",
        "client1.crt",
        "ca4clients.crl",
    ] {
        let said = certs.made(&format!("show {file}")).await;
        assert!(said.starts_with(&format!("{file}\n")), "{said}");
        assert!(said.ends_with("No problem found.\n"), "{file}: {said}");
    }

    let said = certs.made("show server.crt").await;
    for line in [
        "1  CN=a.test  (a server's or client's own)\n",
        "   names      localhost, 127.0.0.1, ::1, a.test, 127.1.2.3\n",
        ", 396 days left\n",
        "   key        RSA, 2048 bits\n",
        "   signature  RSA with SHA-256\n",
        "   key usage  digital signature, key encipherment\n",
        "   purposes   TLS server\n",
        "2  CN=oneport CA ",
        "  (a CA, root)\n",
        "   CAs below  at most 0\n",
    ] {
        assert!(said.contains(line), "{line:?} is missing in {said}");
    }
    let shown = certs.json("show server.crt").await;
    let [leaf, ca] = &shown["certificates"].as_array().unwrap()[..] else {
        panic!("{shown}")
    };
    let of = |options: &str| format!("x509 -in server.crt -noout {options}");
    let fingerprint = certs.openssl_says(&of("-fingerprint -sha256")).await;
    assert!(
        fingerprint
            .trim()
            .ends_with(leaf["sha256"].as_str().unwrap())
    );
    let serial = certs.openssl_says(&of("-serial")).await;
    assert_eq!(
        serial.trim(),
        format!("serial={}", leaf["serial"].as_str().unwrap())
    );
    assert_eq!(leaf["issuer"], ca["subject"]);
    assert_eq!(
        (&leaf["ca"], &ca["ca"]),
        (&Value::Bool(false), &Value::Bool(true))
    );
    assert!(leaf["not_after"].as_str().unwrap().ends_with('Z'));

    let said = certs.made("show client1.crt").await;
    assert!(said.contains("   names      spiffe://a.test/x\n"), "{said}");
    assert!(said.contains("   purposes   TLS client\n"), "{said}");
    assert!(said.contains(" is not among them: clients must know it already."));
    let said = certs.made("show serverSS.crt").await;
    assert!(said.contains("It is self-signed"), "{said}");
    assert!(said.contains("key        Ed25519"), "{said}");
}

#[tokio::test]
async fn forms() {
    let certs = Certs::new();
    certs.made("server").await;
    certs.made("client").await;
    certs.made("crl").await;
    certs
        .openssl_says("x509 -in server.crt -outform DER -out cert.der")
        .await;
    certs
        .openssl_says("crl -in ca4clients.crl -outform DER -out crl.der")
        .await;
    certs
        .openssl_says("pkey -in server.key -outform DER -out key.der")
        .await;
    for (file, what) in [
        ("cert.der", "CN=localhost"),
        ("crl.der", "has revoked"),
        ("key.der", "private key, ECDSA P-256 (SEC1)"),
    ] {
        let said = certs.made(&format!("show {file}")).await;
        assert!(said.contains(what), "{said}");
    }

    let both = certs.text("server.key") + &certs.text("server.crt");
    let ended = certs.cert_with("show -", &both).await;
    assert!(ended.out.starts_with("standard input\n"), "{ended:?}");
    assert!(ended.out.contains("private key, ECDSA P-256 (PKCS#8)"));
    assert!(ended.out.ends_with("No problem found.\n"));
    let ended = certs.cert_with("show -", "nothing").await;
    assert_eq!(ended.code, 4);
    assert!(
        ended
            .err
            .contains("standard input holds nothing that is known here")
    );
}

/// The kind of a key is said, and nothing else of it.
#[tokio::test]
async fn keys_are_not_printed() {
    let certs = Certs::new();
    certs.made("client --key-type rsa-2048").await;
    certs.made("server").await;
    certs
        .openssl_says("pkey -in client1.key -traditional -out pkcs1.key")
        .await;
    certs
        .openssl_says("pkey -in server.key -traditional -out sec1.key")
        .await;
    certs
        .openssl_says("pkey -in server.key -aes128 -passout pass:x -out locked.key")
        .await;
    certs
        .openssl_says("rsa -in client1.key -aes128 -passout pass:x -traditional -out old.key")
        .await;
    certs
        .openssl_says("ecparam -name secp256k1 -genkey -noout -out k1.key")
        .await;
    for (file, what) in [
        ("client1.key", "private key, RSA, 2048 bits (PKCS#8)"),
        ("pkcs1.key", "private key, RSA, 2048 bits (PKCS#1)"),
        ("sec1.key", "private key, ECDSA P-256 (SEC1)"),
        ("locked.key", "private key, encrypted with a passphrase"),
        ("old.key", "private key, encrypted with a passphrase"),
        ("k1.key", "private key, of a kind that cannot be used here"),
    ] {
        for json in ["", " --json"] {
            let said = certs.made(&format!("show {file}{json}")).await;
            assert!(said.contains(what), "{file}: {said}");
            let key = certs.text(file);
            let secret = key.lines().filter(|line| line.len() > 40);
            assert!(secret.clone().count() > 0);
            for line in secret {
                assert!(!said.contains(line), "{file}: {said}");
            }
        }
    }
    certs.allow("client1.key", 0o644);
    let said = certs.problems("client1.key").await;
    assert!(said.contains("chmod 600 client1.key"), "{said}");
}

#[tokio::test]
async fn what_is_nothing_of_the_kind() {
    let certs = Certs::new();
    certs.made("ca").await;
    certs.write("empty", "");
    certs.write("text", "hello");
    certs
        .openssl_says("req -new -key ca.key -subj /CN=x -out ca.csr")
        .await;
    std::fs::create_dir(certs.path("dir")).unwrap();
    for (file, code, expected) in [
        ("empty", 4, "is empty"),
        ("text", 4, "text"),
        ("ca.csr", 4, "certificate request"),
        ("dir", 4, "a directory"),
        ("/dev/zero", 4, "a device"),
        ("nothing.crt", 1, "there is no file nothing.crt"),
        ("localhost", 1, "name its port too, such as localhost:443"),
    ] {
        let ended = certs.cert(&format!("show {file}")).await;
        assert_eq!(ended.code, code, "{file}: {}", ended.err);
        assert!(ended.err.contains(expected), "{file}: {}", ended.err);
    }
    let ended = certs.cert("show ca.crt --server-name x").await;
    assert_eq!(ended.code, 2, "{}", ended.err);
}

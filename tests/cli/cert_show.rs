//! `oneport cert show FILE`: what is in a file, and what is wrong with it.

use serde_json::Value;

use crate::certs::Certs;

/// What `show --json` says is wrong, line by line.
async fn problems(certs: &Certs, file: &str) -> String {
    let shown = certs.json(&format!("show {file}")).await;
    let problems = shown["problems"].as_array().unwrap().iter();
    let lines: Vec<_> = problems.map(|line| line.as_str().unwrap()).collect();
    lines.join("\n")
}

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
    let said = problems(&certs, "client1.key").await;
    assert!(said.contains("chmod 600 client1.key"), "{said}");
}

/// The seeds' `serverSS.crt`, which nobody understood why it was refused.
#[tokio::test]
async fn version_1() {
    let certs = Certs::new();
    certs.version_1().await;
    let said = certs.made("show serverSS.crt").await;
    assert!(said.contains("   version    1 (of 3)\n"), "{said}");
    assert!(
        said.contains(
            "  * The certificate is X.509 version 1 and has no names (no SAN), as `openssl x509 \
             -req` without extensions makes it: rustls, Go and browsers refuse it. Make another: \
             `oneport cert server` or `oneport cert self-signed`\n"
        ),
        "{said}"
    );
}

#[tokio::test]
async fn problems_are_named() {
    let certs = Certs::new();
    certs.made("server").await;
    certs.made("server --out other").await;
    certs.made("client").await;
    let (server, ca) = (certs.text("server.crt"), certs.text("ca.crt"));
    let (leaf, _) = server.split_at(server.len() - ca.len());
    certs.write("reversed.crt", &format!("{ca}{leaf}"));
    certs.write(
        "stranger.crt",
        &format!("{leaf}{}", certs.text("other/ca.crt")),
    );
    certs.write(
        "bundle.crt",
        &format!("{ca}{}", certs.text("ca4clients.crt")),
    );
    certs.write("pair.pem", &(server.clone() + &certs.text("client1.key")));
    certs.allow("pair.pem", 0o600);
    certs.made("ca --name MyLocalCA --out a").await;
    certs.made("ca --name MyLocalCA --out b").await;
    certs.made("server --out a").await;
    let chain = certs.text("a/server.crt");
    let (own, _) = chain.split_at(chain.len() - certs.text("a/ca.crt").len());
    certs.write("namesake.crt", &format!("{own}{}", certs.text("b/ca.crt")));

    let request = |name: &str, options: &str, extensions: &str| {
        certs.write(&format!("{name}.ext"), extensions);
        format!(
            "req -x509 -nodes -keyout {name}.key -out {name}.crt -subj /CN=localhost \
             -config {name}.ext -extensions e {options}"
        )
    };
    const HEAD: &str = "[req]\ndistinguished_name=d\n[d]\n[e]\nbasicConstraints=CA:FALSE\n";
    let ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";
    let named = format!("{HEAD}subjectAltName=DNS:localhost\n");
    for (name, options, extensions) in [
        ("nameless", format!("{ec} -days 30"), HEAD.to_owned()),
        ("soon", format!("{ec} -days 5"), named.clone()),
        (
            "short",
            "-newkey rsa:1024 -days 30".to_owned(),
            named.clone(),
        ),
        (
            "sha1",
            "-newkey rsa:2048 -sha1 -days 30".to_owned(),
            named.clone(),
        ),
        (
            "k1",
            "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -days 30".to_owned(),
            named.clone(),
        ),
        (
            "mail",
            format!("{ec} -days 30"),
            format!("{named}extendedKeyUsage=emailProtection\n"),
        ),
    ] {
        certs
            .openssl_says(&request(name, &options, &extensions))
            .await;
    }
    for (name, from, to) in [("old", 2001, 2002), ("early", 2100, 2101)] {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        let made = params.self_signed(&key).unwrap();
        certs.write(&format!("{name}.crt"), &made.pem());
    }

    for (file, expected) in [
        (
            "reversed.crt",
            "certificate 2 is the holder's own and must come first",
        ),
        ("stranger.crt", "Certificate 2 has not signed certificate 1"),
        ("namesake.crt", "it is of another CA of that name"),
        ("pair.pem", "does not belong to the first certificate"),
        ("nameless.crt", "has no names (no subjectAltName)"),
        ("soon.crt", "in 4 day(s): renew it"),
        ("short.crt", "less than 2048 bits"),
        ("sha1.crt", "forged easily"),
        ("k1.crt", "TLS 1.3 has no secp256k1"),
        (
            "mail.crt",
            "is for other purposes than a TLS server (email)",
        ),
        ("old.crt", "The certificate expired on 2002-01-01"),
        ("early.crt", "is not valid before 2100-01-01"),
    ] {
        let said = problems(&certs, file).await;
        assert!(said.contains(expected), "{file}: {said}");
        assert_eq!(said.lines().count(), 1, "{file}: {said}");
    }
    assert_eq!(problems(&certs, "bundle.crt").await, "");
}

#[tokio::test]
async fn a_list_that_is_out_of_date() {
    let certs = Certs::new();
    certs.made("client").await;
    certs.write("index", "");
    certs.write("number", "01\n");
    let config = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n";
    certs.write("ca.cnf", config);
    certs
        .openssl_says(
            "ca -config ca.cnf -gencrl -keyfile ca4clients.key -cert ca4clients.crt \
             -crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z -out ca4clients.crl",
        )
        .await;
    let said = problems(&certs, "ca4clients.crl").await;
    assert!(said.contains("was to be replaced on 2020-02-01"), "{said}");
    certs.made("crl").await;
    assert_eq!(problems(&certs, "ca4clients.crl").await, "");
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

//! `oneport cert show FILE`: what is wrong is named.

use crate::certs::Certs;

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
        ("sha1.crt", "it can be forged"),
        ("k1.crt", "TLS 1.3 has no secp256k1"),
        (
            "mail.crt",
            "is for other purposes than a TLS server (email)",
        ),
        ("old.crt", "The certificate expired on 2002-01-01"),
        ("early.crt", "is not valid before 2100-01-01"),
    ] {
        let said = certs.problems(file).await;
        assert!(said.contains(expected), "{file}: {said}");
        assert_eq!(said.lines().count(), 1, "{file}: {said}");
    }
    assert_eq!(certs.problems("bundle.crt").await, "");
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
    let said = certs.problems("ca4clients.crl").await;
    assert!(said.contains("was to be replaced on 2020-02-01"), "{said}");
    certs.made("crl").await;
    assert_eq!(certs.problems("ca4clients.crl").await, "");
}

//! What is accepted and what contradicts itself.

use super::*;

fn serve(args: &[&str]) -> Result<ServeArgs, clap::Error> {
    let argv = ["oneport"].into_iter().chain(args.iter().copied());
    Cli::try_parse_from(argv).map(|cli| match cli.command {
        Some(Command::Serve(args)) => *args,
        Some(Command::Cert(_) | Command::Check(_)) => panic!("another command"),
        None => cli.serve,
    })
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn serve_is_the_default_command() {
    for argv in [&["--drain", "3"][..], &["serve", "--drain", "3"]] {
        let args = serve(argv).expect("arguments");
        assert_eq!(args.limits().drain, Duration::from_secs(3));
        assert_eq!(args.listen.to_string(), "127.0.0.1:3000");
    }
}

#[test]
fn limits() {
    let flags = [
        "--body-idle",
        "7",
        "--keep-alive-idle",
        "8",
        "--max-connections",
        "9",
        "--max-request-headers",
        "10",
        "--http2-max-streams",
        "11",
        "--max-linger-bytes",
        "12",
    ];
    let limits = serve(&flags).expect("arguments").limits();
    assert_eq!(limits.body_idle, Duration::from_secs(7));
    assert_eq!(limits.keep_alive_idle, Duration::from_secs(8));
    assert_eq!(limits.connections, 9);
    assert_eq!(limits.request_headers, 10);
    assert_eq!(limits.http2_streams, 11);
    assert_eq!(limits.linger_bytes, 12);
    assert_eq!(limits.write_stall, Duration::from_secs(30));
    for value in ["0", "-1", "86401", "1.5", "soon"] {
        assert!(serve(&["--write-stall", value]).is_err(), "{value}");
    }
    assert!(serve(&["--max-connections", "0"]).is_err());
    assert!(serve(&["--http2-connection-window", "65534"]).is_err());
}

#[test]
fn tls_is_the_default_and_may_be_said() {
    for flag in ["--tls", "--ssl", "--https", "--secure"] {
        let args = serve(&[flag]).expect(flag);
        assert!(matches!(
            args.policy(),
            PortPolicy::Everybody(Mode::TlsOnly)
        ));
        assert!(serve(&[flag, "--plaintext-only"]).is_err(), "{flag}");
    }
}

#[test]
fn allow_plaintext() {
    let policy = |argv: &[&str]| serve(argv).map(|args| args.policy().to_string());
    let all = policy(&["--allow-plaintext"]).expect("bare");
    assert_eq!(all, "everybody");
    let loopback = policy(&["--allow-plaintext=loopback"]).expect("loopback");
    assert_eq!(loopback, "loopback");
    assert_eq!(policy(&[]).expect("nothing"), "nobody");
    // The value needs its `=`, or a following word would be swallowed.
    assert!(policy(&["--allow-plaintext", "loopback"]).is_err());
    assert!(policy(&["--allow-plaintext=nobody"]).is_err());
}

#[test]
fn spellings_of_the_certificate_flags() {
    for cert in ["--cert", "--server-cert", "--server-public-cert"] {
        for key in [
            "--key",
            "--private-key",
            "--server-key",
            "--server-private-key",
        ] {
            let args = serve(&[cert, "a.crt", key, "a.key"]).expect(key);
            let OwnCertificate::Files(pairs) = args.tls.own() else {
                panic!("no files");
            };
            assert_eq!(pairs, [("a.crt".into(), "a.key".into())]);
            assert!(args.contradiction().is_none());
        }
    }
}

#[test]
fn one_alone_is_a_contradiction() {
    for flag in ["--cert", "--key"] {
        let args = serve(&[flag, "file"]).expect(flag);
        let sentence = args.contradiction().expect(flag);
        assert!(sentence.starts_with(&format!("{flag} was given without --")));
    }
}

#[test]
fn plaintext_only_conflicts_with_all_that_is_about_tls() {
    let args = serve(&["--plaintext-only"]).expect("alone");
    assert!(!args.speaks_tls());
    for flag in ["--client-ca=f", "--tls", "--allow-plaintext"] {
        let error = serve(&["--plaintext-only", flag]).expect_err(flag);
        assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{flag}");
    }
    for flag in ["--cert=c", "--key=k", "--name=n"] {
        let args = serve(&["--plaintext-only", flag]).expect(flag);
        let sentence = args.contradiction().expect(flag);
        assert!(
            sentence.ends_with("or add --answer-tls-with-http"),
            "{sentence}"
        );
    }
    let told = ["--plaintext-only", "--answer-tls-with-http", "--name=n"];
    let args = serve(&told).expect("a certificate to tell it with");
    assert!(args.contradiction().is_none() && args.speaks_tls());
    assert!(serve(&["--answer-tls-with-http"]).is_err());
}

#[test]
fn proxy_protocol() {
    let proxies = |who: &str| {
        let args = serve(&["--proxy-protocol", who])?;
        Ok::<_, clap::Error>(args.proxy_protocol.expect("given").to_string())
    };
    assert_eq!(proxies("10.0.0.5").expect("an address"), "10.0.0.5/32");
    let list = proxies("loopback,192.0.2.0/24").expect("a list");
    assert_eq!(list, "loopback, 192.0.2.0/24");
    for bad in ["all", "friends", ""] {
        assert!(proxies(bad).is_err(), "{bad}");
    }
}

#[test]
fn several_certificates_need_as_many_keys() {
    let argv = ["--cert=a", "--key=b", "--cert=c", "--key=d"];
    let args = serve(&argv).expect("two pairs");
    let OwnCertificate::Files(pairs) = args.tls.own() else {
        panic!("no files");
    };
    assert_eq!(pairs, [("a".into(), "b".into()), ("c".into(), "d".into())]);
    let args = serve(&argv[..3]).expect("arguments");
    let sentence = args.contradiction().expect("one key is missing");
    assert!(sentence.contains("2 times and --key 1 times"), "{sentence}");
}

#[test]
fn client_certificates() {
    let args = serve(&["--client-ca=a", "--client-ca=b", "--explain-client-cert"]);
    let clients = args.expect("arguments").clients;
    assert_eq!(clients.client_ca.len(), 2);
    assert!(clients.explain_client_cert && clients.are_required());
    assert!(serve(&["--explain-client-cert"]).is_err());
    // Nobody was asked for a certificate, and it looked as if all were.
    for how in ["--client-auth=required", "--client-auth=optional"] {
        let error = serve(&[how]).expect_err(how);
        assert!(error.to_string().contains("--client-ca"), "{error}");
    }
    let args = serve(&["--client-ca=a", "--client-auth=optional"]).expect("arguments");
    assert!(args.clients.are_asked() && !args.clients.are_required());
    // What others ask for alone, and then have no client certificates at all.
    let args = serve(&["--client-trust-system-root-store"]).expect("arguments");
    assert!(args.clients.are_required());
    for none in [
        "--client-no-trust-system-root-store",
        "--client-empty-trust-store",
    ] {
        assert!(serve(&["--client-ca=a", none]).is_ok(), "{none}");
        assert!(serve(&[none]).is_err(), "{none}");
        let both = ["--client-ca=a", none, "--client-trust-system-root-store"];
        assert!(serve(&both).is_err(), "{none}");
    }
    for spelling in [
        "trust-cert",
        "cert",
        "CA-certs",
        "root-cert-bundle",
        "ca-certs-bundle",
    ] {
        let flag = format!("--client-{spelling}=a");
        assert_eq!(serve(&[&flag]).expect(&flag).clients.client_ca.len(), 1);
    }
}

#[test]
fn plaintext_is_no_way_around_client_certificates() {
    for ca in ["--client-ca=a", "--client-trust-system-root-store"] {
        let argv = [ca, "--allow-plaintext=loopback"];
        let sentence = serve(&argv).expect("arguments").contradiction();
        let sentence = sentence.expect("a contradiction");
        assert!(
            sentence.contains("--plaintext-without-client-cert"),
            "{sentence}"
        );
        for meant in ["--plaintext-without-client-cert", "--client-auth=optional"] {
            let args = serve(&[argv[0], argv[1], meant]).expect("arguments");
            assert_eq!(args.contradiction(), None, "{meant}");
        }
    }
}

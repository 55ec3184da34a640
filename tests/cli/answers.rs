//! The flags that choose what the wrong client is answered.

use crate::process::{Oneport, ended};

const BROWSER: [&str; 2] = ["-H", "Upgrade-Insecure-Requests: 1"];

#[tokio::test]
async fn redirect_leads_get_to_the_names_of_the_certificate() {
    for (flag, status) in [
        ("--redirect", "308 "),
        ("--redirect=308", "308 "),
        ("--redirect=307", "307 "),
    ] {
        let server = Oneport::start(&[flag]).await;
        let answer = server.curl("http", "/a?b=1", &["-i"]).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        let location = format!(
            "\r\nlocation: https://localhost:{}/a?b=1\r\n",
            server.addr.port()
        );
        assert!(answer.contains(&location), "{answer}");
        assert!(
            answer.contains("\r\noneport-mismatch: plaintext-to-tls\r\n"),
            "{answer}"
        );
        // Followed, it is served.
        let options = ["-L", "--cacert", &server.ca()];
        assert!(server.curl("http", "/healthz", &options).await == "ok\n");
        for options in [
            &["-X", "POST"][..],
            &["-X", "DELETE"],
            &["-H", "Host: elsewhere.example"],
            &["-H", "Cookie: a=b"],
            &["-H", "Connection: Upgrade", "-H", "Upgrade: WebSocket"],
        ] {
            let answer = server.curl("http", "/", &[&["-i"], options].concat()).await;
            assert!(answer.starts_with("HTTP/1.1 426 "), "{options:?}: {answer}");
            assert!(!answer.to_lowercase().contains("\nlocation:"), "{answer}");
        }
    }
}

#[tokio::test]
async fn redirect_of_browsers_only() {
    let server = Oneport::start(&["--redirect=307,browsers"]).await;
    let answer = server.curl("http", "/", &["-i"]).await;
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    let vary = "\r\nvary: upgrade-insecure-requests\r\n";
    assert!(answer.contains(vary), "{answer}");
    let options = [&["-i"], &BROWSER[..]].concat();
    let answer = server.curl("http", "/", &options).await;
    assert!(answer.starts_with("HTTP/1.1 307 "), "{answer}");
    assert!(answer.contains(vary), "{answer}");
}

/// A container's port 3000 may be the world's 443.
#[tokio::test]
async fn redirect_to_another_port() {
    let server = Oneport::start(&["--redirect=307,port=8443"]).await;
    let answer = server.curl("http", "/a", &["-i"]).await;
    assert!(
        answer.contains("\r\nlocation: https://localhost:8443/a\r\n"),
        "{answer}"
    );
}

/// Where everybody is served over plaintext, the same rules are a layer of the
/// application; where some are let in on purpose, those are served.
#[tokio::test]
async fn redirect_beside_plaintext() {
    let server = Oneport::start(&["--allow-plaintext", "--redirect=308,browsers"]).await;
    assert_eq!(server.status("http", "/healthz", &[]).await, "200");
    assert_eq!(server.status("http", "/healthz", &BROWSER).await, "308");
    let server = Oneport::start(&["--allow-plaintext=loopback", "--redirect"]).await;
    assert_eq!(server.status("http", "/healthz", &[]).await, "200");
}

#[tokio::test]
async fn hsts_over_tls_alone() {
    let server =
        Oneport::start(&["--allow-plaintext", "--hsts", "86400", "--name", "dev.test"]).await;
    let host = ["-i", "-H", "Host: dev.test"];
    let over_tls = server.curl("https", "/healthz", &host).await;
    assert!(
        over_tls.contains("\r\nstrict-transport-security: max-age=86400\r\n"),
        "{over_tls}"
    );
    let plaintext = server.curl("http", "/healthz", &host).await;
    assert!(
        !plaintext.to_lowercase().contains("strict-transport"),
        "{plaintext}"
    );
    // Browsers would apply it to every development server on this machine.
    let localhost = server.curl("https", "/healthz", &["-i"]).await;
    assert!(
        !localhost.to_lowercase().contains("strict-transport"),
        "{localhost}"
    );
}

#[tokio::test]
async fn plaintext_is_reported_on_a_signal_and_at_the_end() {
    let server = Oneport::start(&["--allow-plaintext", "--report-plaintext"]).await;
    for _ in 0..3 {
        let answer = server
            .curl("http", "/healthz", &["-i", "-A", "old-agent/1"])
            .await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains("\r\ndeprecation: @"), "{answer}");
        let warning =
            "\r\noneport-warning: Plaintext will be turned off on this port: use https://";
        assert!(answer.contains(warning), "{answer}");
    }
    let answer = server
        .curl("https", "/healthz", &["-i", "-A", "new-agent/1"])
        .await;
    assert!(!answer.contains("deprecation"), "{answer}");
    server.signal("USR1").await;
    // Answered, so the signal has been taken.
    server
        .curl("http", "/healthz", &["-A", "last-agent/1"])
        .await;
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    let reports = log.matches("  127.0.0.1  old-agent/1  ").count();
    assert_eq!(reports, 2, "{log}");
    assert!(
        log.contains("plaintext: 4 requests from 2 clients"),
        "{log}"
    );
    assert!(
        log.contains("     3  127.0.0.1  old-agent/1  ") || log.contains("  3  127.0.0.1"),
        "{log}"
    );
    assert!(!log.contains("new-agent"), "{log}");
}

/// Its default is to end the process.
#[tokio::test]
async fn usr1_without_a_report_is_no_end() {
    let server = Oneport::start(&[]).await;
    server.signal("USR1").await;
    assert_eq!(server.status("https", "/healthz", &[]).await, "200");
    assert!(
        server
            .stopped()
            .await
            .contains("without --report-plaintext")
    );
}

#[tokio::test]
async fn tls_clients_of_a_plaintext_only_port_are_told_in_http() {
    let server = Oneport::start(&["--plaintext-only", "--answer-tls-with-http"]).await;
    let answer = server.curl("https", "/", &["-i", "--http1.1"]).await;
    assert!(
        answer.starts_with("HTTP/1.1 421 This port speaks plaintext only"),
        "{answer}"
    );
    assert_eq!(server.status("http", "/healthz", &[]).await, "200");
}

#[tokio::test]
async fn client_certificates_are_required_and_explained() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let pki = crate::support::Pki::new();
    let ca = pki.ca_path();
    // The test's own leaf stands for a client's: it has no key usage.
    std::fs::write(
        path("client.pem"),
        [
            std::fs::read(pki.cert_path()).unwrap(),
            std::fs::read(pki.key_path()).unwrap(),
        ]
        .concat(),
    )
    .unwrap();
    let client = ["--cert", &path("client.pem")];
    let ca = ca.to_str().unwrap();

    let strict = Oneport::start(&["--client-ca", ca]).await;
    let report = &strict.report;
    assert!(
        report.contains("only for clients with a certificate"),
        "{report}"
    );
    assert!(
        report.contains("curl --cert CLIENT.crt --key CLIENT.key"),
        "{report}"
    );
    assert!(!report.contains("--allow-plaintext"), "{report}");
    assert_eq!(strict.status("https", "/healthz", &client).await, "200");
    let log = strict.stopped().await;
    assert!(!log.contains("refused"), "{log}");

    let explaining = Oneport::start(&["--client-ca", ca, "--explain-client-cert"]).await;
    assert_eq!(explaining.status("https", "/healthz", &client).await, "200");
    let answer = explaining
        .curl("https", "/healthz", &["-i", "--http1.1"])
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 403 This port requires a client certificate"),
        "{answer}"
    );
    let log = explaining.stopped().await;
    assert!(
        log.contains("remedy=\"give the client a certificate from a CA that --client-ca names\""),
        "{log}"
    );

    let missing = path("missing.crt");
    let (code, _, stderr) = ended(&["--listen", "127.0.0.1:0", "--client-ca", &missing]).await;
    assert_eq!(code, 4, "{stderr}");
    assert!(
        stderr.contains("client CA file") && stderr.contains("does not exist"),
        "{stderr}"
    );
}

#[tokio::test]
async fn what_contradicts_itself_is_2() {
    for (args, word) in [
        (
            &["--redirect=301"][..],
            "301 and 302 turn a POST into a GET",
        ),
        (&["--redirect=browser"], "is none of 308, 307"),
        (&["--redirect=port=0"], "is none of 308, 307"),
        (&["--redirect", "--plaintext-only"], "--plaintext-only"),
        (&["--hsts", "1", "--plaintext-only"], "--plaintext-only"),
        (&["--hsts", "soon"], "--hsts"),
        (&["--report-plaintext"], "--allow-plaintext"),
        (&["--explain-client-cert"], "--client-ca"),
        (&["--answer-tls-with-http"], "--plaintext-only"),
        (
            &["--client-ca", "a", "--allow-plaintext"],
            "--plaintext-without-client-cert",
        ),
        (
            &["--plaintext-only", "--cert", "a", "--key", "b"],
            "--answer-tls-with-http",
        ),
        (&["--proxy-protocol", "all"], "name the proxies"),
    ] {
        let (code, _, stderr) = ended(args).await;
        assert_eq!(code, 2, "{args:?}: {stderr}");
        let flat = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(word), "{args:?}: {flat}");
    }
}

#[tokio::test]
async fn every_choice_is_in_the_help_with_its_default_and_its_risk() {
    let (_, help, _) = ended(&["--help"]).await;
    for flag in [
        "--redirect[=<308|307[,browsers][,port=N]>]",
        "--hsts <MAX_AGE>",
        "--explain-client-cert",
        "--answer-tls-with-http",
        "--close-websockets",
        "--report-plaintext",
        "--plaintext-without-client-cert",
    ] {
        // With a line of its own, not where another one names it.
        let (_, text) = help.split_once(&format!("      {flag}")).expect(flag);
        let text = text.split("\n      --").next().unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("Off by default"), "{flag}: {text}");
        assert!(text.contains("Risk: "), "{flag}: {text}");
    }
}

/// Counted before it is led away: five redirected requests were "0 requests" in
/// the report that says whether plaintext can be turned off.
#[tokio::test]
async fn who_is_redirected_has_used_plaintext() {
    let flags = ["--allow-plaintext", "--report-plaintext", "--redirect"];
    let server = Oneport::start(&flags).await;
    assert_eq!(server.status("http", "/healthz", &[]).await, "308");
    server.signal("TERM").await;
    let (_, log) = server.end().await;
    assert!(log.contains("plaintext: 1 request"), "{log}");
}

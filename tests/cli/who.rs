//! Who is served over what.

use crate::process::{Oneport, ended};
use crate::support::run;

const SENTENCE: &str =
    "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://).";

#[tokio::test]
async fn without_flags_the_port_is_tls_only_and_says_so() {
    for flags in [&[][..], &["serve"], &["--tls"], &["--secure"]] {
        // `serve` has to come before --listen.
        let args = [flags, &["--listen", "127.0.0.1:0"]].concat();
        let server = Oneport::start(&args).await;
        assert_eq!(server.curl("https", "/healthz", &[]).await, "ok\n");
        assert_eq!(server.status("http", "/healthz", &[]).await, "426");
        assert!(
            server
                .curl("http", "/healthz", &[])
                .await
                .contains(SENTENCE)
        );
    }
}

#[tokio::test]
async fn allow_plaintext_serves_both() {
    for flag in [
        "--allow-plaintext",
        "--allow-plaintext=all",
        "--allow-plaintext=loopback",
        "--allow-plaintext=private",
        "--allow-plaintext=192.0.2.0/24,127.0.0.0/8",
        "--allow-plaintext=127.0.0.1",
    ] {
        let server = Oneport::start(&[flag]).await;
        for scheme in ["http", "https"] {
            assert_eq!(server.curl(scheme, "/healthz", &[]).await, "ok\n", "{flag}");
        }
    }
}

#[tokio::test]
async fn allow_plaintext_for_others_tells_us_to_use_tls() {
    let server = Oneport::start(&["--allow-plaintext=192.0.2.0/24"]).await;
    assert_eq!(server.curl("https", "/healthz", &[]).await, "ok\n");
    let refusal = server.curl("http", "/healthz", &["-i"]).await;
    assert!(refusal.starts_with("HTTP/1.1 426"), "{refusal}");
    assert!(refusal.contains(SENTENCE), "{refusal}");
}

#[tokio::test]
async fn plaintext_only_needs_no_certificate() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    assert_eq!(server.curl("http", "/healthz", &[]).await, "ok\n");
    // CURLE_SSL_CONNECT_ERROR: what came back is our sentence, not TLS.
    let refused = run(
        "curl",
        &["-sSk", "--noproxy", "*", &server.url("https", "/")],
    )
    .await;
    assert_eq!(refused.status.code(), Some(35), "{refused:?}");
    let home = std::fs::read_dir(server.home.path()).unwrap();
    assert_eq!(home.count(), 0, "it made files");
}

#[tokio::test]
async fn the_environment_says_it_too() {
    let home = tempfile::tempdir().unwrap();
    let mut command = crate::process::command(&home, &["serve"]);
    command
        .env("ONEPORT_LISTEN", "127.0.0.1:0")
        .env("ONEPORT_ALLOW_PLAINTEXT", "loopback");
    let server = Oneport::started(home, command).await;
    assert_eq!(server.curl("http", "/healthz", &[]).await, "ok\n");
}

#[tokio::test]
async fn plaintext_for_strangers_is_warned_about_where_they_can_reach_the_port() {
    let warning = "plaintext is served to everybody";
    for (args, warned) in [
        (&["--listen", "0.0.0.0:0", "--allow-plaintext"][..], true),
        (&["--listen", "[::]:0", "--allow-plaintext=all"], true),
        (
            &["--listen", "0.0.0.0:0", "--allow-plaintext=private"],
            false,
        ),
        (&["--listen", "0.0.0.0:0"], false),
        (&["--listen", "127.0.0.1:0", "--allow-plaintext"], false),
    ] {
        let server = Oneport::start(args).await;
        let log = server.stopped().await;
        assert_eq!(log.contains(warning), warned, "{args:?}: {log}");
    }
}

#[tokio::test]
async fn host_names_and_both_families() {
    let server = Oneport::start(&["--listen", "localhost:0"]).await;
    assert!(server.addr.ip().is_loopback());
    assert_eq!(server.curl("https", "/healthz", &[]).await, "ok\n");

    // `-l` and `--listen-addr` are other spellings; the last one would win if
    // they were not refused together.
    let (code, _, _) = ended(&["-l", "127.0.0.1:0", "--listen-addr", "127.0.0.1:0"]).await;
    assert_eq!(code, 2);

    let server = Oneport::start(&["--listen", "[::]:0", "--allow-plaintext=loopback"]).await;
    let port = server.addr.port();
    for host in ["127.0.0.1", "[::1]"] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/healthz");
            let args = ["-sS", "--noproxy", "*", "--cacert", &server.ca(), &url];
            assert_eq!(
                crate::support::output_of("curl", &args).await,
                "ok\n",
                "{url}"
            );
        }
    }
}

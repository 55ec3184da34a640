//! What is refused before anything is served, with which exit code and words.

use crate::process::{Oneport, ended};

/// Refused with this code, and words on stderr that contain all of these.
async fn refused(args: &[&str], code: i32, words: &[&str]) {
    let (ended_with, stdout, stderr) = ended(args).await;
    assert_eq!(ended_with, code, "{args:?}: {stderr}");
    assert_eq!(stdout, "", "{args:?}");
    // clap wraps its sentences.
    let flat = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(flat.contains(word), "{args:?}: `{word}` not in: {flat}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[tokio::test]
async fn help_and_version_are_no_failure() {
    for args in [&["--help"][..], &["-h"], &["serve", "--help"]] {
        let (code, stdout, stderr) = ended(args).await;
        assert_eq!((code, stderr.as_str()), (0, ""));
        for code in ["0", "1", "2", "3", "4", "5", "130", "143"] {
            let line = format!("{code:>3}  ");
            assert!(
                stdout
                    .lines()
                    .any(|l| l.trim_start_matches("  ").starts_with(line.trim_start())),
                "{code}"
            );
        }
        for flag in [
            "--allow-plaintext[=<WHO>]",
            "--plaintext-only",
            "--ssl",
            "--private-key",
        ] {
            assert!(stdout.contains(flag), "{flag}");
        }
    }
    let (code, stdout, _) = ended(&["--version"]).await;
    assert_eq!(
        (code, stdout.trim()),
        (0, concat!("oneport ", env!("CARGO_PKG_VERSION")))
    );
}

#[tokio::test]
async fn wrong_usage_is_2() {
    refused(&["--no-such-flag"], 2, &["--no-such-flag"]).await;
    refused(&["serve", "--drain", "soon"], 2, &["--drain"]).await;
    refused(&["--log-format", "xml"], 2, &["text", "json"]).await;
    refused(&["--listen", "3000"], 2, &["127.0.0.1:3000"]).await;
    refused(&["--listen", ":3000"], 2, &["[::]:3000"]).await;
    refused(&["--listen", "::1:3000"], 2, &["[::1]:3000"]).await;
    refused(
        &["--allow-plaintext=friends"],
        2,
        &["`friends` is none of all, loopback, private"],
    )
    .await;
    refused(
        &["--allow-plaintext=10.0.0.0/40"],
        2,
        &["a network such as 10.1.0.0/16"],
    )
    .await;
}

#[tokio::test]
async fn certificate_or_key_alone_is_2() {
    let sentence = "a server needs the certificate and its key";
    for cert in ["--cert", "--server-cert", "--server-public-cert"] {
        refused(
            &[cert, "a.crt"],
            2,
            &["--cert was given without --key", sentence],
        )
        .await;
    }
    for key in [
        "--key",
        "--private-key",
        "--server-key",
        "--server-private-key",
    ] {
        refused(
            &["serve", key, "a.key"],
            2,
            &["--key was given without --cert", sentence],
        )
        .await;
    }
}

#[tokio::test]
async fn plaintext_only_with_anything_about_tls_is_2() {
    for flag in [
        "--tls",
        "--ssl",
        "--https",
        "--secure",
        "--cert=a",
        "--key=a",
        "--name=a",
        "--allow-plaintext",
    ] {
        refused(
            &["--plaintext-only", flag],
            2,
            &["--plaintext-only", "cannot be used with"],
        )
        .await;
    }
    refused(
        &["--name=a", "--cert=a", "--key=a"],
        2,
        &["cannot be used with"],
    )
    .await;
}

#[tokio::test]
async fn a_root_that_cannot_be_served_is_2() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let listen = ["--listen", "127.0.0.1:0", "--root"];
    let missing = path("missing");
    refused(
        &[&listen[..], &[&missing]].concat(),
        2,
        &[&missing, "cannot be served"],
    )
    .await;
    std::fs::write(path("file"), "").unwrap();
    let file = path("file");
    refused(
        &[&listen[..], &[&file]].concat(),
        2,
        &[&file, "is not a directory"],
    )
    .await;
}

#[tokio::test]
async fn a_root_with_the_private_key_in_it_is_2() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    let data = directory.path().join("visible");
    let data = data.to_str().unwrap();
    let args = [
        "--listen",
        "127.0.0.1:0",
        "--root",
        root,
        "--data-dir",
        data,
    ];
    refused(
        &args,
        2,
        &["would serve", "server.key to everybody", "keep it outside"],
    )
    .await;
    // Below a name with a dot it is not served.
    let hidden = directory.path().join(".hidden");
    let args = ["--root", root, "--data-dir", hidden.to_str().unwrap()];
    Oneport::start(&args).await;
}

#[tokio::test]
async fn an_address_that_cannot_be_listened_on_is_3() {
    let first = Oneport::start(&[]).await;
    let (taken, port) = (first.addr.to_string(), first.addr.port().to_string());
    let sport = format!("'sport = :{port}'");
    let in_use = format!("port {port} is in use");
    let mut words = vec![in_use.as_str(), "--listen 127.0.0.1:0"];
    if cfg!(target_os = "linux") {
        words.extend(["ss -ltnp", &sport]);
    }
    refused(&["--listen", &taken], 3, &words).await;
    // An address of documentation (RFC 5737), so not one of this machine.
    let words = ["this machine does not have the address 192.0.2.1"];
    refused(&["--listen", "192.0.2.1:0"], 3, &words).await;
    // Not a host name at all, so nobody is asked about it.
    let words = ["cannot listen on a..b:0", "cannot be resolved"];
    refused(&["--listen", "a..b:0"], 3, &words).await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_4() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (missing, text) = (path("missing.pem"), path("text.pem"));
    std::fs::write(&text, "not a certificate\n").unwrap();
    let listen = ["--listen", "127.0.0.1:0"];
    let args = ["--cert", &missing, "--key", &missing];
    refused(&[&listen[..], &args].concat(), 4, &[&missing]).await;
    let args = ["--cert", &text, "--key", &text];
    refused(&[&listen[..], &args].concat(), 4, &[&text]).await;
    // No directory can be made below a file.
    let below = format!("{text}/data");
    refused(
        &[&listen[..], &["--data-dir", &below]].concat(),
        4,
        &[&text],
    )
    .await;
}

/// Too few file descriptors for the runtime itself.
#[cfg(unix)]
#[tokio::test]
async fn a_server_that_fails_is_1() {
    let oneport = env!("CARGO_BIN_EXE_oneport");
    let script = "ulimit -n 4; exec \"$0\" --listen 127.0.0.1:0";
    let output = crate::support::run("sh", &["-c", script, oneport]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("oneport: the server failed: "), "{words}");
}

//! `--acme`, as far as no CA is needed.

use crate::process::ended;

#[tokio::test]
async fn what_no_certificate_can_be_had_for_is_wrong_usage() {
    for (args, hint) in [
        (&["--acme", "*.example.org"][..], "dns-01"),
        (&["--acme", "localhost"], "leave ACME out"),
        (&["--acme", "192.0.2.1"], "IP address"),
        (&["--acme", "a.example.org,b"], "whole domain"),
        (
            &[
                "--acme",
                "a.example.org",
                "--acme-directory",
                "http://ca/dir",
            ],
            "https://",
        ),
        (&["--acme", "a.example.org", "--acme-email", "me"], "e-mail"),
        (
            &["--acme", "a.example.org", "--cert", "a.pem"],
            "cannot be used with",
        ),
        (
            &["--acme", "a.example.org", "--name", "b"],
            "cannot be used with",
        ),
        (
            &["--acme", "a.example.org", "--plaintext-only"],
            "cannot be used with",
        ),
        (&["--acme-email", "me@example.org"], "--acme <DOMAIN>"),
        (
            &["--acme", "a.example.org", "--acme-challenge", "dns-01"],
            "http-01",
        ),
    ] {
        let args = [&["--listen", "127.0.0.1:0"], args].concat();
        let (code, _, stderr) = ended(&args).await;
        assert_eq!(code, 2, "{args:?}: {stderr}");
        assert!(stderr.contains(hint), "{args:?}: {stderr}");
    }
}

#[tokio::test]
async fn a_root_that_cannot_be_read_is_a_certificate_problem() {
    let args = ["--listen", "127.0.0.1:0", "--acme", "a.example.org"];
    let args = [&args[..], &["--acme-root", "/nonexistent/ca.pem"]].concat();
    let (code, _, stderr) = ended(&args).await;
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("/nonexistent/ca.pem"), "{stderr}");
}

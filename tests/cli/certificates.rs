//! Which certificate is served, and what the report says of it.

use crate::process::{Oneport, ended};
use crate::support::{Pki, output_of};

/// The line of the report that begins with this word.
fn line<'a>(server: &'a Oneport, word: &str) -> &'a str {
    let mut lines = server.report.lines().map(str::trim);
    let line = lines.find_map(|line| line.strip_prefix(word));
    line.unwrap_or_else(|| panic!("no {word} in {}", server.report))
        .trim()
}

async fn fingerprint(file: &str) -> String {
    let args = ["x509", "-in", file, "-noout", "-fingerprint", "-sha256"];
    let printed = output_of("openssl", &args).await;
    printed.trim().split_once('=').unwrap().1.to_owned()
}

#[tokio::test]
async fn the_development_certificate_is_reported_and_kept() {
    let first = Oneport::start(&["--name", "oneport.example"]).await;
    let (file, sha256) = (
        line(&first, "file").to_owned(),
        line(&first, "sha256").to_owned(),
    );
    assert_eq!(fingerprint(&file).await, sha256);
    assert!(line(&first, "certificate").contains("for development"));
    for name in ["localhost", "127.0.0.1", "::1", "oneport.example"] {
        assert!(
            line(&first, "names").split(", ").any(|known| known == name),
            "{name}"
        );
    }
    let expires = line(&first, "expires");
    assert!(
        expires.starts_with("20") && expires.contains(" days)"),
        "{expires}"
    );

    first.signal("TERM").await;
    let home = tempfile::tempdir().unwrap();
    let data = first.home.path().join(".local/share/oneport/dev-certs");
    let data = data.to_str().unwrap();
    // Another home, the same data directory, and one name fewer.
    let again = Oneport::start_in(home, &["--data-dir", data]).await;
    assert_eq!(line(&again, "sha256"), sha256);
}

#[tokio::test]
async fn the_bind_address_is_a_name_of_the_certificate() {
    let server = Oneport::start(&["--listen", "127.7.7.7:0"]).await;
    let names = line(&server, "names");
    assert!(names.split(", ").any(|name| name == "127.7.7.7"), "{names}");
    let url = format!("https://{}/healthz", server.addr);
    let args = ["-sS", "--noproxy", "*", "--cacert", &server.ca(), &url];
    assert_eq!(output_of("curl", &args).await, "ok\n");
}

#[tokio::test]
async fn own_files_under_every_spelling() {
    let pki = Pki::new();
    let (ca, cert, key) = (pki.ca_path(), pki.cert_path(), pki.key_path());
    let [ca, cert, key] = [&ca, &cert, &key].map(|path| path.to_str().unwrap());
    for [cert_flag, key_flag] in [
        ["--cert", "--key"],
        ["--server-cert", "--server-key"],
        ["--server-public-cert", "--server-private-key"],
        ["--cert", "--private-key"],
    ] {
        let server = Oneport::start(&[cert_flag, cert, key_flag, key, "--ssl"]).await;
        assert_eq!(line(&server, "sha256"), fingerprint(cert).await);
        assert_eq!(line(&server, "file"), cert);
        let url = server.url("https", "/healthz");
        let args = ["-sS", "--noproxy", "*", "--cacert", ca, &url];
        assert_eq!(output_of("curl", &args).await, "ok\n");
    }
}

#[tokio::test]
async fn the_command_for_an_own_name_works_without_dns() {
    let directory = tempfile::tempdir().unwrap();
    // A space, so that the path needs quotes.
    let combined = directory.path().join("my server.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let names = ["*.oneport.example".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    std::fs::write(&combined, certificate.pem() + &key.serialize_pem()).unwrap();
    let combined = combined.to_str().unwrap();

    let server = Oneport::start(&["--cert", combined, "--key", combined]).await;
    let mut lines = server.report.lines().map(str::trim);
    let command = lines.find(|line| line.starts_with("curl ")).unwrap();
    assert!(command.contains(&format!(
        "https://www.oneport.example:{}/",
        server.addr.port()
    )));
    let command = command.replacen("curl ", "curl -sS --noproxy '*' ", 1);
    let whoami = output_of("sh", &["-c", &command]).await;
    assert!(
        whoami.contains("\"sni\": \"www.oneport.example\""),
        "{whoami}"
    );
}

#[tokio::test]
async fn an_expired_certificate_is_refused_or_warned_about() {
    let directory = tempfile::tempdir().unwrap();
    let combined = directory.path().join("old.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(&combined, certificate.pem() + &key.serialize_pem()).unwrap();
    let combined = combined.to_str().unwrap();

    let flags = [
        "--cert",
        combined,
        "--key",
        combined,
        "--accept-expired-cert",
    ];
    let server = Oneport::start(&flags).await;
    let log = server.stopped().await;
    assert!(log.contains("expired on 2002-01-01"), "{log}");

    let (code, _, stderr) = ended(&flags[..4]).await;
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("--accept-expired-cert"), "{stderr}");
}

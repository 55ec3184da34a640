//! What `oneport cert` does to files: whole or not at all, and nothing that was
//! there is lost.

use crate::certs::Certs;

/// Every command that makes new files, and one of them.
const COMMANDS: [(&str, &str); 5] = [
    ("ca", "ca.key"),
    ("ca --for clients", "ca4clients.key"),
    ("server", "server.key"),
    ("client", "client1.key"),
    ("self-signed", "serverSS.key"),
];

#[tokio::test]
async fn the_second_run_touches_nothing() {
    let certs = Certs::new();
    for (command, _) in COMMANDS {
        certs.made(command).await;
    }
    let before = certs.everything();
    for (command, file) in COMMANDS {
        let ended = certs.cert(command).await;
        assert_eq!((ended.code, ended.out.as_str()), (1, ""));
        let expected = format!("oneport: {file} is there already, and nothing was written");
        assert!(ended.err.starts_with(&expected), "{}", ended.err);
    }
    assert_eq!(certs.everything(), before);
}

#[tokio::test]
async fn one_file_in_the_way_is_enough() {
    // The last of several, a directory, and a link to nowhere.
    let certs = Certs::new();
    certs.write("b.crt", "mine");
    let ended = certs.cert("client a b").await;
    assert!(
        ended.err.contains("b.crt is there already"),
        "{}",
        ended.err
    );
    assert_eq!(certs.names(), ["b.crt"]);
    assert_eq!(certs.text("b.crt"), "mine");

    let certs = Certs::new();
    std::os::unix::fs::symlink("nowhere", certs.path("server.crt")).unwrap();
    let ended = certs.cert("server").await;
    assert!(
        ended.err.contains("server.crt is there already"),
        "{}",
        ended.err
    );
    assert!(!certs.path("ca.key").exists() && !certs.path("nowhere").exists());

    let certs = Certs::new();
    std::fs::create_dir(certs.path("ca.crt")).unwrap();
    assert_eq!(certs.cert("ca").await.code, 1);
    assert!(!certs.path("ca.key").exists());
}

#[tokio::test]
async fn force_keeps_the_old_files() {
    let certs = Certs::new();
    certs.made("server").await;
    let first = (certs.text("server.key"), certs.text("server.crt"));
    let said = certs.made("server --force").await;
    assert!(
        said.contains("What was server.key is now server.key.old."),
        "{said}"
    );
    let second = (certs.text("server.key"), certs.text("server.crt"));
    assert_ne!(first, second);
    certs.made("server --force").await;
    let old = (certs.text("server.key.old"), certs.text("server.crt.old"));
    let older = (certs.text("server.key.old2"), certs.text("server.crt.old2"));
    assert_eq!((old, older), (first, second));
    // The CA is used again, not made again.
    assert!(!certs.path("ca.key.old").exists());
    certs.openssl_says("verify -CAfile ca.crt server.crt").await;
    let leftovers = certs
        .names()
        .into_iter()
        .filter(|name| name.starts_with('.'));
    assert_eq!(leftovers.count(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let certs = Certs::new();
    for (command, _) in COMMANDS {
        certs.made(&format!("{command} --out new/sub")).await;
    }
    let mode = |path: &std::path::Path| {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        mode & 0o777
    };
    assert_eq!(mode(&certs.path("new/sub")), 0o700);
    let mut keys = 0;
    for entry in std::fs::read_dir(certs.path("new/sub")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().unwrap() == "key" {
            keys += 1;
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        } else {
            assert_eq!(mode(&path) | 0o644, 0o644, "{}", path.display());
        }
    }
    assert_eq!(keys, 5);
}

#[tokio::test]
async fn what_cannot_be_written() {
    let certs = Certs::new();
    certs.write("file", "");
    let ended = certs.cert("server --out file/dir").await;
    assert_eq!(ended.code, 1);
    assert!(
        ended.err.contains("file/dir cannot be written"),
        "{}",
        ended.err
    );
    assert_eq!(certs.names(), ["file"]);
}

/// Two that start at once must not end with a certificate of a CA that the
/// other has taken back, or with the key of one and the certificate of the other.
#[tokio::test]
async fn of_many_at_once_one_makes_everything() {
    let certs = Certs::new();
    let all = (0..6).map(|_| certs.cert("server"));
    let ended = futures_util::future::join_all(all).await;
    let made = ended.iter().filter(|ended| ended.code == 0).count();
    assert_eq!(made, 1, "{ended:?}");
    assert_eq!(
        certs.names(),
        ["ca.crt", "ca.key", "server.crt", "server.key"]
    );
    certs.openssl_says("verify -CAfile ca.crt server.crt").await;
    oneport::tls::load(certs.path("server.crt"), certs.path("server.key")).unwrap();
}

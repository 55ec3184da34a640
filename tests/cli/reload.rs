//! Certificates that change while the server runs.

use std::fs;
use std::path::Path;

use crate::process::Oneport;
use crate::support::within;

/// A certificate for localhost that signed itself, and its key, as files.
fn write(directory: &Path, name: &str) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = |extension: &str| directory.join(format!("{name}.{extension}"));
    // The order in which certbot writes them.
    fs::write(file("crt"), made.cert.pem()).unwrap();
    fs::write(file("key"), made.signing_key.serialize_pem()).unwrap();
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Until the server has the certificate that is in the file now.
async fn serves(server: &Oneport, cert: &str) {
    let url = server.url("https", "/healthz");
    let args = ["-sS", "--noproxy", "*", "--cacert", cert, &url];
    within(async {
        loop {
            let curl = crate::support::run("curl", &args).await;
            if curl.status.success() {
                break;
            }
            // Between two processes: nothing to be notified of.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn sighup_reloads_and_a_bad_file_keeps_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "a");
    let cert = text(&directory.path().join("a.crt"));
    let key = text(&directory.path().join("a.key"));
    let flags = ["--cert", &cert, "--key", &key, "--no-watch"];
    let mut server = Oneport::start(&flags).await;
    serves(&server, &cert).await;

    let old = text(&directory.path().join("old.crt"));
    fs::copy(&cert, &old).unwrap();
    fs::write(&cert, "half a certifi").unwrap();
    server.signal("HUP").await;
    // The old one is served before it has looked, too; and two signals that
    // come together are one.
    server.says("the certificates cannot be reloaded").await;
    serves(&server, &old).await;

    write(directory.path(), "a");
    server.signal("HUP").await;
    serves(&server, &cert).await;
    let log = server.stopped().await;
    assert!(
        log.contains("the certificates cannot be reloaded, what was there before stays in use"),
        "{log}"
    );
    assert!(log.contains(&format!("serving with {cert}: ")), "{log}");
}

#[tokio::test]
async fn files_are_watched_and_one_of_two_may_change() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        write(directory.path(), name);
    }
    let path = |name: &str| text(&directory.path().join(name));
    let (cert, key) = (path("a.crt"), path("a.key"));
    let (other, other_key) = (path("b.crt"), path("b.key"));
    let server = Oneport::start(&[
        "--cert", &cert, "--key", &key, "--cert", &other, "--key", &other_key,
    ])
    .await;
    for file in [&cert, &other] {
        assert!(server.report.contains(file), "{}", server.report);
    }
    serves(&server, &cert).await;
    write(directory.path(), "a");
    serves(&server, &cert).await;
    let log = server.stopped().await;
    assert!(
        log.contains("certificate files have changed: reloaded"),
        "{log}"
    );
    assert!(log.contains(&format!("serving with {cert}: ")), "{log}");
}

#[tokio::test]
async fn there_may_be_nothing_to_reload() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    server.signal("HUP").await;
    assert_eq!(server.status("http", "/healthz", &[]).await, "200");
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("there is nothing to reload"), "{log}");
}

/// Kubernetes removes the directory of the files that were replaced, and notify
/// warned of that at each renewal.
#[tokio::test]
async fn a_directory_that_goes_is_no_news() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    for version in ["1", "2"] {
        fs::create_dir(path(version)).unwrap();
        write(&path(version), "tls");
    }
    let link = |target: &str| {
        std::os::unix::fs::symlink(target, path("new")).unwrap();
        fs::rename(path("new"), path("data")).unwrap();
    };
    link("1");
    let (cert, key) = (text(&path("data/tls.crt")), text(&path("data/tls.key")));
    let server = Oneport::start(&["--cert", &cert, "--key", &key]).await;
    serves(&server, &cert).await;
    link("2");
    fs::remove_dir_all(path("1")).unwrap();
    serves(&server, &cert).await;
    let log = server.stopped().await;
    assert!(!log.contains("WARN"), "{log}");
}

/// A pipe gives its content once: reading it again never ended, and later
/// signals did nothing.
#[tokio::test]
async fn a_pipe_is_not_read_again() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "a");
    let path = |name: &str| text(&directory.path().join(name));
    let fifo = path("fifo");
    let made = crate::support::run("mkfifo", &[&fifo]).await;
    assert!(made.status.success());
    let writer = {
        let (fifo, key) = (fifo.clone(), fs::read(path("a.key")).unwrap());
        std::thread::spawn(move || fs::write(fifo, key))
    };
    let flags = ["--allow-special-files", "--cert", &path("a.crt"), "--key"];
    let server = Oneport::start(&[&flags[..], &[&fifo]].concat()).await;
    writer.join().unwrap().unwrap();
    server.signal("HUP").await;
    serves(&server, &path("a.crt")).await;
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("the files are not watched: "), "{log}");
    assert!(log.contains("SIGHUP: nothing is reloaded: "), "{log}");
}

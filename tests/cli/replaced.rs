//! Files that vanish, or become something else, under a server that reloads them:
//! by SIGHUP, and by watching. What was there before goes on, and the log says why.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::process::Oneport;
use crate::support::{output_of, run, within};
use crate::wrapped::{allow, assert_bound, bound_by_permissions, started, write_pair};

/// What becomes of a file, and what the log says then.
type Case = (&'static str, fn(&Path), &'static str);

const CASES: [Case; 9] = [
    ("it vanishes", |_| {}, "does not exist"),
    (
        "a directory",
        |path| fs::create_dir(path).unwrap(),
        "expected a regular file",
    ),
    (
        "a device",
        |path| symlink("/dev/zero", path).unwrap(),
        "expected a regular file",
    ),
    ("a pipe", |path| make_pipe(path), "expected a regular file"),
    (
        "a link to nothing",
        |path| symlink("nowhere", path).unwrap(),
        "does not exist",
    ),
    (
        "a link to itself",
        |path| symlink(path.file_name().unwrap(), path).unwrap(),
        "Too many levels of symbolic links",
    ),
    (
        "garbage",
        |path| fs::write(path, [0xff; 100_000]).unwrap(),
        "",
    ),
    (
        // Sparse.
        "a large one",
        |path| fs::File::create(path).unwrap().set_len(1 << 40).unwrap(),
        "",
    ),
    (
        "unreadable",
        |path| {
            fs::write(path, "").unwrap();
            allow(path, 0o000);
        },
        "Permission denied",
    ),
];

fn make_pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

#[tokio::test]
async fn by_sighup() {
    become_everything(&["--no-watch"]).await;
}

#[tokio::test]
async fn while_watched() {
    become_everything(&[]).await;
}

async fn become_everything(flags: &[&str]) {
    let wrapper = bound_by_permissions();
    assert_bound(wrapper).await;
    let directory = tempfile::tempdir().unwrap();
    let (cert, key) = write_pair(directory.path(), "a");
    let mut args = vec!["--cert", cert.to_str().unwrap()];
    args.extend(["--key", key.to_str().unwrap()]);
    args.extend(flags);
    let watched = flags.is_empty();
    let mut server = started(tempfile::tempdir().unwrap(), wrapper, &args).await;
    let old = directory.path().join("old.crt");
    fs::copy(&cert, &old).unwrap();
    for (number, (_, breaking, words)) in CASES.into_iter().enumerate() {
        // A watch takes its time: for it, each in turn.
        let files = [&cert, &key].into_iter().enumerate();
        let now = files.filter(|(n, _)| !watched || n % 2 == number % 2);
        for (_, file) in now {
            let content = fs::read(file).unwrap();
            fs::remove_file(file).unwrap();
            breaking(file);
            if !watched {
                server.signal("HUP").await;
            }
            let name = file.to_str().unwrap();
            server.says_at_once(&["stay", name, words]).await;
            serves(&server, &old).await;
            remove(file);
            fs::write(file, content).unwrap();
        }
        // Not stuck in it: a good pair comes in.
        if number % 4 == 3 {
            write_pair(directory.path(), "a");
            if !watched {
                server.signal("HUP").await;
            }
            within(async {
                while !is_served(&server, &cert).await {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            })
            .await;
            fs::copy(&cert, &old).unwrap();
        }
    }
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

fn remove(path: &Path) {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.unwrap();
}

async fn serves(server: &Oneport, cert: &Path) {
    let url = server.url("https", "/healthz");
    let cert = cert.to_str().unwrap();
    let args = ["-sS", "--noproxy", "*", "--cacert", cert, &url];
    assert_eq!(output_of("curl", &args).await, "ok\n");
}

async fn is_served(server: &Oneport, cert: &Path) -> bool {
    let url = server.url("https", "/healthz");
    let cert = cert.to_str().unwrap();
    let args = ["-sS", "--noproxy", "*", "--cacert", cert, &url];
    run("curl", &args).await.status.success()
}

/// With everything in it, and back.
#[tokio::test]
async fn the_whole_directory_goes_and_comes_back() {
    let top = tempfile::tempdir().unwrap();
    let (there, away) = (top.path().join("certs"), top.path().join("away"));
    fs::create_dir(&there).unwrap();
    let (cert, key) = write_pair(&there, "a");
    let args = ["--cert", cert.to_str().unwrap()];
    let args = [&args[..], &["--key", key.to_str().unwrap()]].concat();
    let mut server = Oneport::start(&args).await;
    fs::rename(&there, &away).unwrap();
    server.signal("HUP").await;
    server
        .says("SIGHUP: the certificates cannot be reloaded")
        .await;
    serves(&server, &away.join("a.crt")).await;
    write_pair(&away, "a");
    fs::rename(&away, &there).unwrap();
    // The watch may see it first.
    server.signal("HUP").await;
    within(async {
        while !is_served(&server, &cert).await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(!server.stopped().await.contains("panicked"));
}

/// `--root`: files and the directory itself.
#[tokio::test]
async fn files_that_are_served() {
    let top = tempfile::tempdir().unwrap();
    let root = top.path().join("root");
    fs::create_dir(&root).unwrap();
    let file = root.join("a.txt");
    fs::write(&file, "here").unwrap();
    let wrapper = bound_by_permissions();
    let args = ["--plaintext-only", "--root", root.to_str().unwrap()];
    let server = started(tempfile::tempdir().unwrap(), wrapper, &args).await;
    let status = async || server.status("http", "/a.txt", &[]).await;
    assert_eq!(status().await, "200");
    allow(&file, 0o000);
    assert_eq!(status().await, "404");
    fs::remove_file(&file).unwrap();
    assert_eq!(status().await, "404");
    symlink("a.txt", &file).unwrap();
    assert_eq!(status().await, "500");
    fs::remove_file(&file).unwrap();
    fs::remove_dir(&root).unwrap();
    assert_eq!(status().await, "404");
    fs::write(&root, "a file now").unwrap();
    assert_eq!(status().await, "404");
    fs::remove_file(&root).unwrap();
    fs::create_dir(&root).unwrap();
    fs::write(&file, "again").unwrap();
    assert_eq!(status().await, "200");
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

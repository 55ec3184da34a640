//! `--root`: static files, and what is not given away.

use crate::process::Oneport;

#[tokio::test]
async fn files_are_served_over_both_schemes() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write("index.html", "<p>top</p>");
    write("sub/index.html", "<p>sub</p>");
    write("sub/style.css", "p {}");
    write("empty/only.txt", "only");
    write(".env", "secret");
    write("sub/.git/config", "secret");
    write(".well-known/security.txt", "contact");
    std::fs::write(directory.path().parent().unwrap().join("outside.txt"), "").unwrap();

    let root = directory.path().to_str().unwrap();
    let server = Oneport::start(&["--allow-plaintext", "--root", root]).await;
    assert!(
        server
            .report
            .contains(&format!("serving the files in {root}"))
    );
    for scheme in ["http", "https"] {
        assert_eq!(server.curl(scheme, "/", &[]).await, "<p>top</p>");
        assert_eq!(server.curl(scheme, "/sub", &["-L"]).await, "<p>sub</p>");
        let css = server
            .curl(scheme, "/sub/style.css", &["-i"])
            .await
            .to_lowercase();
        assert!(
            css.contains("content-type: text/css") && css.ends_with("p {}"),
            "{css}"
        );
        assert!(css.contains("x-content-type-options: nosniff"), "{css}");
        assert_eq!(
            server.curl(scheme, "/.well-known/security.txt", &[]).await,
            "contact"
        );
        for path in [
            "/missing",
            "/empty/",
            "/whoami",
            "/.env",
            "/%2eenv",
            "/%2Eenv",
            "/sub/.git/config",
            "/sub//.git/config",
            "/sub%2f.git/config",
            "/sub%2F%2Egit%2Fconfig",
            "/../outside.txt",
            "/%2e%2e/outside.txt",
            "/..%2foutside.txt",
            "/sub/..%2f..%2foutside.txt",
            "//sub",
        ] {
            let status = server.status(scheme, path, &["--path-as-is"]).await;
            assert_eq!(status, "404", "{scheme} {path}");
        }
        assert_eq!(server.status(scheme, "/", &["-d", "x"]).await, "405");
    }
}

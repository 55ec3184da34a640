//! `docs/certificates.md`: what it tells people to type works.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::support::within;

/// The shell blocks that are marked, with the heading that they are under.
fn blocks(guide: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut heading = String::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text.to_owned();
        }
        if line == "<!-- run -->" {
            assert_eq!(lines.next(), Some("```sh"), "{heading}");
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((heading.clone(), block.join("\n")));
        }
    }
    blocks
}

/// A port that nobody listens on now: the guide names one.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn what_the_guide_says_works() {
    let guide = include_str!("../../docs/certificates.md");
    let blocks = blocks(guide);
    assert_eq!(blocks.len(), 5, "a block has lost its mark");
    for (heading, block) in blocks {
        let home = tempfile::tempdir().unwrap();
        let port = free_port().to_string();
        // People wait for the start-up report before they type the next line.
        let script = format!(
            "set -e\n\
             curl() {{ command curl -sS --noproxy '*' --retry 50 --retry-connrefused --retry-delay 1 \
                --retry-max-time 60 \"$@\"; }}\n\
             trap 'kill $!' EXIT\n{}\n",
            block.replace(":3000", &format!(":{port}"))
        );
        let binary = Path::new(env!("CARGO_BIN_EXE_oneport"));
        let others = std::env::var("PATH").unwrap();
        let path = format!("{}:{others}", binary.parent().unwrap().display());
        let shell = Command::new("bash")
            .args(["-c", &script])
            .current_dir(home.path())
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", path)
            .env("ONEPORT_LISTEN", format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = within(shell).await.unwrap();
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{heading}:\n{stdout}\n{stderr}");
        let whoami = stdout.matches("\"scheme\": \"https\"").count();
        let asked = block.matches("/whoami").count() - block.matches("refused, as").count();
        assert_eq!(whoami, asked, "{heading}:\n{stdout}\n{stderr}");
        let refused = stdout.contains("refused, as it should be");
        assert_eq!(
            refused,
            block.contains("refused, as"),
            "{heading}:\n{stdout}"
        );
    }
}

//! `oneport check` on a terminal, which `script` of util-linux provides: colours,
//! and progress while it waits.

use tokio::process::Command;

use crate::process::Oneport;
use crate::support::within;

const BINARY: &str = env!("CARGO_BIN_EXE_oneport");

async fn on_a_terminal(arguments: &str, no_color: &str) -> String {
    let mut script = Command::new("script");
    script.args(["-qec", &format!("{BINARY} check {arguments}"), "/dev/null"]);
    script.env("NO_COLOR", no_color).env("TERM", "xterm");
    let output = within(script.output()).await;
    String::from_utf8(output.expect("script, of Debian's bsdutils").stdout).unwrap()
}

#[tokio::test]
async fn in_colour_unless_told_otherwise() {
    let server = Oneport::start(&["--plaintext-only"]).await;
    let url = server.url("http", "/");
    let said = on_a_terminal(&url, "").await;
    assert!(said.contains("\x1b[32mworks\x1b[0m"), "{said:?}");
    let said = on_a_terminal(&url, "1").await;
    assert!(said.contains(" works\r\n"), "{said:?}");
    assert!(!said.contains("\x1b[3"), "{said:?}");
}

#[tokio::test]
async fn progress_while_it_waits() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let said = on_a_terminal(&format!("--wait 2 http://{free}/"), "").await;
    let asking = format!("asking http://{free}/ ..");
    assert!(said.matches(&asking).count() > 1, "{said:?}");
    // It is gone when the report comes.
    let (progress, report) = said.rsplit_once("\r\x1b[K").unwrap();
    assert!(progress.contains(&asking), "{said:?}");
    assert!(!report.contains("asking"), "{said:?}");
    assert!(report.contains("connection refused"), "{said:?}");
}

//! What is printed at the start, and that it is true.

use serde_json::Value;

use crate::process::Oneport;
use crate::support::output_of;

/// What the printed commands print when pasted into a shell.
async fn pasted(server: &Oneport) -> [String; 2] {
    let lines = server.report.lines().map(str::trim);
    let commands: Vec<_> = lines.filter(|line| line.starts_with("curl ")).collect();
    let [first, second] = commands[..] else {
        panic!("not two commands: {}", server.report);
    };
    // Quiet, and not through a proxy of this machine.
    let shell = |line: &str| line.replacen("curl ", "curl -sS --noproxy '*' ", 1);
    [
        output_of("sh", &["-c", &shell(first)]).await,
        output_of("sh", &["-c", &shell(second)]).await,
    ]
}

fn scheme_and_version(whoami: &str) -> (String, String) {
    let whoami: Value = serde_json::from_str(whoami).expect(whoami);
    let text = |key: &str| whoami[key].as_str().unwrap().to_owned();
    (text("scheme"), text("http_version"))
}

#[tokio::test]
async fn the_commands_work_when_pasted() {
    let server = Oneport::start(&[]).await;
    let [first, second] = pasted(&server).await;
    assert_eq!(scheme_and_version(&first).0, "https");
    assert!(second.contains("This port requires TLS"), "{second}");
    assert!(server.report.contains("plaintext is told to use TLS"));

    let server = Oneport::start(&["--allow-plaintext"]).await;
    let [first, second] = pasted(&server).await;
    assert_eq!(scheme_and_version(&first).0, "https");
    assert_eq!(scheme_and_version(&second).0, "http");
    assert!(server.report.contains("plaintext for everybody"));

    let server = Oneport::start(&["--plaintext-only"]).await;
    let [first, second] = pasted(&server).await;
    assert_eq!(
        scheme_and_version(&first),
        ("http".into(), "HTTP/1.1".into())
    );
    assert_eq!(
        scheme_and_version(&second),
        ("http".into(), "HTTP/2".into())
    );
    assert!(server.report.contains("TLS is told to use plaintext"));

    let server = Oneport::start(&["--listen", "[::1]:0", "--allow-plaintext=loopback"]).await;
    let [first, second] = pasted(&server).await;
    assert_eq!(scheme_and_version(&first).0, "https");
    assert_eq!(scheme_and_version(&second).0, "http");
    assert!(server.report.contains("plaintext for loopback"));
}

#[tokio::test]
async fn json_is_one_object_on_stdout_and_one_per_line_in_the_log() {
    let server = Oneport::start(&["--log-format", "json", "--allow-plaintext"]).await;
    let report: Value = serde_json::from_str(&server.report).unwrap();
    assert_eq!(report["event"], "listening");
    assert_eq!(report["address"], server.addr.to_string());
    assert_eq!(report["https"], server.url("https", "/"));
    assert_eq!(report["http"], server.url("http", "/"));
    assert_eq!(report["plaintext_for"], "everybody");
    assert_eq!(report["certificate"]["development"], true);
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0);
    assert!(!log.is_empty());
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).expect(line);
        assert_eq!(event["level"], "INFO", "{line}");
    }
}

#[tokio::test]
async fn rust_log_chooses_and_a_mistake_in_it_is_said() {
    for (value, expected) in [
        ("off", ""),
        ("oneport=nonsense=x", "RUST_LOG is not understood"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let args = ["--plaintext-only", "--listen", "127.0.0.1:0"];
        let mut command = crate::process::command(&home, &args);
        command.env("RUST_LOG", value);
        let server = Oneport::started(home, command).await;
        server.signal("INT").await;
        let (_, log) = server.end().await;
        assert!(log.contains(expected), "{log}");
        assert_eq!(log.is_empty(), expected.is_empty(), "{log}");
    }
}

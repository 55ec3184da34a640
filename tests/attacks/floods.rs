//! More connections than there is room for.

use std::time::Duration;

use oneport::{Limits, Mode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

use crate::process::{Oneport, command};
use crate::support::{Pki, Server, hello, output_of, told, within};
use crate::{alone, among_others, descriptors, descriptors_until};

/// Of a connection that stays.
const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

/// The status that curl sees, within a second.
async fn status(oneport: &Oneport, scheme: &str) -> String {
    oneport.status(scheme, "/", &["--max-time", "1"]).await
}

/// The binary with 64 descriptors, and 300 silent clients: their places go to
/// whoever comes.
#[test]
fn silent_clients_beyond_the_descriptor_limit() {
    among_others(async {
        let home = tempfile::tempdir().unwrap();
        let plain = command(&home, &["--listen", "127.0.0.1:0", "--allow-plaintext"]);
        let plain = plain.as_std();
        let mut limited = Command::new("prlimit");
        limited
            .args(["--nofile=64:64", "--"])
            .arg(plain.get_program())
            .args(plain.get_args())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .kill_on_drop(true);
        let oneport = Oneport::started(home, limited).await;
        let mut silent = Vec::new();
        for n in 0..300 {
            silent.push(TcpStream::connect(oneport.addr).await.unwrap());
            if n % 60 == 59 {
                assert_eq!(status(&oneport, "http").await, "200", "behind {n}");
                assert_eq!(status(&oneport, "https").await, "200", "behind {n}");
            }
        }
        drop(silent);
        assert_eq!(status(&oneport, "http").await, "200");
    });
}

/// The limit of descriptors is lower than the server was told: accepting fails
/// (EMFILE) until connections end, and goes on then.
#[test]
fn the_descriptors_run_out_and_come_back() {
    among_others(async {
        let mut oneport = Oneport::start(&["--allow-plaintext"]).await;
        // It looks at the limit after it has said where it listens.
        assert_eq!(status(&oneport, "http").await, "200");
        let pid = oneport.pid().to_string();
        let limit = ["--pid", &pid, "--nofile=64:64"];
        output_of("prlimit", &limit).await;
        let mut open = Vec::new();
        // The backlog takes those that the server cannot.
        for _ in 0..120 {
            let mut tcp = TcpStream::connect(oneport.addr).await.unwrap();
            tcp.write_all(GET).await.unwrap();
            open.push(tcp);
        }
        oneport.says("cannot accept now").await;
        // Those that are served are served still.
        let mut begin = [0; 12];
        within(open[0].read_exact(&mut begin)).await.unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
        drop(open);
        assert_eq!(status(&oneport, "http").await, "200");
        assert_eq!(status(&oneport, "https").await, "200");
        oneport.signal("TERM").await;
        let (code, log) = oneport.end().await;
        assert_eq!(code, 0, "{log}");
        let lines = log.matches("cannot accept now").count();
        println!("{lines} lines about descriptors");
    });
}

/// Clients that have gone, by RST, before anybody accepts them.
#[test]
fn connections_that_are_reset_at_once() {
    alone(async {
        let target = crate::target::Target::start(Limits::default()).await;
        target.good().ask(4).await;
        let before = descriptors();
        let attack = async {
            for _ in 0..5000 {
                let tcp = TcpStream::connect(target.server.addr).await.unwrap();
                let now = Some(Duration::ZERO);
                socket2::SockRef::from(&tcp).set_linger(now).unwrap();
            }
        };
        target.good().beside(attack).await;
        let after = descriptors_until(before, Duration::from_secs(5)).await;
        assert!(
            after <= before,
            "{before} descriptors before, {after} after"
        );
    });
}

/// Refused clients that stay: only so many of them hold a descriptor of the
/// server, each has its answer, and the next ones too.
#[test]
fn more_refused_clients_than_may_linger() {
    alone(async {
        let pki = Pki::new();
        let mut limits = Limits::default();
        limits.linger = Duration::from_secs(3600);
        limits.lingering = 8;
        limits.drain = Duration::ZERO;
        let server = Server::start(|listener, signal| {
            oneport::serve_dual(listener, pki.tls(), tower::service_fn(hello))
                .mode(Mode::TlsOnly)
                .limits(limits)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        let before = descriptors();
        let mut refused = Vec::new();
        for n in 0..400 {
            let mut tcp = TcpStream::connect(server.addr).await.unwrap();
            tcp.write_all(GET).await.unwrap();
            let mut answer = Vec::new();
            within(tcp.read_to_end(&mut answer)).await.unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 426 "), "{n}: {answer:?}");
            refused.push(tcp);
        }
        let most = before + refused.len() + 8;
        let held = descriptors_until(most, Duration::from_secs(5)).await;
        assert!(held <= most, "{held} descriptors, {before} before");
        println!("{} of 400 are held", held - before - refused.len());
        let good = pki.connect(server.addr, &["http/1.1"]);
        let good = timeout(Duration::from_secs(1), good).await;
        good.expect("not made to wait").unwrap();
        drop(refused);
        server.shut_down().await.unwrap();
    });
}

//! Ports of other protocols, and of none.

use tokio::net::TcpListener;

use crate::checked::{check, checked};
use crate::site::Site;
use crate::support::{listen, run};

#[tokio::test]
async fn ssh() {
    let site = Site::new().await;
    let key = site.path("host_key");
    let made = run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &key]).await;
    assert!(made.status.success(), "{made:?}");
    let config =
        "HostKey {DIR}/host_key\nListenAddress 127.0.0.1:{PORT}\nPidFile none\nMaxStartups 100\n";
    site.write("sshd_config", &site.filled(config));
    let arguments = ["-D", "-e", "-f", "{DIR}/sshd_config"];
    let _running = site.start("/usr/sbin/sshd", &arguments).await;
    let port = checked(&site).await;
    for found in [&port.http, &port.https, &port.either] {
        found
            .says("an SSH server")
            .says("SSH-2.0-OpenSSH")
            .urls(&site, &[]);
        assert_eq!(found.code, 1, "{found}");
        // It speaks first, and hangs up on whoever goes on.
        found.says_not("closed without a word");
    }
}

#[tokio::test]
async fn redis() {
    let site = Site::new().await;
    let arguments = [
        "--port",
        "{PORT}",
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        "{DIR}",
    ];
    let _running = site.start("/usr/bin/redis-server", &arguments).await;
    let port = checked(&site).await;
    for found in [&port.http, &port.https, &port.either] {
        found.fails("not-http").says("a Redis server");
        found.urls(&site, &[]);
    }
}

/// Whoever has hung: connections are taken, and nothing is read.
#[tokio::test]
async fn silence() {
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    let target = |scheme| format!("{scheme}://localhost:{port}/");
    let patience = ["--timeout", "1"];
    for scheme in ["http", "https", "ws", "wss"] {
        let found = check(&target(scheme), &patience).await;
        found.fails("silent").says("no answer in time");
        let took: u64 = found.at("/took_ms").parse().unwrap();
        assert!((1000..4000).contains(&took), "{found}");
    }
}

/// Each connection is closed as soon as it is taken.
#[tokio::test]
async fn hanging_up() {
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    for scheme in ["http", "https"] {
        let found = check(&format!("{scheme}://localhost:{port}/"), &[]).await;
        found
            .says_not("Spoken here")
            .has("/proxy_protocol", "no_difference");
        assert_eq!(found.code, 1, "{found}");
    }
}

#[tokio::test]
async fn nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for target in [
        format!("http://127.0.0.1:{port}/"),
        format!("127.0.0.1:{port}"),
    ] {
        check(&target, &[]).await.fails("connection-refused");
    }
}

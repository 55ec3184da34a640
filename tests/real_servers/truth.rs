//! What a port speaks, as curl and openssl find it.

use std::process::Output;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::site::Site;

/// In this order: what curl has from plaintext HTTP/1.1 and h2c, and over TLS
/// with and without HTTP/2; what openssl has of TLS 1.2, TLS 1.3 and ALPN.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) plaintext: Fetched,
    pub(crate) h2c: Fetched,
    pub(crate) https: Fetched,
    pub(crate) https1: Fetched,
    pub(crate) tls12: bool,
    pub(crate) tls13: bool,
    pub(crate) alpn_h2: bool,
    pub(crate) alpn_http1: bool,
    /// A client certificate was asked for.
    pub(crate) asks: bool,
    /// The certificate is for localhost, by our CA, and valid.
    pub(crate) trusted: bool,
}

/// By curl.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Of curl itself, with `-f`: 0 is success, and a status of 400 is none.
    pub(crate) exit: i32,
    /// None: no HTTP.
    pub(crate) status: Option<u16>,
    /// `1`, `1.1` or `2`.
    pub(crate) version: String,
}

/// Asks this port in each way.
pub(crate) async fn of(site: &Site) -> Truth {
    let (http, https) = (site.url("http"), site.url("https"));
    let (tls12, tls13, h2, http1) = (
        ["-tls1_2"],
        ["-tls1_3"],
        ["-alpn", "h2"],
        ["-alpn", "http/1.1"],
    );
    let (plaintext, h2c, over_tls, over_tls1, tls12, tls13, h2, http1) = tokio::join!(
        fetch(["--http1.1", &http]),
        fetch(["--http2-prior-knowledge", &http]),
        fetch(["-k", &https]),
        fetch(["-k", "--http1.1", &https]),
        shake(site, tls12),
        shake(site, tls13),
        shake(site, h2),
        shake(site, http1),
    );
    let all = [&tls12, &tls13, &h2, &http1];
    let says = |said: &str, words: &str| said.lines().any(|line| line.trim() == words);
    let asks = "Requested Signature Algorithms:";
    Truth {
        plaintext,
        h2c,
        https: over_tls,
        https1: over_tls1,
        tls12: tls12.contains("New, TLSv1.2, Cipher is"),
        tls13: tls13.contains("New, TLSv1.3, Cipher is"),
        alpn_h2: says(&h2, "ALPN protocol: h2"),
        alpn_http1: says(&http1, "ALPN protocol: http/1.1"),
        asks: all.iter().any(|said| said.contains(asks)),
        trusted: all
            .iter()
            .any(|said| says(said, "Verify return code: 0 (ok)") && said.contains("New, TLS")),
    }
}

/// curl's outcome, with these options.
pub(crate) async fn fetch<const N: usize>(options: [&str; N]) -> Fetched {
    let mut arguments = vec!["-q", "-sf", "--noproxy", "*", "-o", "/dev/null"];
    arguments.extend(["--max-time", "3", "-w", "%{http_code} %{http_version}"]);
    arguments.extend(options);
    let output = run("curl", &arguments).await.expect("curl keeps its limit");
    let words = String::from_utf8(output.stdout).unwrap();
    let (status, version) = words.split_once(' ').unwrap();
    let exit = output.status.code().unwrap();
    // What is not HTTP (`--http0.9` apart) has a status all the same.
    let status = status
        .parse()
        .ok()
        .filter(|&status| status != 0 && exit != 1);
    Fetched {
        exit,
        status,
        version: version.to_owned(),
    }
}

/// What openssl prints of a handshake; a silent server's is empty.
async fn shake<const N: usize>(site: &Site, options: [&str; N]) -> String {
    let (address, ca) = (format!("127.0.0.1:{}", site.port), site.ca());
    let mut arguments = vec!["s_client", "-connect", &address, "-CAfile", &ca];
    arguments.extend(["-servername", "localhost", "-verify_hostname", "localhost"]);
    arguments.extend(options);
    let output = run("openssl", &arguments).await;
    output.map_or_else(String::new, |output| {
        String::from_utf8_lossy(&output.stdout).into_owned()
    })
}

/// None: not within 4 seconds.
async fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = timeout(Duration::from_secs(4), command.output()).await;
    Some(
        output
            .ok()?
            .unwrap_or_else(|error| panic!("{program} is needed: {error}")),
    )
}

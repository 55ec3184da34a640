//! The CAs of the system, as `SSL_CERT_FILE` and `SSL_CERT_DIR` name them.
//!
//! Both are the process's own and cannot be set within it (`set_var` is unsafe):
//! each test runs itself a second time, as a process of its own.

use std::env;
use std::path::Path;
use std::process::Output;

use oneport::Mode;
use oneport::client::{
    Cause, ConnectErrorKind, Connector, ConnectorError, Roots, ServerCertificateFault,
};
use oneport::tls::Files;

use crate::caller::serve;
use crate::site::{Site, ask, diagnosis, fault, url};
use crate::support::{output_of, within};

/// The second process finds the server's files here.
const FOLDER: &str = "ONEPORT_TEST_FOLDER";

/// Runs the test of this name with this environment.
async fn again(test: &str, site: &Site, variable: &str, value: &Path) {
    let output: Output = within(
        tokio::process::Command::new(env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .env(variable, value)
            .env(FOLDER, site.folder.root())
            .output(),
    )
    .await
    .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{variable}: {said}{failed}");
    assert!(said.contains("test result: ok. 1 passed"), "{said}");
    // Not the first process's part once more.
    assert!(said.contains("in the second process"), "{said}");
}

/// The server's files, in the second process.
#[allow(clippy::print_stdout)]
fn second() -> Option<Files> {
    let folder = std::path::PathBuf::from(env::var_os(FOLDER)?);
    println!("in the second process");
    Some(Files::new(
        folder.join("server.crt"),
        folder.join("server.key"),
    ))
}

#[tokio::test]
async fn a_ca_that_only_the_system_knows() {
    let Some(files) = second() else {
        let site = Site::new();
        // As a system has them: in a file, and in a directory with a link by the
        // CA's hash.
        std::fs::create_dir(site.folder.path("certs")).unwrap();
        site.folder.write("certs/ca.pem", &site.ca.pem);
        output_of("openssl", &["rehash", &site.folder.argument("certs")]).await;
        let test = "system::a_ca_that_only_the_system_knows";
        again(test, &site, "SSL_CERT_FILE", &site.folder.path("ca.crt")).await;
        again(test, &site, "SSL_CERT_DIR", &site.folder.path("certs")).await;
        return;
    };
    let server = serve(&files.load().unwrap(), Mode::Dual).await;
    let others = Site::new();
    for connector in [
        Connector::new(),
        Connector::default(),
        Connector::builder().build().unwrap(),
        // Besides one's own.
        Connector::builder()
            .ca(others.folder.path("ca.crt"))
            .build()
            .unwrap(),
        #[cfg(feature = "platform-verifier")]
        Connector::builder().roots(Roots::Platform).build().unwrap(),
    ] {
        let mut stream = connector.connect(url("wss", server.addr)).await.unwrap();
        assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
    let without = Connector::builder().ca(others.folder.path("ca.crt"));
    let without = without.roots(Roots::None).build().unwrap();
    let error = fault(&without, &url("wss", server.addr)).await;
    let expected = Cause::ServerCertificate(ServerCertificateFault::UnknownIssuer);
    assert_eq!(diagnosis(&error).cause(), expected);
}

/// A container without CAs can still connect in plaintext.
#[tokio::test]
async fn a_system_without_cas() {
    let Some(files) = second() else {
        let site = Site::new();
        let none = site.folder.path("no-such-file.pem");
        again(
            "system::a_system_without_cas",
            &site,
            "SSL_CERT_FILE",
            &none,
        )
        .await;
        return;
    };
    let server = serve(&files.load().unwrap(), Mode::Dual).await;
    let connector = Connector::new();
    let mut stream = connector.connect(url("ws", server.addr)).await.unwrap();
    assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"));

    let error = fault(&connector, &url("wss", server.addr)).await;
    assert_eq!(error.kind(), ConnectErrorKind::Config);
    let source = std::error::Error::source(&error).unwrap().to_string();
    let error = Connector::builder().build().unwrap_err();
    assert!(matches!(
        error,
        ConnectorError::NothingTrusted { path: Some(_) }
    ));
    let said = error.to_string();
    assert!(
        said.contains("no-such-file.pem") && said.contains("SSL_CERT_FILE"),
        "{said}"
    );
    assert_eq!(source, said);

    // Whoever names a CA needs no others.
    let folder = std::path::PathBuf::from(env::var_os(FOLDER).unwrap());
    let own = Connector::builder()
        .ca(folder.join("ca.crt"))
        .build()
        .unwrap();
    own.connect(url("wss", server.addr)).await.unwrap();
}

/// Not every operating system looks at the name last.
#[cfg(feature = "platform-verifier")]
#[test]
fn the_platform_and_any_name() {
    let builder = Connector::builder().roots(Roots::Platform);
    let error = builder
        .danger_accept_invalid_hostnames()
        .build()
        .unwrap_err();
    assert!(
        matches!(error, ConnectorError::Conflict { .. }),
        "{error:?}"
    );
}

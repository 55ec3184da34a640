//! Every command that a message suggests is run once, as it is pasted.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use oneport::tls;

use super::inputs::broken_files;
use super::pem_files::Files;
use super::table::rows;

/// What stands in backticks and is no command of its own: words to look for,
/// and options, which [`options_work`] uses.
const NO_COMMANDS: &[&str] = &[
    "-----",
    "-----BEGIN",
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    "-----END PRIVATE KEY-----",
    "-----END X509 CRL-----",
    "--accept-expired-cert",
    "--allow-special-files",
    "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost",
    "-extfile <(echo subjectAltName=DNS:localhost)",
    "-sha256",
    "PRIVATE KEY-----",
    "authorityKeyIdentifier=keyid",
    "crl_extensions",
    "openssl ca -gencrl",
    "openssl req -x509",
    "openssl x509 -req",
    "--client-auth",
    "--client-ca",
    "--client-crl",
];

/// Programs that are run elsewhere, or that a test cannot run.
const OTHERS: &[&str] = &["certbot ", "oneport "];

#[test]
fn commands_work() {
    let files = broken_files();
    // What stands in its place in the table is the head of one only.
    fs::remove_file(files.path("openssh.key")).unwrap();
    let path = files.path("openssh.key");
    shell(
        files.dir(),
        &format!("ssh-keygen -q -t ecdsa -b 256 -N '' -f {}", path.display()),
    );

    let commands = commands();
    assert!(commands.len() >= 10, "{commands:#?}");
    for (index, command) in commands.iter().enumerate() {
        let command = command.replace("DIR", files.dir().to_str().unwrap());
        let made = files.path(&format!("made-{index}"));
        fs::create_dir(&made).unwrap();
        shell(&made, &command);
        for file in fs::read_dir(&made).unwrap() {
            let file = file.unwrap().path();
            let (cert, key) = match file.file_name().unwrap().to_str().unwrap() {
                "combined.pem" => (file.clone(), file.clone()),
                "fullchain.pem" | "plain.crt" => (file.clone(), files.path("server.key")),
                "plain.key" => (files.path("server.crt"), file.clone()),
                "new.key" => {
                    let name = file.strip_prefix(files.dir()).unwrap();
                    files.certify(name.to_str().unwrap(), "new.crt");
                    (files.path("new.crt"), file.clone())
                }
                other => panic!("{command} made {other}"),
            };
            tls::load(&cert, &key).unwrap_or_else(|error| panic!("{command}: {error}"));
            // A key that all users of the machine can read is no secret.
            let mode = fs::metadata(&key).unwrap().permissions().mode();
            if key == file {
                assert_eq!(mode & 0o077, 0, "{command}");
            }
        }
    }

    files.certify("openssh.key", "converted.crt");
    files.load("converted.crt", "openssh.key").unwrap();
}

/// The commands of all messages, each once.
fn commands() -> BTreeSet<&'static str> {
    let pieces = rows().flat_map(|row| row.text.split('`').skip(1).step_by(2));
    pieces
        .filter(|piece| !NO_COMMANDS.contains(piece))
        .filter(|piece| !OTHERS.iter().any(|other| piece.starts_with(other)))
        .collect()
}

#[test]
fn options_work() {
    let files = Files::new();
    let mentioned = |piece: &str| rows().any(|row| row.text.contains(&format!("`{piece}`")));
    for piece in NO_COMMANDS {
        assert!(mentioned(piece), "no message says {piece} any more");
    }

    files.openssl("req -new -key server.key -subj /CN=localhost -out server.csr");
    let request = "openssl x509 -req -sha256 -in server.csr -days 30 -out again.crt \
                   -extfile <(echo subjectAltName=DNS:localhost)";
    for signer in [
        "-key server.key",
        "-CA ca.crt -CAkey ca.key -CAcreateserial",
    ] {
        shell(files.dir(), &format!("{request} {signer}"));
        files.load("again.crt", "server.key").unwrap();
    }

    files.openssl(
        "req -x509 -key server.key -subj /CN=localhost -days 30 -out no-ca.crt -addext \
         basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost",
    );
    files.load("no-ca.crt", "server.key").unwrap();

    files.write("index.txt", "");
    files.write(
        "openssl.cnf",
        "[ca]\ndefault_ca=this\n[this]\ndatabase=index.txt\ndefault_md=sha256\n\
         crl_extensions=whole\n[whole]\nauthorityKeyIdentifier=keyid\n",
    );
    shell(
        files.dir(),
        "openssl ca -gencrl -config openssl.cnf -keyfile ca.key -cert ca.crt -crldays 30 \
         -out ca.crl",
    );
    tls::Files::new(files.path("server.crt"), files.path("server.key"))
        .client_ca(files.path("ca.crt"))
        .client_crl(files.path("ca.crl"))
        .load()
        .unwrap();
}

/// The options are the binary's.
#[cfg(feature = "cli")]
#[test]
fn the_binary_has_the_options() {
    let help = Command::new(env!("CARGO_BIN_EXE_oneport"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for option in NO_COMMANDS
        .iter()
        .filter(|it| it.starts_with("--") && !it.starts_with("---"))
    {
        assert!(help.contains(option), "{option} is not in {help}");
    }
}

/// Runs it as the shell of a user does; asked for a passphrase, it gets that of
/// the files.
fn shell(directory: &Path, command: &str) {
    // Passphrases are asked for at the terminal, where there is one.
    let mut child = Command::new("setsid")
        .args(["--wait", "bash", "-c", command])
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("setsid and bash are needed for this test");
    let passphrase = match command.contains("pkcs12") {
        true => "\n",
        false => "secret\n",
    };
    // One that asks for nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(passphrase.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

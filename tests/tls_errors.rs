//! Every way to get certificate and key files wrong, with the words that say
//! so.
#![cfg(all(
    unix,
    feature = "tls-files",
    any(feature = "aws-lc-rs", feature = "ring")
))]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod pem_files;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use oneport::tls::{self, TlsConfigError};

use pem_files::Files;

/// What is wrong, which files, and the whole text. `DIR` is the directory.
struct Broken(&'static str, &'static str, &'static str, &'static str);

const BROKEN: &[Broken] = &[
    Broken(
        "no certificate file",
        "gone.pem",
        "server.key",
        "certificate file DIR/gone.pem does not exist; check the path (a relative one \
         starts at the working directory) and where symbolic links lead",
    ),
    Broken(
        "no key file",
        "server.crt",
        "gone.key",
        "key file DIR/gone.key does not exist; check the path (a relative one starts at the \
         working directory) and where symbolic links lead",
    ),
    Broken(
        "a link to nothing",
        "dangling.pem",
        "server.key",
        "certificate file DIR/dangling.pem does not exist; check the path (a relative one \
         starts at the working directory) and where symbolic links lead",
    ),
    Broken(
        "a path through a file",
        "server.crt/fullchain.pem",
        "server.key",
        "certificate file DIR/server.crt/fullchain.pem does not exist; check the path (a \
         relative one starts at the working directory) and where symbolic links lead",
    ),
    Broken(
        "a link to itself",
        "loop.pem",
        "server.key",
        "certificate file DIR/loop.pem cannot be read; let the user that runs the server \
         read the file and enter the directories above it",
    ),
    Broken(
        "a directory for a certificate",
        "live",
        "server.key",
        "certificate file DIR/live is a directory; expected a regular file with a PEM \
         certificate chain, such as fullchain.pem; name that file",
    ),
    Broken(
        "a directory for a key",
        "server.crt",
        "live",
        "key file DIR/live is a directory; expected a regular file with a PEM private key, \
         such as privkey.pem; name that file",
    ),
    Broken(
        "a FIFO",
        "fifo.pem",
        "server.key",
        "certificate file DIR/fifo.pem is a FIFO; expected a regular file with a PEM \
         certificate chain, such as fullchain.pem; name that file",
    ),
    Broken(
        "a device",
        "/dev/zero",
        "server.key",
        "certificate file /dev/zero is a device; expected a regular file with a PEM \
         certificate chain, such as fullchain.pem; name that file",
    ),
    Broken(
        "a device for a key",
        "server.crt",
        "/dev/zero",
        "key file /dev/zero is a device; expected a regular file with a PEM private key, \
         such as privkey.pem; name that file",
    ),
    Broken(
        "a huge certificate file",
        "huge.pem",
        "server.key",
        "certificate file DIR/huge.pem is larger than 1024 KiB; expected a PEM certificate \
         chain, such as fullchain.pem; check that the path names the right file",
    ),
    Broken(
        "a huge key file",
        "server.crt",
        "huge.key",
        "key file DIR/huge.key is larger than 64 KiB; expected a PEM private key, such as \
         privkey.pem; check that the path names the right file",
    ),
    Broken(
        "an empty certificate file",
        "empty.pem",
        "server.key",
        "certificate file DIR/empty.pem is empty; expected a PEM certificate chain, such as \
         fullchain.pem; whatever wrote it has failed, write it again",
    ),
    Broken(
        "a blank key file",
        "server.crt",
        "blank.pem",
        "key file DIR/blank.pem is empty; expected a PEM private key, such as privkey.pem; \
         whatever wrote it has failed, write it again",
    ),
    Broken(
        "text for a certificate",
        "notes.txt",
        "server.key",
        "certificate file DIR/notes.txt holds text without any PEM section; expected a PEM \
         certificate chain, such as fullchain.pem; check that the path names the right file",
    ),
    Broken(
        "text for a key",
        "server.crt",
        "notes.txt",
        "key file DIR/notes.txt holds text without any PEM section; expected a PEM private \
         key, such as privkey.pem; check that the path names the right file",
    ),
    Broken(
        "binary data",
        "binary.bin",
        "server.key",
        "certificate file DIR/binary.bin holds binary data of an unknown kind; expected a \
         PEM certificate chain, such as fullchain.pem; check that the path names the right \
         file",
    ),
    Broken(
        "UTF-16",
        "utf16.crt",
        "server.key",
        "certificate file DIR/utf16.crt holds text in UTF-16; expected a PEM certificate \
         chain, such as fullchain.pem; save it again as ASCII or UTF-8, without changing \
         the text",
    ),
    Broken(
        "a request for a certificate",
        "server.csr",
        "server.key",
        "certificate file DIR/server.csr holds a certificate request; expected a PEM \
         certificate chain, such as fullchain.pem; a CA must sign the request first; use \
         the certificate it sends back",
    ),
    Broken(
        "PKCS#7",
        "server.p7b",
        "server.key",
        "certificate file DIR/server.p7b holds a PKCS#7 bundle; expected a PEM certificate \
         chain, such as fullchain.pem; convert it: `openssl pkcs7 -print_certs -in \
         DIR/server.p7b -out fullchain.pem`",
    ),
    Broken(
        "PKCS#12",
        "server.p12",
        "server.key",
        "certificate file DIR/server.p12 holds a PKCS#12 bundle (.p12, .pfx); expected a \
         PEM certificate chain, such as fullchain.pem; convert it to a file that serves as \
         both certificate and key: `openssl pkcs12 -in DIR/server.p12 -nodes -out \
         combined.pem`",
    ),
    Broken(
        "PKCS#12 for a key, at a path to be quoted",
        "server.crt",
        "it's a.p12",
        "key file DIR/it's a.p12 holds a PKCS#12 bundle (.p12, .pfx); expected a PEM \
         private key, such as privkey.pem; convert it to a file that serves as both \
         certificate and key: `openssl pkcs12 -in 'DIR/it'\\''s a.p12' -nodes -out \
         combined.pem`",
    ),
    Broken(
        "OpenSSL's trusted certificate",
        "trusted.crt",
        "server.key",
        "certificate file DIR/trusted.crt holds a certificate in OpenSSL's own format; \
         expected a PEM certificate chain, such as fullchain.pem; convert it: `openssl x509 \
         -in DIR/trusted.crt -out server.crt`",
    ),
    Broken(
        "an unknown section",
        "unknown.pem",
        "server.key",
        "certificate file DIR/unknown.pem holds a PEM section \"TOP SECRET\"; expected a \
         PEM certificate chain, such as fullchain.pem; check that the path names the right \
         file",
    ),
    Broken(
        "a public key for a key",
        "server.crt",
        "public.pem",
        "key file DIR/public.pem holds a public key; expected a PEM private key, such as \
         privkey.pem; check that the path names the right file",
    ),
    Broken(
        "an OpenSSH key",
        "server.crt",
        "openssh.key",
        "key file DIR/openssh.key holds an OpenSSH private key; expected a PEM private key, \
         such as privkey.pem; convert a copy of it: `ssh-keygen -p -N '' -m PKCS8 -f \
         DIR/openssh.key`",
    ),
    Broken(
        "the two swapped",
        "server.key",
        "server.crt",
        "certificate file DIR/server.key holds a private key and no certificate; if the \
         certificate and the key path are swapped, swap them back, else name the file that \
         contains `-----BEGIN CERTIFICATE-----`",
    ),
    Broken(
        "an encrypted key for a certificate",
        "encrypted.key",
        "server.key",
        "certificate file DIR/encrypted.key holds a private key and no certificate; if the \
         certificate and the key path are swapped, swap them back, else name the file that \
         contains `-----BEGIN CERTIFICATE-----`",
    ),
    Broken(
        "a certificate for a key",
        "server.crt",
        "ca.crt",
        "key file DIR/ca.crt holds a certificate and no private key; if the certificate and \
         the key path are swapped, swap them back, else name the file that contains \
         `PRIVATE KEY-----`",
    ),
    Broken(
        "an encrypted key",
        "server.crt",
        "encrypted.key",
        "key file DIR/encrypted.key is encrypted with a passphrase, which a server cannot \
         ask for; expected a key without one: `(umask 077; openssl pkey -in \
         DIR/encrypted.key -out server.key)`",
    ),
    Broken(
        "an encrypted key of the old form",
        "server.crt",
        "old-encrypted.key",
        "key file DIR/old-encrypted.key is encrypted with a passphrase, which a server \
         cannot ask for; expected a key without one: `(umask 077; openssl pkey -in \
         DIR/old-encrypted.key -out server.key)`",
    ),
    Broken(
        "two keys",
        "server.crt",
        "two.key",
        "key file DIR/two.key holds 2 private keys; expected exactly one; leave only the \
         key that belongs to the certificate",
    ),
    Broken(
        "the key of another certificate",
        "server.crt",
        "other.key",
        "the private key in DIR/other.key does not belong to the certificate in \
         DIR/server.crt; name the two files that were made together: `openssl x509 -in \
         DIR/server.crt -noout -pubkey` and `openssl pkey -in DIR/other.key -pubout` must \
         print the same",
    ),
    Broken(
        "the CA's certificate with the server's key",
        "ca.crt",
        "server.key",
        "the private key in DIR/server.key does not belong to the certificate in \
         DIR/ca.crt; name the two files that were made together: `openssl x509 -in \
         DIR/ca.crt -noout -pubkey` and `openssl pkey -in DIR/server.key -pubout` must \
         print the same",
    ),
    Broken(
        "the CA first",
        "backwards.pem",
        "server.key",
        "the private key belongs to certificate 2 in DIR/backwards.pem, not to the first; \
         put the server's own certificate first, then each one's issuer",
    ),
    Broken(
        "half a certificate file",
        "cut.crt",
        "server.key",
        "DIR/cut.crt is not valid PEM: the line `-----END CERTIFICATE-----` is missing; \
         copy the file again, completely and as text",
    ),
    Broken(
        "damaged base64",
        "bad-base64.crt",
        "server.key",
        "DIR/bad-base64.crt is not valid PEM: a section is not base64; copy the file again, \
         completely and as text",
    ),
    Broken(
        "a damaged marker line",
        "bad-dashes.crt",
        "server.key",
        "DIR/bad-dashes.crt is not valid PEM: a line begins with `-----BEGIN` and does not \
         end with `-----`; copy the file again, completely and as text",
    ),
    Broken(
        "PEM around nothing sensible",
        "bad-der.crt",
        "server.key",
        "certificate 1 in DIR/bad-der.crt is not a valid X.509 certificate; copy the file \
         again from where it was issued",
    ),
    Broken(
        "a second certificate that is none",
        "bad-second.crt",
        "server.key",
        "certificate 2 in DIR/bad-second.crt is not a valid X.509 certificate; copy the \
         file again from where it was issued",
    ),
    Broken(
        "a key that is none",
        "server.crt",
        "bad-der.key",
        "the private key in DIR/bad-der.key is damaged or of a kind that is not supported; \
         expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more: `openssl \
         genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes a new one, and a \
         certificate for it must be issued",
    ),
    Broken(
        "version 1",
        "serverSS.crt",
        "server.key",
        "the certificate in DIR/serverSS.crt is of an X.509 version before 3 and has no \
         subject alternative names, so clients refuse it; `openssl x509 -req` makes such \
         certificates when it is given no extensions: issue it again with `-extfile <(echo \
         subjectAltName=DNS:localhost)` and your own names",
    ),
    Broken(
        "a short RSA key",
        "weak.crt",
        "weak.key",
        "the private key in DIR/weak.key is damaged or of a kind that is not supported; \
         expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more: `openssl \
         genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes a new one, and a \
         certificate for it must be issued",
    ),
];

/// The files that [`BROKEN`] names.
fn broken_files() -> Files {
    let files = Files::new();
    let other = Files::new();
    files.write("other.key", other.read("server.key"));
    files.write("empty.pem", "");
    files.write("blank.pem", " \n\r\n\t\n");
    files.write("notes.txt", "the certificate is in the other directory\n");
    files.write("binary.bin", [0x00, 0xff, 0x13, 0x37]);
    files.write("directory.keep", "x");
    fs::create_dir(files.path("live")).unwrap();
    files.write("huge.pem", vec![b'a'; 1024 * 1024 + 1]);
    files.write("huge.key", vec![b'a'; 64 * 1024 + 1]);
    files.join("two.key", &["server.key", "other.key"]);
    files.join("backwards.pem", &["ca.crt", "server.crt"]);

    let text = files.text("server.crt");
    files.write("cut.crt", &text[..text.len() / 2]);
    files.write("bad-base64.crt", text.replacen("\nMII", "\n*!*", 1));
    files.write(
        "bad-dashes.crt",
        text.replacen("CERTIFICATE-----", "CERTIFICATE--", 1),
    );
    files.write("bad-der.crt", pem("CERTIFICATE", "AAAAAAAA"));
    let mut longer = files.openssl("x509 -in server.crt -outform PEM");
    longer.push_str(&pem("CERTIFICATE", "MAMCAQU="));
    files.write("bad-second.crt", longer);
    files.write("bad-der.key", pem("PRIVATE KEY", "MAMCAQA="));
    files.write("unknown.pem", pem("TOP SECRET", "AAAAAAAA"));
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    files.write("utf16.crt", utf16);

    files.openssl("pkey -in server.key -aes128 -passout pass:secret -out encrypted.key");
    files.openssl("ec -in server.key -aes128 -passout pass:secret -out old-encrypted.key");
    files.openssl("pkey -in server.key -pubout -out public.pem");
    files.openssl("req -new -key server.key -subj /CN=localhost -out server.csr");
    files.openssl("pkcs12 -export -in server.crt -inkey server.key -passout pass: -out server.p12");
    files.openssl("crl2pkcs7 -nocrl -certfile server.crt -out server.p7b");
    files.openssl("x509 -in server.crt -trustout -out trusted.crt");
    files.write("it's a.p12", files.read("server.p12"));
    files.write("openssh.key", pem("OPENSSH PRIVATE KEY", "AAAAAAAA"));
    // The recipe of many old tutorials: no -extfile, so no version 3.
    files.openssl("x509 -req -in server.csr -key server.key -days 30 -out serverSS.crt");
    files.openssl("genrsa -out weak.key 1024");
    files.certify("weak.key", "weak.crt");
    {
        std::os::unix::fs::symlink("loop.pem", files.path("loop.pem")).unwrap();
        std::os::unix::fs::symlink("gone.pem", files.path("dangling.pem")).unwrap();
        let fifo = Command::new("mkfifo").arg(files.path("fifo.pem")).status();
        assert!(fifo.unwrap().success());
    }
    files
}

fn pem(label: &str, base64: &str) -> String {
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

/// Every message, word for word: they are what the user has to work with.
#[test]
fn what_is_wrong_is_said() {
    let files = broken_files();
    let dir = files.dir().to_str().unwrap();
    let mut wrong = Vec::new();
    for Broken(what, cert, key, expected) in BROKEN {
        let error = match files.load(cert, key) {
            Err(error) => error,
            Ok(_) => panic!("{what} was accepted"),
        };
        let text = error.to_string().replace(dir, "DIR");
        assert!(
            error.path().starts_with(dir) || error.path().starts_with("/dev"),
            "{what}"
        );
        assert!(
            !text.ends_with('.') && !text.contains('\n'),
            "{what}: {text}"
        );
        if let Some(source) = error.source() {
            let source = source.to_string();
            assert!(!text.contains(&source), "{what} repeats its source: {text}");
        }
        if text != *expected {
            wrong.push(format!(
                "Broken({what:?}, {cert:?}, {key:?},\n    {text:?}),"
            ));
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
}

/// A FIFO that nobody writes to must not hang the start.
#[test]
fn a_fifo_and_a_device_do_not_hang() {
    let files = broken_files();
    let path = files.path("fifo.pem");
    let (done, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for path in [&path, Path::new("/dev/zero"), Path::new("/dev/tty")] {
            done.send(tls::load(path, path).map(|_| ())).unwrap();
        }
    });
    for _ in 0..3 {
        let result = answer.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(
            matches!(
                result,
                Err(TlsConfigError::NotRegular { .. } | TlsConfigError::NotFound { .. })
            ),
            "{result:?}"
        );
    }
}

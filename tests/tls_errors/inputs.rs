//! The files that the table names: made by rcgen, and by the `openssl` command
//! where only that makes them.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
    date_time_ymd,
};

use super::pem_files::{Files, named};

/// One directory with all of them.
pub(super) fn broken_files() -> Files {
    let files = Files::new();
    no_files(&files);
    other_content(&files);
    keys(&files);
    certificates(&files);
    chains(&files);
    crls(&files);
    ticket_secrets(&files);
    files
}

fn no_files(files: &Files) {
    fs::create_dir(files.path("live")).unwrap();
    std::os::unix::fs::symlink("loop.pem", files.path("loop.pem")).unwrap();
    std::os::unix::fs::symlink("gone.pem", files.path("dangling.pem")).unwrap();
    let fifo = Command::new("mkfifo").arg(files.path("fifo.pem")).status();
    assert!(fifo.unwrap().success());
    // The file stays when the listener is closed.
    UnixListener::bind(files.path("agent.sock")).unwrap();
    files.write("huge.pem", vec![b'a'; 1024 * 1024 + 1]);
    files.write("huge.key", vec![b'a'; 64 * 1024 + 1]);
    files.write("huge.crl", vec![b'a'; 16 * 1024 * 1024 + 1]);
    files.write("empty.pem", "");
    files.write("blank.pem", " \n\r\n\t\n");
}

fn other_content(files: &Files) {
    files.write("notes.txt", "the certificate is in the other directory\n");
    files.write("binary.bin", [0x00, 0xff, 0x13, 0x37]);
    files.write("unknown.pem", pem("TOP SECRET", "AAAAAAAA"));
    files.write("dh.pem", pem("DH PARAMETERS", "AAAAAAAA"));
    let text = files.text("server.crt");
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    files.write("utf16.crt", utf16);
    files.openssl("req -new -key server.key -subj /CN=localhost -out server.csr");
    files.openssl("req -in server.csr -outform DER -out csr.der");
    files.openssl("pkcs12 -export -in server.crt -inkey server.key -passout pass: -out server.p12");
    files.write("it's a.p12", files.read("server.p12"));
    files.openssl("crl2pkcs7 -nocrl -certfile server.crt -out server.p7b");
    files.openssl("crl2pkcs7 -nocrl -certfile server.crt -outform DER -out windows.p7b");
    files.openssl("x509 -in server.crt -trustout -out trusted.crt");

    // Half written, or damaged on the way.
    files.write("cut.crt", &text[..text.len() / 2]);
    let key = files.text("server.key");
    files.write("cut.key", &key[..key.len() / 2]);
    files.write("one-line.crt", text.replace('\n', ""));
    files.write("one-line.key", key.replace('\n', ""));
    files.write("bad-base64.crt", text.replacen("\nMII", "\n*!*", 1));
    files.write(
        "bad-dashes.crt",
        text.replacen("CERTIFICATE-----", "CERTIFICATE--", 1),
    );
    files.write("bad-der.crt", pem("CERTIFICATE", "AAAAAAAA"));
    let mut longer = text;
    longer.push_str(&pem("CERTIFICATE", "MAMCAQU="));
    files.write("bad-second.crt", longer);
    files.write("bad-der.key", pem("PRIVATE KEY", "MAMCAQA="));
}

fn keys(files: &Files) {
    files.write("other.key", KeyPair::generate().unwrap().serialize_pem());
    files.join("two.key", &["server.key", "other.key"]);
    files.openssl("pkey -in server.key -pubout -out public.pem");
    files.openssl("pkey -in server.key -aes128 -passout pass:secret -out encrypted.key");
    files.openssl("ec -in server.key -aes128 -passout pass:secret -out old-encrypted.key");
    files.openssl(
        "pkcs8 -topk8 -in server.key -outform DER -passout pass:secret -out encrypted.der",
    );
    files.write("openssh.key", pem("OPENSSH PRIVATE KEY", "AAAAAAAA"));
    files.openssl("genrsa -out weak.key 1024");
    files.openssl("genrsa -traditional -out weak-pkcs1.key 1024");
    files.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out bitcoin.key");
    files.openssl("ecparam -name brainpoolP256r1 -genkey -noout -out brainpool.key");
    files.openssl(
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
         -pkeyopt ec_param_enc:explicit -out explicit.key",
    );
    files.openssl("genpkey -algorithm ED448 -out ed448.key");
    files.openssl("genpkey -algorithm X25519 -out x25519.key");
}

fn certificates(files: &Files) {
    let ca = Ca::of(files);
    let key = KeyPair::from_pem(&files.text("server.key")).unwrap();
    let issue = |file, params: &CertificateParams| files.write(file, ca.issue(params, &key));

    let mut expired = server();
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2020, 3, 31);
    issue("expired.crt", &expired);
    let mut future = server();
    future.not_before = date_time_ymd(2090, 5, 1);
    issue("future.crt", &future);

    issue("no-san.crt", &named("www.example.com"));
    let mut mail = named("Jo Doe");
    let address = "jo@example.com".try_into().unwrap();
    mail.subject_alt_names = vec![SanType::Rfc822Name(address)];
    issue("mail.crt", &mail);
    let mut client = server();
    client.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::EmailProtection,
    ];
    issue("client1.crt", &client);

    // The recipe of many old tutorials: no -extfile, so no version 3.
    files.openssl("x509 -req -in server.csr -key server.key -days 30 -out serverSS.crt");
    files.openssl(
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -set_serial 6 -days 30 -out old-client.crt",
    );
    files.write("san.ext", "subjectAltName=DNS:localhost\n");
    files.openssl(
        "x509 -req -sha1 -in server.csr -CA ca.crt -CAkey ca.key -set_serial 3 -days 30 \
         -extfile san.ext -out sha1.crt",
    );
    files.openssl(
        "req -x509 -md5 -newkey rsa:2048 -nodes -keyout md5.key -subj /CN=localhost -days 30 \
         -addext subjectAltName=DNS:localhost -out md5.crt",
    );

    // Of CAs of clients.
    let mut old = Ca::new("Old client CA");
    old.params.not_after = date_time_ymd(2020, 3, 31);
    files.write("old-ca.crt", old.certificate());
    files.join("two-cas.crt", &["ca.crt", "old-ca.crt"]);
    files.openssl("req -x509 -key bitcoin.key -subj /CN=Exotic -days 30 -out exotic-ca.crt");
}

fn chains(files: &Files) {
    let root = Ca::of(files);
    let key = KeyPair::from_pem(&files.text("server.key")).unwrap();
    let middle = Ca::new("Intermediate CA");
    files.write("deep.crt", middle.issue(&server(), &key));
    files.write("middle.crt", root.issue(&middle.params, &middle.key));
    files.join("backwards.pem", &["ca.crt", "server.crt"]);
    files.join("shuffled.pem", &["deep.crt", "ca.crt", "middle.crt"]);
    files.join("skipping.pem", &["deep.crt", "ca.crt"]);
    files.write("stranger.crt", Ca::new("Another CA").certificate());
    files.join("stranger.pem", &["server.crt", "stranger.crt"]);
    // A CA that was made a second time.
    files.write("new-ca.crt", Ca::new("Test CA").certificate());
    files.join("new-ca.pem", &["server.crt", "new-ca.crt"]);

    let mut old = Ca::new("Intermediate CA");
    old.params.not_after = date_time_ymd(2020, 3, 31);
    files.write("old-deep.crt", old.issue(&server(), &key));
    files.write("old-middle.crt", root.issue(&old.params, &old.key));
    files.join("old-middle.pem", &["old-deep.crt", "old-middle.crt"]);

    files.write("ca.ext", "basicConstraints=critical,CA:TRUE\n");
    files.openssl("req -new -key weak.key -subj /CN=Short -out short.csr");
    files.openssl(
        "x509 -req -in short.csr -CA ca.crt -CAkey ca.key -set_serial 4 -days 30 \
         -extfile ca.ext -out short-ca.crt",
    );
    files.openssl(
        "x509 -req -in server.csr -CA short-ca.crt -CAkey weak.key -set_serial 5 -days 30 \
         -extfile san.ext -out short.crt",
    );
    files.join("short.pem", &["short.crt", "short-ca.crt"]);
}

fn crls(files: &Files) {
    files.write("index.txt", "");
    files.write(
        "ca.cnf",
        "[ca]\ndefault_ca=this\n[this]\ndatabase=index.txt\ndefault_md=sha256\n\
         [delta]\nauthorityKeyIdentifier=keyid\n2.5.29.27=critical,DER:020101\n\
         [whole]\nauthorityKeyIdentifier=keyid\n",
    );
    // As the configuration that OpenSSL comes with does it.
    let make = "ca -gencrl -config ca.cnf -keyfile ca.key -cert ca.crt -crldays 30";
    files.openssl(&format!("{make} -out v1.crl"));
    files.openssl(&format!("{make} -crlexts delta -out delta.crl"));
    files.openssl(&format!("{make} -crlexts whole -out good.crl"));
    files.openssl("crl -in good.crl -outform DER -out der.crl");
    files.write("bad.crl", pem("X509 CRL", "MAMCAQU="));
    let text = files.text("good.crl");
    files.write("cut.crl", &text[..text.len() / 2]);
}

fn ticket_secrets(files: &Files) {
    let secret = |digit: usize| format!("{digit:064x}\n");
    files.write("comments.secrets", "# made by the roll-out\n\n");
    files.write("short.secrets", "00112233445566778899aabbccddeeff\n");
    files.write("same.secrets", [secret(1), secret(2), secret(1)].concat());
    files.write("many.secrets", (1..=9).map(secret).collect::<String>());
}

fn pem(label: &str, base64: &str) -> String {
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

fn server() -> CertificateParams {
    let mut params = named("localhost");
    params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
    params
}

struct Ca {
    params: CertificateParams,
    key: KeyPair,
}

impl Ca {
    fn new(common_name: &str) -> Self {
        let mut params = named(common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self {
            params,
            key: KeyPair::generate().unwrap(),
        }
    }

    /// `ca.crt` and `ca.key`.
    fn of(files: &Files) -> Self {
        Self {
            key: KeyPair::from_pem(&files.text("ca.key")).unwrap(),
            ..Self::new("Test CA")
        }
    }

    fn certificate(&self) -> String {
        self.params.self_signed(&self.key).unwrap().pem()
    }

    fn issue(&self, params: &CertificateParams, key: &KeyPair) -> String {
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(key, &issuer).unwrap().pem()
    }
}

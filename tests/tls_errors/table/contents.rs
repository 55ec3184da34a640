//! Files that hold something else.

use super::{Row, Section, pair};

pub(super) const SECTION: Section = Section {
    heading: "The file holds something else",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    pair(
        "Whatever was to write it has failed, or is not done yet.",
        ("empty.pem", "server.key"),
        "certificate file DIR/empty.pem is empty; expected a PEM certificate chain, such as \
         fullchain.pem; whatever wrote it has failed, write it again",
    ),
    pair(
        "It holds white space only.",
        ("server.crt", "blank.pem"),
        "key file DIR/blank.pem is empty; expected a PEM private key, such as privkey.pem; \
         whatever wrote it has failed, write it again",
    ),
    pair(
        "It is some text.",
        ("notes.txt", "server.key"),
        "certificate file DIR/notes.txt holds text without any PEM section; expected a PEM \
         certificate chain, such as fullchain.pem; check that the path names the right file",
    ),
    pair(
        "It is some text, and was to be the key.",
        ("server.crt", "notes.txt"),
        "key file DIR/notes.txt holds text without any PEM section; expected a PEM private \
         key, such as privkey.pem; check that the path names the right file",
    ),
    pair(
        "It is neither PEM nor DER.",
        ("binary.bin", "server.key"),
        "certificate file DIR/binary.bin holds binary data of an unknown kind; expected a PEM \
         certificate chain, such as fullchain.pem; check that the path names the right file",
    ),
    pair(
        "Windows (PowerShell's `>`) wrote it, in an encoding that PEM does not know.",
        ("utf16.crt", "server.key"),
        "certificate file DIR/utf16.crt holds text in UTF-16; expected a PEM certificate \
         chain, such as fullchain.pem; save it again as ASCII or UTF-8, without changing the \
         text",
    ),
    pair(
        "It is what was sent to the CA, not what came back.",
        ("server.csr", "server.key"),
        "certificate file DIR/server.csr holds a certificate request; expected a PEM \
         certificate chain, such as fullchain.pem; a CA must sign the request first; use the \
         certificate it sends back",
    ),
    pair(
        "The same, in DER.",
        ("csr.der", "server.key"),
        "certificate file DIR/csr.der holds a certificate request; expected a PEM certificate \
         chain, such as fullchain.pem; a CA must sign the request first; use the certificate \
         it sends back",
    ),
    pair(
        "It is a bundle of certificates in a format that Windows and Java use.",
        ("server.p7b", "server.key"),
        "certificate file DIR/server.p7b holds a PKCS#7 bundle; expected a PEM certificate \
         chain, such as fullchain.pem; convert it: `openssl pkcs7 -print_certs -in \
         DIR/server.p7b -out fullchain.pem`",
    ),
    pair(
        "The same, in DER.",
        ("windows.p7b", "server.key"),
        "certificate file DIR/windows.p7b holds a PKCS#7 bundle; expected a PEM certificate \
         chain, such as fullchain.pem; convert it: `openssl pkcs7 -inform DER -print_certs \
         -in DIR/windows.p7b -out fullchain.pem`",
    ),
    pair(
        "It is a bundle of certificate and key, as browsers and Windows export it.",
        ("server.p12", "server.key"),
        "certificate file DIR/server.p12 holds a PKCS#12 bundle (.p12, .pfx); expected a PEM \
         certificate chain, such as fullchain.pem; convert it to a file that serves as both \
         certificate and key: `(umask 077; openssl pkcs12 -in DIR/server.p12 -nodes -out \
         combined.pem)`",
    ),
    pair(
        "The same for the key, at a path that a shell needs in quotes.",
        ("server.crt", "it's a.p12"),
        "key file DIR/it's a.p12 holds a PKCS#12 bundle (.p12, .pfx); expected a PEM private \
         key, such as privkey.pem; convert it to a file that serves as both certificate and \
         key: `(umask 077; openssl pkcs12 -in 'DIR/it'\\''s a.p12' -nodes -out combined.pem)`",
    ),
    pair(
        "It is a certificate with notes on what it is trusted for, which only OpenSSL reads.",
        ("trusted.crt", "server.key"),
        "certificate file DIR/trusted.crt holds a certificate in OpenSSL's own format; \
         expected a PEM certificate chain, such as fullchain.pem; convert it: `openssl x509 \
         -in DIR/trusted.crt -out plain.crt`",
    ),
    pair(
        "It is a revocation list: the CA's list of withdrawn certificates.",
        ("good.crl", "server.key"),
        "certificate file DIR/good.crl holds a certificate revocation list; expected a PEM \
         certificate chain, such as fullchain.pem; check that the path names the right file",
    ),
    pair(
        "The same, in DER.",
        ("der.crl", "server.key"),
        "certificate file DIR/der.crl holds a certificate revocation list; expected a PEM \
         certificate chain, such as fullchain.pem; check that the path names the right file",
    ),
    pair(
        "It holds parameters for old ways of key exchange.",
        ("dh.pem", "server.key"),
        "certificate file DIR/dh.pem holds Diffie-Hellman parameters; expected a PEM \
         certificate chain, such as fullchain.pem; check that the path names the right file",
    ),
    pair(
        "It holds PEM that has nothing to do with TLS.",
        ("unknown.pem", "server.key"),
        "certificate file DIR/unknown.pem holds a PEM section \"TOP SECRET\"; expected a PEM \
         certificate chain, such as fullchain.pem; check that the path names the right file",
    ),
    pair(
        "It was cut off: half written, or half copied.",
        ("cut.crt", "server.key"),
        "DIR/cut.crt is not valid PEM: the line `-----END CERTIFICATE-----` is missing; copy \
         the file again, completely and as text",
    ),
    pair(
        "The key was cut off.",
        ("server.crt", "cut.key"),
        "DIR/cut.key is not valid PEM: the line `-----END PRIVATE KEY-----` is missing; copy \
         the file again, completely and as text",
    ),
    pair(
        "It was damaged on the way, for example by a mail program.",
        ("bad-base64.crt", "server.key"),
        "DIR/bad-base64.crt is not valid PEM: a section is not base64; copy the file again, \
         completely and as text",
    ),
    pair(
        "The line before the content was damaged.",
        ("bad-dashes.crt", "server.key"),
        "DIR/bad-dashes.crt is not valid PEM: a line begins with `-----BEGIN` and does not \
         end with `-----`; copy the file again, completely and as text",
    ),
    pair(
        "The PEM is right, what is inside is no certificate.",
        ("bad-der.crt", "server.key"),
        "certificate 1 in DIR/bad-der.crt is not a valid X.509 certificate; copy the file \
         again from where it was issued",
    ),
    pair(
        "Another certificate of the chain is none.",
        ("bad-second.crt", "server.key"),
        "certificate 2 in DIR/bad-second.crt is not a valid X.509 certificate; copy the file \
         again from where it was issued",
    ),
];

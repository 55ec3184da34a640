//! The server's own certificate.

use super::{Row, Section, pair};

pub(super) const SECTION: Section = Section {
    heading: "The certificate",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    pair(
        "An old recipe for `openssl` made it.",
        ("serverSS.crt", "server.key"),
        "the certificate in DIR/serverSS.crt is X.509 version 1 (no SAN); regenerate with \
         `oneport cert server`, or with `openssl x509 -req` and `-extfile <(echo \
         subjectAltName=DNS:localhost)` (your own names); clients refuse what does not say \
         for which names it is",
    ),
    pair(
        "It says for which site it is in a place where clients stopped looking in 2017.",
        ("no-san.crt", "server.key"),
        "the certificate in DIR/no-san.crt (CN=www.example.com) names no host in its subject \
         alternative names (SAN), so clients refuse it, whatever its subject says; regenerate \
         with `oneport cert server`, or with `openssl x509 -req` and `-extfile <(echo \
         subjectAltName=DNS:localhost)` (your own names)",
    ),
    pair(
        "It is for a person.",
        ("mail.crt", "server.key"),
        "the certificate in DIR/mail.crt (CN=Jo Doe) names no host in its subject alternative \
         names (SAN), so clients refuse it, whatever its subject says; regenerate with \
         `oneport cert server`, or with `openssl x509 -req` and `-extfile <(echo \
         subjectAltName=DNS:localhost)` (your own names)",
    ),
    pair(
        "Of `ca.crt` and `server.crt`, the wrong one was taken.",
        ("ca.crt", "ca.key"),
        "the certificate in DIR/ca.crt is that of a CA (CN=Test CA) and names no host, so \
         clients refuse it from a server; pass a certificate that this CA issued, such as \
         server.crt; `oneport cert server` makes one",
    ),
    pair(
        "Of `client1.crt` and `server.crt`, the wrong one was taken.",
        ("client1.crt", "server.key"),
        "the certificate in DIR/client1.crt (CN=localhost) is for TLS clients and e-mail \
         only, so clients refuse it from a server; expected the extended key usage \
         serverAuth, or none; pass the server's certificate, such as server.crt; `oneport \
         cert server` makes one",
    ),
    pair(
        "It was not renewed, or the renewed one lies elsewhere.",
        ("expired.crt", "server.key"),
        "certificate 1 in DIR/expired.crt (CN=localhost) expired on 2020-03-31; clients \
         refuse it: renew it with `certbot renew` or `oneport cert server --force`, or start \
         all the same with `--accept-expired-cert`",
    ),
    pair(
        "It is new, or this machine's clock is slow.",
        ("future.crt", "server.key"),
        "certificate 1 in DIR/future.crt (CN=localhost) is not valid before 2090-05-01; if \
         that day has come, this machine's clock is wrong (`date -u` shows it), else pass the \
         certificate that is valid now, or start all the same with `--accept-expired-cert`",
    ),
    pair(
        "It was issued with a hash that clients stopped accepting in 2017.",
        ("sha1.crt", "server.key"),
        "certificate 1 in DIR/sha1.crt (CN=localhost) is signed with SHA-1, which can be \
         forged, so clients refuse it; expected SHA-256 or better; have it issued again: \
         `openssl x509 -req` takes `-sha256`, and `oneport cert server` uses nothing less",
    ),
    pair(
        "The same, with an even older one.",
        ("md5.crt", "md5.key"),
        "certificate 1 in DIR/md5.crt (CN=localhost) is signed with MD5, which can be forged, \
         so clients refuse it; expected SHA-256 or better; have it issued again: `openssl \
         x509 -req` takes `-sha256`, and `oneport cert server` uses nothing less",
    ),
];

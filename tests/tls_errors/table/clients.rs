//! CAs of clients, and revocation lists.

use super::{Row, Section, client_ca, client_crl, no_client_ca};

pub(super) const SECTION: Section = Section {
    heading: "CAs and revocation lists for clients",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    client_ca(
        "There is no such file.",
        "gone.pem",
        "client CA file DIR/gone.pem does not exist; check the path (a relative one starts at \
         the working directory) and where symbolic links lead",
    ),
    client_ca(
        "A key stands where CAs were expected.",
        "ca.key",
        "client CA file DIR/ca.key holds a private key and no certificate; name the file that \
         contains `-----BEGIN CERTIFICATE-----`",
    ),
    client_ca(
        "Some text stands where CAs were expected.",
        "notes.txt",
        "client CA file DIR/notes.txt holds text without any PEM section; expected the PEM \
         certificates of the CAs that sign client certificates; check that the path names the \
         right file",
    ),
    client_ca(
        "What is inside is no certificate.",
        "bad-der.crt",
        "certificate 1 in DIR/bad-der.crt is not a valid X.509 certificate; copy the file \
         again from where it was issued",
    ),
    client_ca(
        "Of `ca.crt` and `server.crt`, the wrong one was taken.",
        "server.crt",
        "certificate 1 in client CA file DIR/server.crt (CN=localhost) is a leaf signed by \
         CN=Test CA, and can vouch for no client, not even for itself; pass the certificate \
         of CN=Test CA, such as ca4clients.crt",
    ),
    client_ca(
        "The same, made by an old recipe (`openssl x509 -req` without extensions).",
        "old-client.crt",
        "certificate 1 in client CA file DIR/old-client.crt (CN=localhost) is a leaf signed by \
         CN=Test CA, and can vouch for no client, not even for itself; pass the certificate \
         of CN=Test CA, such as ca4clients.crt",
    ),
    client_ca(
        "One of the CAs has expired.",
        "two-cas.crt",
        "certificate 2 in DIR/two-cas.crt (CN=Old client CA) expired on 2020-03-31; pass the \
         certificate that this CA uses now (`oneport cert ca --for clients` makes a new one), \
         or start all the same with `--accept-expired-cert`",
    ),
    client_ca(
        "The CA's key is of a kind that cannot be verified.",
        "exotic-ca.crt",
        "certificate 1 in DIR/exotic-ca.crt (CN=Exotic) has an ECDSA key on secp256k1, which \
         cannot be used to verify clients; expected ECDSA P-256 or P-384, Ed25519, or RSA \
         with 2048 bits or more; have it issued again for a new key (`oneport cert ca --for \
         clients` makes a CA)",
    ),
    client_ca(
        "The CA's key can be broken.",
        "short-ca.crt",
        "certificate 1 in DIR/short-ca.crt (CN=Short) has an RSA key with 1024 bits, which \
         cannot be used to verify clients; expected ECDSA P-256 or P-384, Ed25519, or RSA \
         with 2048 bits or more; have it issued again for a new key (`oneport cert ca --for \
         clients` makes a CA)",
    ),
    no_client_ca(
        "It is said how clients are judged, and no CA is named.",
        "client certificates were to be judged beside DIR/server.crt, but no CA is named that \
         signs them, so no client would be asked for one; name it with `--client-ca`, or leave \
         `--client-auth` and `--client-crl` out",
    ),
    client_crl(
        "A certificate stands where a revocation list was expected.",
        "ca.crt",
        "client CRL file DIR/ca.crt holds a certificate; expected certificate revocation \
         lists, such as `oneport cert crl` makes; check that the path names the right file",
    ),
    client_crl(
        "Some text stands where a revocation list was expected.",
        "notes.txt",
        "client CRL file DIR/notes.txt holds text without any PEM section; expected \
         certificate revocation lists, such as `oneport cert crl` makes; check that the path \
         names the right file",
    ),
    client_crl(
        "The PEM is right, what is inside is no list.",
        "bad.crl",
        "certificate revocation list 1 in DIR/bad.crl is not valid; get it again from the CA, \
         or make it again with `oneport cert crl`",
    ),
    client_crl(
        "The list was cut off.",
        "cut.crl",
        "DIR/cut.crl is not valid PEM: the line `-----END X509 CRL-----` is missing; copy the \
         file again, completely and as text",
    ),
    client_crl(
        "OpenSSL made it without being told of extensions.",
        "v1.crl",
        "certificate revocation list 1 in DIR/v1.crl is of version 1; expected version 2 with \
         a day of the next update, and all revocations of one CA; `oneport cert crl` makes \
         such lists, and so does `openssl ca -gencrl` where `crl_extensions` in openssl.cnf \
         names a section with `authorityKeyIdentifier=keyid`",
    ),
    client_crl(
        "It holds only what was added since another list.",
        "delta.crl",
        "certificate revocation list 1 in DIR/delta.crl is a delta, and not the whole list; \
         expected version 2 with a day of the next update, and all revocations of one CA; \
         `oneport cert crl` makes such lists, and so does `openssl ca -gencrl` where \
         `crl_extensions` in openssl.cnf names a section with `authorityKeyIdentifier=keyid`",
    ),
];

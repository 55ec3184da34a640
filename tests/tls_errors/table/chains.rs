//! What follows the server's own certificate.

use super::{Row, Section, pair};

pub(super) const SECTION: Section = Section {
    heading: "The chain of certificates",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    pair(
        "The server's own certificate is not the first one.",
        ("backwards.pem", "server.key"),
        "the private key belongs to certificate 2 in DIR/backwards.pem, not to the first; put \
         the server's own certificate first, then each one's issuer",
    ),
    pair(
        "The certificates after the first are in the wrong order.",
        ("shuffled.pem", "server.key"),
        "certificate 2 in DIR/shuffled.pem (CN=Test CA) did not issue certificate 1; expected \
         CN=Intermediate CA, which is certificate 3; put each certificate's issuer right \
         after it, as fullchain.pem has it",
    ),
    pair(
        "The intermediate CA is missing: most clients cannot find the way to the root.",
        ("skipping.pem", "server.key"),
        "certificate 2 in DIR/skipping.pem (CN=Test CA) did not issue certificate 1; expected \
         the certificate of CN=Intermediate CA; put that one there, or take certificate 2 out \
         if it does not belong to this chain",
    ),
    pair(
        "A certificate of something else got into the file.",
        ("stranger.pem", "server.key"),
        "certificate 2 in DIR/stranger.pem (CN=Another CA) did not issue certificate 1; \
         expected the certificate of CN=Test CA; put that one there, or take certificate 2 \
         out if it does not belong to this chain",
    ),
    pair(
        "The CA was made a second time, and the certificate is from the first.",
        ("new-ca.pem", "server.key"),
        "certificate 2 in DIR/new-ca.pem (CN=Test CA) has the name of the issuer of \
         certificate 1, but its key did not sign it; expected the certificate that CN=Test CA \
         had at the time; a CA that is made anew has a new key: put the old one there, or \
         have certificate 1 issued again",
    ),
    pair(
        "The certificate of a CA in the chain has expired.",
        ("old-middle.pem", "server.key"),
        "certificate 2 in DIR/old-middle.pem (CN=Intermediate CA) expired on 2020-03-31; \
         clients refuse it: renew it with `certbot renew` or `oneport cert server --force`, \
         or start all the same with `--accept-expired-cert`",
    ),
    pair(
        "The key of a CA in the chain can be broken.",
        ("short.pem", "server.key"),
        "certificate 2 in DIR/short.pem (CN=Short) has an RSA key with 1024 bits, which \
         clients refuse; expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or \
         more; have it issued again for a new key (`oneport cert ca` makes a CA)",
    ),
];

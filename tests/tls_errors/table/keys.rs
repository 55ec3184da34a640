//! Private keys.

use super::{Row, Section, pair};

pub(super) const SECTION: Section = Section {
    heading: "The key",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    pair(
        "The two paths are swapped.",
        ("server.key", "server.crt"),
        "certificate file DIR/server.key holds a private key and no certificate; if the \
         certificate and the key path are swapped, swap them back, else name the file that \
         contains `-----BEGIN CERTIFICATE-----`",
    ),
    pair(
        "A key, with a passphrase at that, stands where the certificate was expected.",
        ("encrypted.key", "server.key"),
        "certificate file DIR/encrypted.key holds a private key and no certificate; if the \
         certificate and the key path are swapped, swap them back, else name the file that \
         contains `-----BEGIN CERTIFICATE-----`",
    ),
    pair(
        "A certificate stands where the key was expected.",
        ("server.crt", "ca.crt"),
        "key file DIR/ca.crt holds a certificate and no private key; if the certificate and \
         the key path are swapped, swap them back, else name the file that contains `PRIVATE \
         KEY-----`",
    ),
    pair(
        "It is the public half of the key.",
        ("server.crt", "public.pem"),
        "key file DIR/public.pem holds a public key; expected a PEM private key, such as \
         privkey.pem; name the file with the private key that it is the other half of",
    ),
    pair(
        "The key is for SSH, or was made by its tools.",
        ("server.crt", "openssh.key"),
        "key file DIR/openssh.key holds an OpenSSH private key; expected a PEM private key, \
         such as privkey.pem; convert a copy of it: `ssh-keygen -p -N '' -m PKCS8 -f \
         DIR/openssh.key`",
    ),
    pair(
        "The key asks for a passphrase.",
        ("server.crt", "encrypted.key"),
        "key file DIR/encrypted.key is encrypted with a passphrase, which a server cannot ask \
         for; expected a key without one: `(umask 077; openssl pkey -in DIR/encrypted.key \
         -out plain.key)`",
    ),
    pair(
        "The same, in the older form.",
        ("server.crt", "old-encrypted.key"),
        "key file DIR/old-encrypted.key is encrypted with a passphrase, which a server cannot \
         ask for; expected a key without one: `(umask 077; openssl pkey -in \
         DIR/old-encrypted.key -out plain.key)`",
    ),
    pair(
        "The same, in DER.",
        ("server.crt", "encrypted.der"),
        "key file DIR/encrypted.der is encrypted with a passphrase, which a server cannot ask \
         for; expected a key without one: `(umask 077; openssl pkey -in DIR/encrypted.der \
         -out plain.key)`",
    ),
    pair(
        "It cannot be told which of the keys is meant.",
        ("server.crt", "two.key"),
        "key file DIR/two.key holds 2 private keys; expected exactly one; leave only the key \
         that belongs to the certificate",
    ),
    pair(
        "Certificate and key are of two pairs: one was renewed and the other was not, or the \
         files are of two sites.",
        ("server.crt", "other.key"),
        "the private key in DIR/other.key does not belong to the certificate in \
         DIR/server.crt; name the two files that were made together: `openssl x509 -in \
         DIR/server.crt -noout -pubkey` and `openssl pkey -in DIR/other.key -pubout` must \
         print the same",
    ),
    pair(
        "The CA's certificate was given for the server's.",
        ("ca.crt", "server.key"),
        "the private key in DIR/server.key does not belong to the certificate in DIR/ca.crt; \
         name the two files that were made together: `openssl x509 -in DIR/ca.crt -noout \
         -pubkey` and `openssl pkey -in DIR/server.key -pubout` must print the same",
    ),
    pair(
        "The key is damaged.",
        ("server.crt", "bad-der.key"),
        "the private key in DIR/bad-der.key is damaged or of an unknown kind; expected ECDSA \
         P-256 or P-384, Ed25519, or RSA with 2048 bits or more; copy the file again, or have \
         a certificate issued for a new key, which `(umask 077; openssl genpkey -algorithm EC \
         -pkeyopt ec_paramgen_curve:P-256 -out new.key)` makes (`oneport cert server` makes \
         both)",
    ),
    pair(
        "The key can be broken.",
        ("server.crt", "weak.key"),
        "the private key in DIR/weak.key is an RSA key with 1024 bits, which is not \
         supported; expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more; \
         have a certificate issued for a new key, which `(umask 077; openssl genpkey \
         -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key)` makes (`oneport cert \
         server` makes both)",
    ),
    pair(
        "The same, in the older form.",
        ("server.crt", "weak-pkcs1.key"),
        "the private key in DIR/weak-pkcs1.key is an RSA key with 1024 bits, which is not \
         supported; expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more; \
         have a certificate issued for a new key, which `(umask 077; openssl genpkey \
         -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key)` makes (`oneport cert \
         server` makes both)",
    ),
    pair(
        "The key is for a curve that no browser speaks.",
        ("server.crt", "bitcoin.key"),
        "the private key in DIR/bitcoin.key is an ECDSA key on secp256k1, which is not \
         supported; expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more; \
         have a certificate issued for a new key, which `(umask 077; openssl genpkey \
         -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key)` makes (`oneport cert \
         server` makes both)",
    ),
    pair(
        "The same for another curve, in the older form.",
        ("server.crt", "brainpool.key"),
        "the private key in DIR/brainpool.key is an ECDSA key on brainpoolP256r1, which is \
         not supported; expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or \
         more; have a certificate issued for a new key, which `(umask 077; openssl genpkey \
         -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key)` makes (`oneport cert \
         server` makes both)",
    ),
    pair(
        "The key brings the numbers of its curve instead of the name.",
        ("server.crt", "explicit.key"),
        "the private key in DIR/explicit.key is an ECDSA key on a curve without a name, which \
         is not supported; expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or \
         more; have a certificate issued for a new key, which `(umask 077; openssl genpkey \
         -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key)` makes (`oneport cert \
         server` makes both)",
    ),
    pair(
        "The key is of a kind that no browser speaks.",
        ("server.crt", "ed448.key"),
        "the private key in DIR/ed448.key is an Ed448 key, which is not supported; expected \
         ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or more; have a certificate \
         issued for a new key, which `(umask 077; openssl genpkey -algorithm EC -pkeyopt \
         ec_paramgen_curve:P-256 -out new.key)` makes (`oneport cert server` makes both)",
    ),
    pair(
        "The key cannot sign.",
        ("server.crt", "x25519.key"),
        "the private key in DIR/x25519.key is a key for key exchange (X25519, X448), which is \
         not supported; expected ECDSA P-256 or P-384, Ed25519, or RSA with 2048 bits or \
         more; have a certificate issued for a new key, which `(umask 077; openssl genpkey \
         -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key)` makes (`oneport cert \
         server` makes both)",
    ),
];

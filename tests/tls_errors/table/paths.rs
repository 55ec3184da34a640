//! Paths that lead to no file that can be read.

use super::{Row, Section, client_crl, pair};

pub(super) const SECTION: Section = Section {
    heading: "The path leads to no file that can be read",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    pair(
        "There is no certificate file of that name.",
        ("gone.pem", "server.key"),
        "certificate file DIR/gone.pem does not exist; check the path (a relative one starts \
         at the working directory) and where symbolic links lead",
    ),
    pair(
        "There is no key file of that name.",
        ("server.crt", "gone.key"),
        "key file DIR/gone.key does not exist; check the path (a relative one starts at the \
         working directory) and where symbolic links lead",
    ),
    pair(
        "A symbolic link leads to nothing.",
        ("dangling.pem", "server.key"),
        "certificate file DIR/dangling.pem does not exist; check the path (a relative one \
         starts at the working directory) and where symbolic links lead",
    ),
    pair(
        "A file stands where a directory was meant.",
        ("server.crt/fullchain.pem", "server.key"),
        "certificate file DIR/server.crt/fullchain.pem does not exist; check the path (a \
         relative one starts at the working directory) and where symbolic links lead",
    ),
    pair(
        "The operating system refuses to read it: permissions, or, as here, a symbolic link \
         to itself.",
        ("loop.pem", "server.key"),
        "certificate file DIR/loop.pem cannot be read; let the user that runs the server read \
         the file and enter the directories above it",
    ),
    pair(
        "It is a directory, such as certbot's `live/example.com`.",
        ("live", "server.key"),
        "certificate file DIR/live is a directory; expected a regular file with a PEM \
         certificate chain, such as fullchain.pem; name the file in it",
    ),
    pair(
        "It is a directory, and was to be the key.",
        ("server.crt", "live"),
        "key file DIR/live is a directory; expected a regular file with a PEM private key, \
         such as privkey.pem; name the file in it",
    ),
    pair(
        "It is a named pipe, or a shell's `<(command)`.",
        ("fifo.pem", "server.key"),
        "certificate file DIR/fifo.pem is a FIFO; expected a regular file with a PEM \
         certificate chain, such as fullchain.pem; name that file, or pass \
         `--allow-special-files` to read this all the same",
    ),
    pair(
        "It is a device.",
        ("/dev/zero", "server.key"),
        "certificate file /dev/zero is a device; expected a regular file with a PEM \
         certificate chain, such as fullchain.pem; name that file, or pass \
         `--allow-special-files` to read this all the same",
    ),
    pair(
        "It is a device, and was to be the key.",
        ("server.crt", "/dev/zero"),
        "key file /dev/zero is a device; expected a regular file with a PEM private key, such \
         as privkey.pem; name that file, or pass `--allow-special-files` to read this all the \
         same",
    ),
    pair(
        "It is a socket, such as that of an SSH agent.",
        ("server.crt", "agent.sock"),
        "key file DIR/agent.sock is a socket; expected a regular file with a PEM private key, \
         such as privkey.pem; name that file",
    ),
    pair(
        "It is far too large for a certificate chain.",
        ("huge.pem", "server.key"),
        "certificate file DIR/huge.pem is larger than 1024 KiB; expected a PEM certificate \
         chain, such as fullchain.pem; check that the path names the right file",
    ),
    pair(
        "It is far too large for a key.",
        ("server.crt", "huge.key"),
        "key file DIR/huge.key is larger than 64 KiB; expected a PEM private key, such as \
         privkey.pem; check that the path names the right file",
    ),
    client_crl(
        "It is too large for a revocation list.",
        "huge.crl",
        "client CRL file DIR/huge.crl is larger than 16384 KiB; expected certificate \
         revocation lists, such as `oneport cert crl` makes; check that the path names the \
         right file",
    ),
];

//! Secrets under which a fleet of servers makes its session tickets.

use super::{Row, Section, ticket_secrets};

pub(super) const SECTION: Section = Section {
    heading: "The secrets of session tickets",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    ticket_secrets(
        "There is no such file.",
        "gone.secrets",
        "ticket secrets file DIR/gone.secrets does not exist; check the path (a relative one \
         starts at the working directory) and where symbolic links lead",
    ),
    ticket_secrets(
        "Whatever was to write it has failed, or is not done yet.",
        "empty.pem",
        "ticket secrets file DIR/empty.pem is empty; expected lines that `openssl rand -hex \
         32` printed; whatever wrote it has failed, write it again",
    ),
    ticket_secrets(
        "There are comments only.",
        "comments.secrets",
        "ticket secrets file DIR/comments.secrets cannot be used: it holds no secret; make \
         one: `openssl rand -hex 32`",
    ),
    ticket_secrets(
        "It is some text.",
        "notes.txt",
        "ticket secrets file DIR/notes.txt cannot be used: line 1 is neither hexadecimal nor \
         base64; expected one secret per line: `openssl rand -hex 32`",
    ),
    ticket_secrets(
        "The secret could be guessed.",
        "short.secrets",
        "ticket secrets file DIR/short.secrets cannot be used: the secret in line 1 has 16 \
         bytes; expected 32 or more, by chance: `openssl rand -hex 32`",
    ),
    ticket_secrets(
        "A rotation has changed nothing.",
        "same.secrets",
        "ticket secrets file DIR/same.secrets cannot be used: line 3 repeats the secret of \
         line 1; remove it, and begin a rotation with a new one: `openssl rand -hex 32`",
    ),
    ticket_secrets(
        "Old secrets were never dropped.",
        "many.secrets",
        "ticket secrets file DIR/many.secrets cannot be used: it holds 9 secrets; expected 8 \
         at most: the one in use first, then those whose tickets are still to be accepted; \
         remove the last ones",
    ),
];

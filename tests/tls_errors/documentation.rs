//! `docs/tls-errors.md` is the table, for people.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::table::{Row, SECTIONS};

const HEAD: &str = "\
# What is wrong with my certificate?

What `oneport` and the library say about certificate and key files before the port opens. The
messages are the real ones, with short paths in the place of yours; the text ends with what to do.
All that is said here about certificates holds for each certificate of a file, and for each pair of
`--cert` and `--key`.

<!-- Generated from tests/tls_errors by
     UPDATE_DOCS=1 cargo test --all-features --test tls_errors documentation -->
";

#[test]
fn documentation_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tls-errors.md");
    let wanted = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &wanted).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == wanted,
        "docs/tls-errors.md is not what tests/tls_errors says; write it again with\n\
         UPDATE_DOCS=1 cargo test --all-features --test tls_errors documentation"
    );
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for section in SECTIONS {
        write!(page, "\n## {}\n\n", section.heading).unwrap();
        page.push_str("| The error says | What it means | What to do |\n|---|---|---|\n");
        for row in section.rows {
            let (says, remedy) = halves(row);
            writeln!(page, "| {says} | {} | {remedy} |", row.meaning).unwrap();
        }
    }
    page
}

/// What is wrong, and the rest: what was expected, what to do.
fn halves(row: &Row) -> (String, String) {
    let text = row.text.replace("DIR/", "");
    // It would end a cell of the table.
    assert!(!text.contains('|'), "{text}");
    let (says, remedy) = text.split_once("; ").unwrap();
    (says.into(), remedy.into())
}

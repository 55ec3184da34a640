//! What is printed because somebody asked for it.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::exit;

/// Writes `text` to stdout; `code`, unless that fails. A reader that has had enough
/// (`| head -1`), and a stdout that is closed, are no failure; a full disk is.
pub(crate) fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    judge(written, code)
}

/// As [`print`], of what has written already.
pub(crate) fn judge(written: io::Result<()>, code: ExitCode) -> ExitCode {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            // There is nobody else to tell.
            let _ = writeln!(
                io::stderr().lock(),
                "oneport: the output cannot be written: {error}"
            );
            exit::code(1)
        }
        _ => code,
    }
}

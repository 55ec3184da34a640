//! How the process ends: the exit codes, and what is said on the way out.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use oneport::Drained;

use crate::bind::BindError;
use crate::certificate::CertificateError;
use crate::signals::Signal;

/// For the end of `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
    0  stopped by SIGINT or SIGTERM, every connection finished
    1  the server failed while running
    2  wrong usage
    3  cannot listen on the given address
    4  the certificate or its key cannot be used
    5  stopped by SIGINT or SIGTERM, but connections were cut off when --drain was over
  129  a second signal, the end of its terminal (SIGHUP), ended it at once
  130  a second signal, SIGINT, ended it at once
  143  a second signal, SIGTERM, ended it at once";

/// Why the process ends otherwise than by draining.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The address cannot be listened on.
    Bind(BindError),
    /// The certificate or the key cannot be used.
    Certificate(CertificateError),
    /// The server failed while it ran.
    Runtime(io::Error),
    /// A second signal arrived while connections were drained.
    Signal(Signal),
    /// The arguments contradict what is there.
    Usage(String),
}

impl Failure {
    fn code(&self) -> i32 {
        match self {
            Self::Runtime(_) => 1,
            Self::Usage(_) => 2,
            Self::Bind(_) => 3,
            Self::Certificate(_) => 4,
            // As a shell reports a process that died of the signal.
            Self::Signal(Signal::Hangup) => 129,
            Self::Signal(Signal::Interrupt) => 130,
            Self::Signal(Signal::Terminate) => 143,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(error) => error.fmt(f),
            Self::Certificate(error) => error.fmt(f),
            Self::Runtime(_) => f.write_str("the server failed"),
            Self::Signal(signal) => write!(f, "{signal} again: ended without draining"),
            Self::Usage(sentence) => f.write_str(sentence),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Bind(error) => error.source(),
            Self::Certificate(error) => error.source(),
            Self::Runtime(error) => Some(error),
            Self::Signal(_) | Self::Usage(_) => None,
        }
    }
}

/// Says on stderr what went wrong, if anything did, and picks the exit code.
pub(crate) fn report(outcome: &Result<Drained, Failure>) -> ExitCode {
    match outcome {
        Ok(Drained::Clean) => ExitCode::SUCCESS,
        Ok(Drained::Aborted(connections)) => {
            say(&format!(
                "{connections} connection(s) were cut off when the drain time was over"
            ));
            code(5)
        }
        // A later way to drain is still an end by signal.
        Ok(_) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&whole(failure));
            code(failure.code())
        }
    }
}

/// An error and what has led to it, in one line.
pub(crate) fn whole(error: &dyn Error) -> String {
    let mut sentence = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        sentence.push_str(&format!(": {error}"));
        source = error.source();
    }
    sentence
}

/// An exit code as the process gives it.
pub(crate) fn code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// On stderr, unless that takes more than a second: nobody may read it.
pub(crate) fn say(sentence: &str) {
    // A closed stderr is no reason to panic.
    let write = |line: &str| drop(io::stderr().lock().write_all(line.as_bytes()));
    let line = format!("oneport: {sentence}\n");
    let (said, is_said) = mpsc::channel();
    let other = line.clone();
    let thread = std::thread::Builder::new().spawn(move || {
        write(&other);
        let _ = said.send(());
    });
    match thread {
        Ok(_) => drop(is_said.recv_timeout(Duration::from_secs(1))),
        // That may be what is to be said.
        Err(_) => write(&line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_help() {
        let codes = [
            (Failure::Runtime(io::Error::other("x")), 1),
            (Failure::Usage(String::new()), 2),
            (Failure::Signal(Signal::Hangup), 129),
            (Failure::Signal(Signal::Interrupt), 130),
            (Failure::Signal(Signal::Terminate), 143),
        ];
        for (failure, code) in codes {
            assert_eq!(failure.code(), code);
            assert!(HELP.contains(&format!("{code:>3}  ")), "{code}");
        }
    }
}

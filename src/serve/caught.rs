//! Bugs in the application that panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::conn_info::ConnInfo;
use crate::count;

/// Runs the application's code for a request. None if it has panicked: then it is
/// not to be run again, only dropped. That is counted, and stands in the log. (With
/// `panic = "abort"` the process is over.)
pub(super) fn caught<T>(whose: &ConnInfo, run: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(done) => Some(done),
        Err(panic) => {
            note(whose, &*panic);
            None
        }
    }
}

// Out of line: it is never called.
#[cold]
fn note(whose: &ConnInfo, panic: &(dyn Any + Send)) {
    count::panicked();
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let panic = said.unwrap_or("with something else than text");
    let (id, peer) = (whose.id(), whose.peer());
    tracing::error!(id, %peer, panic, "the application panicked");
}

/// Notes a panic that goes through it, to end its task: of a make-service, a body, a
/// policy, an explanation. tokio would not say so.
pub(super) struct Noted;

impl Drop for Noted {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            note_end();
        }
    }
}

#[cold]
fn note_end() {
    count::panicked();
    tracing::error!("the application panicked, which ended a connection or a stream");
}

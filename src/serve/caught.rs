//! Bugs in the application that panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::conn_info::ConnInfo;
use crate::count;
use crate::peer::Peer;

/// Runs the application's code, or what has some of it inside. None if it has
/// panicked: then it is not to be run again, only dropped. That is counted, and
/// stands in the log. (With `panic = "abort"` the process is over.)
///
/// Without it tokio would end the connection's task, and nobody would hear.
pub(super) fn caught<T>(whose: Option<&ConnInfo>, run: impl FnOnce() -> T) -> Option<T> {
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
fn note(whose: Option<&ConnInfo>, panic: &(dyn Any + Send)) {
    count::panicked();
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let panic = said.unwrap_or("with something else than text");
    let id = whose.map(ConnInfo::id);
    let peer = whose
        .map(ConnInfo::peer)
        .map(|it: Peer| tracing::field::display(it));
    tracing::error!(id, peer, panic, "the application panicked");
}

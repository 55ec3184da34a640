//! Whose turn it is on an HTTP/2 stream.

use std::cell::Cell;
use std::time::Duration;

/// hyper asks a response's body for its next frame when the client has opened
/// the window for the last one, and not before. So the body knows when it is the client's
/// turn; what waits for the client is the stream's task, which hyper hides from
/// the body. They meet here, in the thread that polls the one inside the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The application's, or hyper's.
    Ours,
    /// hyper's, to make a tunnel of the stream.
    Opening,
    /// The client's, for too long: its stream is dropped.
    Over(Duration),
    /// The client's, to take what is there for it.
    Theirs,
    /// The same, anew.
    TheirsAnew,
}

thread_local! {
    static NOW: Cell<Turn> = const { Cell::new(Turn::Ours) };
}

impl Turn {
    /// Polls a stream, or drops it: what is noted meanwhile is kept here.
    pub(super) fn during<T>(&mut self, stream: impl FnOnce() -> T) -> T {
        // What panics takes its turn with it.
        struct Outer(Turn);
        impl Drop for Outer {
            fn drop(&mut self) {
                NOW.set(self.0);
            }
        }
        let _outer = Outer(NOW.replace(*self));
        let done = stream();
        *self = NOW.get();
        done
    }

    /// As of here. (Where no stream is polled nobody will look.)
    pub(super) fn note(self) {
        NOW.set(self);
    }

    /// As of the last note.
    pub(super) fn now() -> Self {
        NOW.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_has_its_own() {
        let (mut outer, mut inner) = (Turn::Theirs, Turn::Ours);
        outer.during(|| {
            assert_eq!(Turn::now(), Turn::Theirs);
            inner.during(|| Turn::TheirsAnew.note());
            assert_eq!(Turn::now(), Turn::Theirs);
            Turn::Ours.note();
        });
        assert_eq!((outer, inner), (Turn::Ours, Turn::TheirsAnew));
        assert_eq!(Turn::now(), Turn::Ours);
    }

    /// What a stream drops may panic (a body's own `Drop`), and tokio catches that: the
    /// thread kept the turn of the stream that is gone, and each later request that was
    /// dropped there outside of a stream's poll was logged as a `write_stall`.
    #[test]
    fn a_panic_takes_its_turn_with_it() {
        let panicked = std::panic::catch_unwind(|| {
            Turn::Over(Duration::ZERO).during(|| panic!("a bug in a body's drop"));
        });
        assert!(panicked.is_err());
        assert_eq!(Turn::now(), Turn::Ours);
    }
}

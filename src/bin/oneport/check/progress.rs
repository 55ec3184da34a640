//! What is to be seen while it works.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::time::Duration;

use tokio::select;
use tokio::time::{Instant, sleep};

const BETWEEN: Duration = Duration::from_millis(250);

/// Says on stderr how long it takes, if that is a terminal.
pub(super) async fn beside<F: Future>(work: F, target: &str) -> F::Output {
    if !io::stderr().is_terminal() {
        return work.await;
    }
    let begun = Instant::now();
    let mut work = pin!(work);
    let mut is_shown = false;
    loop {
        select! {
            biased;
            output = &mut work => {
                if is_shown {
                    say("\r\x1b[K");
                }
                return output;
            }
            () = sleep(BETWEEN) => {
                is_shown = true;
                let seconds = begun.elapsed().as_secs();
                say(&format!("\rasking {} .. {seconds} s\x1b[K", target.escape_debug()));
            }
        }
    }
}

fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

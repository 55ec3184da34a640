//! The `oneport` command: one TCP port that speaks TLS and, where it is
//! allowed, plaintext HTTP, and explains itself to the wrong client.
//!
//! Only this binary reads arguments, prints and exits; everything that serves
//! is the library.

mod acme;
mod answers;
mod app;
mod args;
mod bind;
mod body_first;
mod cert;
mod certificate;
mod check;
mod exit;
mod listen_addr;
mod log;
mod log_writer;
mod output;
mod port_policy;
mod reload;
mod root;
mod self_check;
mod serve;
mod signals;
mod startup;
mod used;
mod workers;

use std::process::ExitCode;

use args::Command;

fn main() -> ExitCode {
    let args = match args::parse() {
        Ok(Command::Cert(args)) => return cert::run(&args),
        Ok(Command::Check(args)) => return check::run(&args),
        Ok(Command::Serve(args)) => args,
        Err(error) => {
            // `--help` and `--version` come this way too, with code 0.
            return output::judge(error.print(), exit::code(error.exit_code()));
        }
    };
    let log = match log::init(args.log_format, args.workers) {
        Ok(log) => log,
        Err(error) => return exit::report(&Err(exit::Failure::Runtime(error))),
    };
    // With workers of its own, the server leaves signals, renewals and the like
    // to this thread.
    let mut runtime = match args.workers {
        Some(_) => tokio::runtime::Builder::new_current_thread(),
        None => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log.close();
            return exit::report(&Err(exit::Failure::Runtime(error)));
        }
    };
    let outcome = runtime.block_on(serve::run(*args));
    // Not dropped: dropping waits for blocking file reads, and a second
    // Ctrl-C has to end the process at once.
    runtime.shutdown_background();
    log.close();
    exit::report(&outcome)
}

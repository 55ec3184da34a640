//! `oneport check`: what a port speaks, and whether a URL works there.

mod args;
mod json;
mod progress;
mod style;
mod text;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use oneport::client::probe::{ProbeError, Report};
use oneport::client::{Probe, Roots};
use tokio::time::{Instant, sleep};

pub(crate) use self::args::CheckArgs;
use self::style::Style;
use crate::{exit, output};

/// For the end of `--help`.
pub(crate) const HELP: &str = "\
A URL works if its answer has a status below 400, over https with a certificate that is
trusted (as for curl -f), or for ws and wss if a WebSocket is opened; HOST:PORT works if
anything there speaks HTTP.

As the health check of a container:
    HEALTHCHECK CMD [\"oneport\", \"check\", \"--quiet\", \"http://127.0.0.1:3000/\"]

Exit codes:
    0  the target works as it was given
    1  it does not, and the report says why; or the report cannot be written
    2  wrong usage, or a file that cannot be used";

/// Between the attempts of `--wait`; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&Err(exit::Failure::Runtime(error))),
    };
    let checked = runtime.block_on(check(args));
    // A name that is still being looked up is waited for otherwise.
    runtime.shutdown_background();
    match checked {
        Ok(report) => {
            let code = match report.works() {
                true => ExitCode::SUCCESS,
                false => ExitCode::from(1),
            };
            show(args, &report, code)
        }
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

async fn check(args: &CheckArgs) -> Result<Report, ProbeError> {
    let probe = probe(args)?;
    let asking = async {
        let report = until_it_works(args, probe.clone().brief()).await?;
        match (args.quiet, report) {
            (true, Some(report)) => Ok(report),
            (true, None) => probe.clone().brief().run().await,
            (false, _) => probe.run().await,
        }
    };
    match args.quiet {
        true => asking.await,
        false => progress::beside(asking, &args.target).await,
    }
}

fn probe(args: &CheckArgs) -> Result<Probe, ProbeError> {
    let mut probe = Probe::new(&args.target)?.question_timeout(args.timeout);
    // Time for a second round behind a PROXY header, and for redirects.
    probe = probe.overall_timeout((args.timeout * 3).max(Duration::from_secs(1)));
    for ca in &args.ca {
        // As `curl --cacert`: nobody else is trusted then.
        probe = probe.ca(ca).roots(Roots::None);
    }
    if let (Some(cert), Some(key)) = (&args.cert, &args.key) {
        probe = probe.identity(cert, key);
    }
    if let Some(name) = &args.server_name {
        probe = probe.server_name(name);
    }
    Ok(probe)
}

/// With `--wait`: the last attempt, one way or the other.
async fn until_it_works(args: &CheckArgs, probe: Probe) -> Result<Option<Report>, ProbeError> {
    if args.wait().is_zero() {
        return Ok(None);
    }
    let until = Instant::now() + args.wait();
    let mut pause = FIRST_PAUSE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let limit = left.max(FIRST_PAUSE);
        let attempt = probe.clone().question_timeout(limit.min(args.timeout));
        let report = attempt.overall_timeout(limit).run().await?;
        let left = until.saturating_duration_since(Instant::now());
        if report.works() || left.is_zero() {
            return Ok(Some(report));
        }
        sleep(pause.min(left)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn show(args: &CheckArgs, report: &Report, code: ExitCode) -> ExitCode {
    if args.quiet {
        if let Some(fault) = &report.fault {
            let _ = writeln!(io::stderr().lock(), "oneport: {}: {fault}", report.target);
        }
        return code;
    }
    let text = match args.json {
        true => format!("{:#}\n", json::of(report)),
        false => text::of(report, Style::of_stdout()),
    };
    output::print(&text, code)
}

fn complain(error: &ProbeError) {
    let mut sentence = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        sentence.push_str(&format!(": {error}"));
        source = error.source();
    }
    let _ = writeln!(io::stderr().lock(), "oneport: {sentence}");
}

//! What the flags about answers make of the server and its application.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use oneport::layer::{Hsts, PlaintextReport, ReportPlaintext};
use oneport::{Explain, Mode, Redirect};

use crate::args::ServeArgs;
use crate::certificate::Certificates;
use crate::exit::Failure;
use crate::port_policy::PortPolicy;
use crate::signals::ReportSignal;

/// What follows from `AnswerArgs`.
pub(crate) struct Answers {
    redirect: Option<Redirect>,
    hsts: Option<Hsts>,
    pub(crate) report: Option<ReportPlaintext>,
    pub(crate) tls_with_http: bool,
    close_websockets: bool,
}

impl Answers {
    /// Redirects lead to the names of the certificate.
    pub(crate) fn new(
        args: &ServeArgs,
        certificates: Option<&Certificates>,
    ) -> Result<Self, Failure> {
        let args = &args.answers;
        let redirect = match (args.redirect, certificates) {
            (Some(wanted), Some(certificates)) => {
                let redirect = Redirect::to_matching(certificates.names()).map_err(|error| {
                    Failure::Usage(format!(
                        "--redirect leads to the names of the certificate, and {error}"
                    ))
                })?;
                let redirect = redirect.status(wanted.status);
                let redirect = match wanted.port {
                    Some(port) => redirect.port(port),
                    None => redirect,
                };
                Some(match wanted.browsers_only {
                    true => redirect.browsers_only(),
                    false => redirect,
                })
            }
            // clap has refused it without a certificate.
            _ => None,
        };
        Ok(Self {
            redirect,
            hsts: args
                .hsts
                .map(|seconds| Hsts::max_age(Duration::from_secs(seconds))),
            report: args.report_plaintext.then(ReportPlaintext::new),
            tls_with_http: args.answer_tls_with_http,
            close_websockets: args.close_websockets,
        })
    }

    /// For those who are refused.
    pub(crate) fn explain(&self) -> Explain {
        let mut explain = Explain::new();
        if let Some(redirect) = &self.redirect {
            explain = explain.redirect(redirect.clone());
        }
        match self.close_websockets {
            true => explain.close_websockets(),
            false => explain,
        }
    }

    /// For those who are served.
    pub(crate) fn around(&self, mut app: Router, policy: &PortPolicy) -> Router {
        if let Some(hsts) = &self.hsts {
            app = app.layer(hsts.clone());
        }
        // Who is let in on purpose, such as a health check, is served.
        let everybody = matches!(policy, PortPolicy::Everybody(Mode::Dual));
        if let Some(redirect) = self.redirect.as_ref().filter(|_| everybody) {
            app = app.layer(redirect.clone());
        }
        // Around the redirects: who follows one has used plaintext.
        match &self.report {
            Some(report) => app.layer(report.clone()),
            None => app,
        }
    }
}

/// Logs the report at each signal.
pub(crate) async fn report_when_asked(
    mut signal: ReportSignal,
    report: Option<&PlaintextReport>,
) -> Infallible {
    loop {
        signal.next().await;
        match report {
            Some(report) => log(report),
            None => tracing::info!("SIGUSR1: nothing is counted without --report-plaintext"),
        }
    }
}

/// A line of the log for each line of the report.
pub(crate) fn log(report: &PlaintextReport) {
    for line in report.to_string().lines() {
        tracing::info!("{line}");
    }
}

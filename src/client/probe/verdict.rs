//! Whether the target works as it was given, and if not, why.

use super::answer::{Answer, Next, ProxyHeader};
use super::fault::Fault;
use super::plaintext::HTTP2;
use super::report::Report;
use super::setting::Setting;
use super::target::Scheme;
use super::wire::Unreachable;
use crate::diagnose::{Cause, Certainty, Diagnosis};
use crate::foreign::Foreign;
use crate::mismatch::Mismatch;

pub(super) fn of_unreachable(unreachable: Unreachable) -> Fault {
    match unreachable {
        Unreachable::Late | Unreachable::NoRoute => Fault::Unreachable,
        Unreachable::NoName => Fault::UnknownHost,
        Unreachable::Refused => Fault::ConnectionRefused,
    }
}

/// Judges the answer in the report.
pub(super) fn add(setting: &Setting, report: &mut Report) {
    let scheme = setting.target.scheme;
    report.fault = of(scheme, report);
}

fn of(scheme: Option<Scheme>, report: &Report) -> Option<Fault> {
    // Clients look at the certificate before anything else.
    let judged = report.answered_over_tls && scheme.is_some();
    if let (true, Some(fault)) = (judged, report.tls.certificate_faults.first()) {
        let cause = Cause::ServerCertificate(*fault);
        return Some(Fault::Diagnosed(Diagnosis::new(cause, Certainty::Certain)));
    }
    match &report.answer {
        Answer::Http(answer) => match scheme {
            None => None,
            Some(scheme) if scheme.is_websocket() => {
                (!answer.websocket).then_some(Fault::WebSocketRefused(answer.status))
            }
            Some(_)
                if report
                    .redirects
                    .last()
                    .is_some_and(|hop| hop.next == Next::Loop) =>
            {
                Some(Fault::RedirectLoop)
            }
            Some(_) => {
                let fails = answer.status.as_u16() >= 400;
                fails.then_some(Fault::Status(answer.status))
            }
        },
        Answer::Refused(diagnosis) => Some(Fault::Diagnosed(diagnosis.clone())),
        other => Some(unexplained(scheme, other, report)),
    }
}

/// An answer that says nothing by itself, in the light of the others.
fn unexplained(scheme: Option<Scheme>, answer: &Answer, report: &Report) -> Fault {
    let likely =
        |mismatch: Mismatch| Fault::Diagnosed(Diagnosis::new(mismatch, Certainty::MostLikely));
    if report.proxy_protocol == ProxyHeader::Required {
        return likely(Mismatch::ProxyHeaderMissing);
    }
    let (plaintext, tls) = (&report.plaintext, &report.tls);
    match scheme {
        Some(scheme) if scheme.is_tls() && plaintext.http1.http().is_some() && !tls.is_spoken() => {
            return likely(Mismatch::TlsToPlaintext);
        }
        Some(scheme) if !scheme.is_tls() && is_http2(answer, report) => {
            return Fault::Http2Only;
        }
        Some(scheme) if !scheme.is_tls() && tls.is_spoken() => {
            return likely(Mismatch::PlaintextToTls);
        }
        _ => {}
    }
    if let Some(diagnosis) = named(report) {
        return Fault::Diagnosed(diagnosis.clone());
    }
    match answer {
        Answer::Closed | Answer::Silent if is_no_stranger(scheme, report) => Fault::Unanswered,
        Answer::Closed => Fault::Closed,
        Answer::Other(line) => Fault::NotHttp(line.clone()),
        _ => Fault::Silent,
    }
}

/// The server of another protocol that has said so to one of the questions:
/// Redis hangs up on HTTP/1.1, and answers what it takes for a command.
fn named(report: &Report) -> Option<&Diagnosis> {
    let (plaintext, tls) = (&report.plaintext, &report.tls);
    let all = [&plaintext.http1, &plaintext.h2c, &tls.http, &tls.http1];
    all.into_iter().find_map(|answer| match answer {
        Answer::Refused(diagnosis) => match diagnosis.cause() {
            Cause::NotHttp(Foreign::Unknown) | Cause::NotTls(Foreign::Unknown) => None,
            Cause::NotHttp(_) | Cause::NotTls(_) => Some(diagnosis),
            _ => None,
        },
        _ => None,
    })
}

/// Some other question was answered as a web server does.
fn is_no_stranger(scheme: Option<Scheme>, report: &Report) -> bool {
    let (plaintext, tls) = (&report.plaintext, &report.tls);
    let all = [&plaintext.http1, &plaintext.h2c, &tls.http, &tls.http1];
    let over_tls = scheme.is_none_or(Scheme::is_tls) && tls.is_spoken();
    over_tls || all.into_iter().any(Answer::is_of_http)
}

/// It answered HTTP/1 in HTTP/2.
fn is_http2(answer: &Answer, report: &Report) -> bool {
    let in_frames = matches!(answer, Answer::Other(line) if line == HTTP2);
    in_frames || report.plaintext.h2c.http().is_some()
}

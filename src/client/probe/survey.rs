//! All questions at once, or the one that matters.

use rustls::version;
use tokio::join;
use tokio::net::TcpStream;

use super::answer::{Answer, ProxyHeader, Spoken};
use super::certificates;
use super::learned::not_spoken;
use super::plaintext::{self, Form};
use super::report::Report;
use super::setting::Setting;
use super::target::Scheme;
use super::tls::{self, H2, HTTP1, Offer, Then};
use crate::mismatch::Mismatch;

/// As clients do that speak everything.
const MODERN: Offer = Offer {
    versions: &[&version::TLS13, &version::TLS12],
    alpn: &[H2, HTTP1],
};
/// As WebSocket clients do.
const OF_HTTP1: Offer = Offer {
    versions: &[&version::TLS13, &version::TLS12],
    alpn: &[HTTP1],
};
/// Who chooses HTTP/1.1 from both may speak HTTP/2 as well.
const OF_HTTP2: Offer = Offer {
    versions: &[&version::TLS13, &version::TLS12],
    alpn: &[H2],
};
const OF_TLS13: Offer = Offer {
    versions: &[&version::TLS13],
    alpn: &[H2, HTTP1],
};
const OF_TLS12: Offer = Offer {
    versions: &[&version::TLS12],
    alpn: &[H2, HTTP1],
};

/// What the target asks for, and nothing else.
pub(super) async fn brief(setting: &Setting, tcp: TcpStream, report: &mut Report) {
    let scheme = setting.target.scheme;
    report.answer = given(setting, Some(tcp), scheme.unwrap_or(Scheme::Http), report).await;
    // Whatever it speaks.
    if scheme.is_none() && report.answer.http().is_none() {
        given(setting, None, Scheme::Https, report).await;
        report.answer = best(report);
    }
}

/// The answer to the target in the mode of its scheme.
pub(super) async fn given(
    setting: &Setting,
    tcp: Option<TcpStream>,
    scheme: Scheme,
    report: &mut Report,
) -> Answer {
    report.answered_over_tls = scheme.is_tls();
    match scheme {
        Scheme::Http => {
            let answer = plaintext::ask(setting, tcp, Form::Http1).await;
            report.plaintext.http1 = answer.clone();
            answer
        }
        Scheme::Ws => {
            let answer = plaintext::ask(setting, tcp, Form::WebSocket).await;
            report.plaintext.websocket = answer.clone();
            answer
        }
        Scheme::Https => {
            let seen = Box::pin(tls::ask(setting, tcp, MODERN, Then::Http)).await;
            report.tls.http = seen.answer.clone();
            report.tls.learn(&[&seen]);
            certificates::look(setting, &seen.chain, report);
            seen.answer
        }
        Scheme::Wss => {
            let seen = Box::pin(tls::ask(setting, tcp, OF_HTTP1, Then::WebSocket)).await;
            report.tls.websocket = seen.answer.clone();
            report.tls.learn(&[&seen]);
            certificates::look(setting, &seen.chain, report);
            seen.answer
        }
    }
}

/// Everything, each on a connection of its own.
pub(super) async fn full(setting: &Setting, tcp: TcpStream, report: &mut Report) {
    let scheme = setting.target.scheme;
    // The connection that is there is for what was asked for.
    let mut tcp = Some(tcp);
    let mut first = |of: Scheme| match scheme.unwrap_or(Scheme::Http) == of {
        true => tcp.take(),
        false => None,
    };
    // In the mode of the target; in both, if the mode may be what is wrong.
    let websocket =
        |over_tls: bool| scheme.is_none_or(|it| it.is_websocket() || it.is_tls() == over_tls);
    let (http, ws, https, wss) = (
        first(Scheme::Http),
        first(Scheme::Ws),
        first(Scheme::Https),
        first(Scheme::Wss),
    );

    let plaintext = async {
        join!(
            plaintext::ask(setting, http, Form::Http1),
            plaintext::ask(setting, None, Form::H2c),
            async {
                match websocket(false) {
                    true => plaintext::ask(setting, ws, Form::WebSocket).await,
                    false => Answer::NotAsked,
                }
            },
        )
    };
    let over_tls = async {
        join!(
            tls::ask(setting, https, MODERN, Then::Http),
            tls::ask(setting, None, OF_TLS13, Then::Nothing),
            tls::ask(setting, None, OF_TLS12, Then::Nothing),
            tls::ask(setting, None, OF_HTTP1, Then::Http),
            async {
                match websocket(true) {
                    true => Some(tls::ask(setting, wss, OF_HTTP1, Then::WebSocket).await),
                    false => None,
                }
            },
        )
    };
    let (plaintext, over_tls) = join!(Box::pin(plaintext), Box::pin(over_tls));

    (
        report.plaintext.http1,
        report.plaintext.h2c,
        report.plaintext.websocket,
    ) = plaintext;
    let (modern, tls13, tls12, http1, wss) = over_tls;
    report.tls.http = modern.answer.clone();
    report.tls.http1 = http1.answer.clone();
    report.tls.websocket = wss
        .as_ref()
        .map_or(Answer::NotAsked, |wss| wss.answer.clone());
    let mut all = vec![&modern, &tls13, &tls12, &http1];
    all.extend(&wss);
    report.tls.learn(&all);
    let http2;
    if report.tls.is_spoken() && report.tls.alpn_h2 == Spoken::Unknown {
        http2 = Box::pin(tls::ask(setting, None, OF_HTTP2, Then::Nothing)).await;
        all.push(&http2);
        report.tls.learn(&all);
        // Apache agrees on HTTP/1.1 all the same, which no client takes.
        if report.tls.alpn_h2 == Spoken::Unknown && http2.answer != Answer::Silent {
            report.tls.alpn_h2 = Spoken::No;
        }
    }
    if report.tls.tls13 == Spoken::Unknown {
        report.tls.tls13 = not_spoken(&tls13);
    }
    if report.tls.tls12 == Spoken::Unknown {
        report.tls.tls12 = not_spoken(&tls12);
    }
    let chain = all
        .iter()
        .map(|seen| &seen.chain)
        .find(|chain| !chain.is_empty());
    if let Some(chain) = chain {
        certificates::look(setting, chain, report);
    }
    report.answered_over_tls = scheme.is_some_and(Scheme::is_tls);
    report.answer = match scheme {
        Some(Scheme::Http) => report.plaintext.http1.clone(),
        Some(Scheme::Https) => report.tls.http.clone(),
        Some(Scheme::Ws) => report.plaintext.websocket.clone(),
        Some(Scheme::Wss) => report.tls.websocket.clone(),
        None => best(report),
    };
    if says_that_a_header_is_missing(report) {
        report.proxy_protocol = ProxyHeader::Required;
    } else if hung_up_on_everything(report) {
        let (http, https) = (
            plaintext::ask(setting, None, Form::Proxied),
            tls::ask_behind_proxy(setting, MODERN),
        );
        let (http, https) = join!(http, Box::pin(https));
        // Whoever shows a certificate may want one of the client next.
        let speaks_tls = https.version.is_some() || !https.chain.is_empty();
        report.proxy_protocol = match http.is_of_http() || speaks_tls {
            true => ProxyHeader::Required,
            false => ProxyHeader::NoDifference,
        };
    }
}

/// Of a port that may speak whatever it likes.
fn best(report: &Report) -> Answer {
    let (plaintext, tls) = (&report.plaintext, &report.tls);
    let all = [&tls.http, &plaintext.http1, &tls.http1, &plaintext.h2c];
    let with_http = all.into_iter().find(|answer| answer.http().is_some());
    let explained = |answer: &&Answer| match answer {
        // About the other mode, which has been asked too.
        Answer::Refused(diagnosis) => !matches!(
            diagnosis.mismatch(),
            Some(Mismatch::PlaintextToTls | Mismatch::TlsToPlaintext)
        ),
        _ => false,
    };
    let explained = || [&plaintext.http1, &tls.http].into_iter().find(explained);
    with_http
        .or_else(explained)
        .unwrap_or(&plaintext.http1)
        .clone()
}

/// A server that wants a PROXY protocol header hangs up on whoever has none.
fn hung_up_on_everything(report: &Report) -> bool {
    let (plaintext, tls) = (&report.plaintext, &report.tls);
    let all = [&plaintext.http1, &plaintext.h2c, &tls.http, &tls.http1];
    all.into_iter().all(|answer| *answer == Answer::Closed)
}

fn says_that_a_header_is_missing(report: &Report) -> bool {
    [&report.plaintext.http1, &report.tls.http]
        .into_iter()
        .any(|answer| match answer {
            Answer::Refused(it) => it.mismatch() == Some(Mismatch::ProxyHeaderMissing),
            _ => false,
        })
}

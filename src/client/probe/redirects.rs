//! Where redirects lead, as far as they stay on the port.

use super::answer::{Answer, Hop, HttpAnswer, Next};
use super::report::Report;
use super::setting::Setting;
use super::survey;

/// curl follows 50, browsers 20; on one and the same port, two is a lot.
const MOST: usize = 5;

/// Follows the redirects from the answer in the report on. No other host or
/// port is contacted.
pub(super) async fn follow(setting: &Setting, report: &mut Report) {
    let mut at = setting.target.clone();
    let Some(scheme) = at.scheme.filter(|scheme| !scheme.is_websocket()) else {
        return;
    };
    let mut scheme = scheme;
    let mut seen = vec![at.to_string()];
    while let Some((answer, location)) = redirect(&report.answer) {
        let to = at.led_to(location);
        let next = match &to {
            None => Next::Elsewhere,
            Some(to) if seen.contains(&to.to_string()) => Next::Loop,
            Some(_) if report.redirects.len() >= MOST => Next::TooMany,
            Some(_) => Next::Here,
        };
        let hop = Hop {
            url: at.url(scheme),
            status: answer.status,
            location: location.to_owned(),
            next,
        };
        report.redirects.push(hop);
        let (Some(to), Next::Here) = (to, next) else {
            return;
        };
        scheme = to.scheme.unwrap_or(scheme);
        seen.push(to.to_string());
        let setting = Setting {
            target: to.clone(),
            ..setting.clone()
        };
        // What it answered to the target itself is in there already.
        let (plaintext, http) = (report.plaintext.clone(), report.tls.http.clone());
        report.answer = survey::given(&setting, None, scheme, report).await;
        report.plaintext = plaintext;
        report.tls.http = http;
        at = to;
    }
}

fn redirect(answer: &Answer) -> Option<(&HttpAnswer, &str)> {
    let answer = answer.http()?;
    // RFC 9110 15.4: those that clients follow by themselves.
    let follows = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = answer.location.as_deref().filter(|_| follows)?;
    Some((answer, location))
}

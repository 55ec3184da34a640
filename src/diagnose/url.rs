//! The URL to use instead.

use http::Uri;
use http::uri::{Authority, Scheme};

use super::diagnosis::Diagnosis;
use crate::mismatch::Mismatch;

impl Diagnosis {
    /// The URL to use instead of the one that led here, if the mode is what is
    /// wrong: `https` for `http`, `wss` for `ws`, and the other way round.
    ///
    /// Everything else is kept. A port that was the scheme's default is written
    /// out, since it is this port that is known to speak the other mode: 80 for
    /// `http://host/`, which becomes `https://host:80/`.
    ///
    /// None: the mode is not what is wrong, or `used` is not a URL of the mode
    /// that is.
    ///
    /// ```
    /// use oneport::Mismatch;
    /// use oneport::client::{Certainty, Diagnosis};
    ///
    /// let diagnosis = Diagnosis::new(Mismatch::PlaintextToTls, Certainty::Certain);
    /// let used = "ws://localhost:3000/v1/subscribe?x=1".parse()?;
    /// let instead = diagnosis.url_instead_of(&used).unwrap();
    /// assert_eq!(instead, "wss://localhost:3000/v1/subscribe?x=1");
    /// # Ok::<_, http::Error>(())
    /// ```
    #[must_use]
    pub fn url_instead_of(&self, used: &Uri) -> Option<Uri> {
        let schemes = match self.mismatch()? {
            Mismatch::PlaintextToTls => PLAINTEXT_TO_TLS,
            Mismatch::TlsToPlaintext => TLS_TO_PLAINTEXT,
            _ => return None,
        };
        let scheme = used.scheme_str()?;
        let mut fitting = schemes.iter();
        let (_, instead, port) = fitting.find(|(from, _, _)| scheme.eq_ignore_ascii_case(from))?;

        let mut parts = used.clone().into_parts();
        parts.scheme = Some(Scheme::try_from(*instead).ok()?);
        parts.authority = Some(with_port(used.authority()?, *port)?);
        Uri::from_parts(parts).ok()
    }
}

/// From a scheme to the other and the first one's default port: RFC 9110 4.2,
/// RFC 6455 3.
type Schemes = [(&'static str, &'static str, u16); 2];

const PLAINTEXT_TO_TLS: Schemes = [("http", "https", 80), ("ws", "wss", 80)];
const TLS_TO_PLAINTEXT: Schemes = [("https", "http", 443), ("wss", "ws", 443)];

fn with_port(authority: &Authority, default: u16) -> Option<Authority> {
    if authority.port().is_some() {
        return Some(authority.clone());
    }
    // `host:` is allowed, RFC 3986 3.2.3.
    let host = authority.as_str().trim_end_matches(':');
    Authority::try_from(format!("{host}:{default}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Cause, Certainty};

    fn instead(mismatch: Mismatch, used: &str) -> Option<String> {
        let diagnosis = Diagnosis::new(mismatch, Certainty::MostLikely);
        let used = used.parse().expect("a URL");
        Some(diagnosis.url_instead_of(&used)?.to_string())
    }

    #[test]
    fn the_other_scheme_on_the_same_port() {
        for (plaintext, tls) in [
            ("http://h:3000/", "https://h:3000/"),
            ("ws://h:3000/a/b?c=d&e", "wss://h:3000/a/b?c=d&e"),
            ("http://127.0.0.1:1/", "https://127.0.0.1:1/"),
            ("ws://[::1]:8080/x", "wss://[::1]:8080/x"),
            ("http://u:p@h:1/", "https://u:p@h:1/"),
        ] {
            let (there, back) = (Mismatch::PlaintextToTls, Mismatch::TlsToPlaintext);
            assert_eq!(instead(there, plaintext).as_deref(), Some(tls));
            assert_eq!(instead(back, tls).as_deref(), Some(plaintext));
        }
    }

    #[test]
    fn the_default_port_is_kept_and_written_out() {
        for (mismatch, used, expected) in [
            (Mismatch::PlaintextToTls, "http://h/x", "https://h:80/x"),
            (Mismatch::PlaintextToTls, "ws://[::1]", "wss://[::1]:80/"),
            (Mismatch::PlaintextToTls, "http://h:443/", "https://h:443/"),
            (Mismatch::TlsToPlaintext, "HTTPS://h", "http://h:443/"),
            (Mismatch::TlsToPlaintext, "wss://u@h/?q", "ws://u@h:443/?q"),
        ] {
            assert_eq!(instead(mismatch, used).as_deref(), Some(expected));
        }
    }

    #[test]
    fn no_advice_without_a_mode_to_change() {
        for used in ["https://h/", "wss://h/", "ftp://h/", "/path", "h:80"] {
            assert_eq!(instead(Mismatch::PlaintextToTls, used), None, "{used}");
        }
        assert_eq!(instead(Mismatch::ProxyHeaderMissing, "http://h/"), None);
        let closed = Diagnosis::new(Cause::ClosedAtOnce, Certainty::Certain);
        assert_eq!(closed.url_instead_of(&Uri::from_static("https://h/")), None);
    }
}

//! Why there is no new certificate: for the log, with what to do.

use std::error::Error;
use std::fmt;
use std::io;

use instant_acme::Problem;

use super::Challenge;
use super::client::NoAnswer;

/// RFC 8555 6.7.
const ERROR: &str = "urn:ietf:params:acme:error:";

#[derive(Debug)]
pub(super) enum Failure {
    /// Another process orders.
    Busy,
    /// The directory of the kept files.
    Cache(io::Error),
    /// The CA's words.
    Ca(Problem),
    /// What the CA gave is taken, but by this machine's clock it is to be renewed
    /// already.
    DueAtOnce,
    /// Anything else between us and the CA.
    Failed(Box<dyn Error + Send + Sync>),
    /// No answer.
    NoAnswer(String),
    /// Neither of our challenges is offered.
    NoChallenge { domain: String },
    /// It takes too long.
    Timeout,
    /// What the CA gave cannot be served.
    Unusable(String),
    /// The CA came, or tried to, and did not find the answer.
    Validation {
        domain: String,
        challenge: Challenge,
        detail: String,
    },
}

impl Failure {
    /// The CA does not know the account (any more).
    pub(super) fn is_unknown_account(&self) -> bool {
        self.is("accountDoesNotExist")
    }

    /// Another order has replaced the certificate already (RFC 9773 5).
    pub(super) fn is_already_replaced(&self) -> bool {
        self.is("alreadyReplaced")
    }

    fn is(&self, kind: &str) -> bool {
        matches!(self, Self::Ca(problem) if kind_of(problem) == kind)
    }
}

/// Without the prefix.
fn kind_of(problem: &Problem) -> &str {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    kind.strip_prefix(ERROR).unwrap_or(kind)
}

/// What the CA says, on one line of the log.
pub(super) fn words_of(problem: &Problem) -> String {
    let mut words = problem.detail.clone().unwrap_or_default();
    for sub in &problem.subproblems {
        let of = sub.identifier.as_ref().map(|of| of.authorized(false));
        let of = of.map_or(String::new(), |of| format!("{of}: "));
        let detail = sub.detail.as_deref().unwrap_or_default();
        words.push_str(&format!("; {of}{detail}"));
    }
    let kind = kind_of(problem);
    if !kind.is_empty() {
        words.push_str(&format!(" ({kind})"));
    }
    words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

impl From<instant_acme::Error> for Failure {
    fn from(error: instant_acme::Error) -> Self {
        match error {
            instant_acme::Error::Api(problem) => Self::Ca(problem),
            instant_acme::Error::Timeout(_) => Self::Timeout,
            instant_acme::Error::Other(error) => match error.downcast_ref::<NoAnswer>() {
                Some(error) => Self::NoAnswer(error.to_string()),
                None => Self::Failed(error),
            },
            other => Self::Failed(other.into()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Cache(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("another process is ordering it"),
            Self::Cache(error) => write!(
                f,
                "the directory of the kept certificates: {error}; make it writable"
            ),
            Self::Ca(problem) => {
                write!(f, "the CA says: {}", words_of(problem))?;
                f.write_str(match kind_of(problem) {
                    "rateLimited" => "; its limits pass with time: nothing is to be done here",
                    "caa" => "; a CAA record in the DNS of the domain must name this CA",
                    "rejectedIdentifier" => "; this CA gives no certificates for that name",
                    "externalAccountRequired" => {
                        "; this CA wants accounts that were made elsewhere first, which is not done \
                         here: take another one"
                    }
                    "userActionRequired" => "; follow the CA's instructions for the account",
                    "unsupportedContact" | "invalidContact" => "; give another e-mail address",
                    _ => "",
                })
            }
            Self::DueAtOnce => f.write_str(
                "the new certificate is served, but is to be renewed already; check the clock of \
                 this machine",
            ),
            Self::Failed(error) => write!(f, "the CA was not understood: {error}"),
            Self::NoAnswer(what) => write!(
                f,
                "{what}; check the URL of the directory, the network, DNS and firewall of this \
                 machine, and that it trusts the CA's HTTPS certificate"
            ),
            Self::NoChallenge { domain } => write!(
                f,
                "the CA offers neither tls-alpn-01 nor http-01 for {domain}: take another CA"
            ),
            Self::Timeout => f.write_str("the CA did not come to an end in time"),
            Self::Unusable(why) => write!(f, "the CA gave a certificate of no use: {why}"),
            Self::Validation {
                domain,
                challenge,
                detail,
            } => write!(
                f,
                "the CA could not validate {domain} by {challenge}: {detail}; port {} of {domain} \
                 must lead to this listener",
                challenge.port()
            ),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use super::*;

    fn problem(json: &str) -> Failure {
        instant_acme::Error::Api(serde_json::from_str(json).unwrap()).into()
    }

    #[test]
    fn a_problem_is_one_line_with_what_to_do() {
        let failure = problem(
            r#"{"type":"urn:ietf:params:acme:error:rateLimited","status":429,
                "detail":"too many\ncertificates","subproblems":[{"detail":"a\u001b[1m"},
                {"detail":"b","identifier":{"type":"dns","value":"b.example.org"}}]}"#,
        );
        assert_eq!(
            failure.to_string(),
            "the CA says: too many certificates; a [1m; b.example.org: b (rateLimited); its limits pass with time: \
             nothing is to be done here"
        );
        let failure = problem(r#"{"type":"urn:ietf:params:acme:error:accountDoesNotExist"}"#);
        assert!(failure.is_unknown_account() && !failure.is_already_replaced());
        // What has no type is no reason to fail twice.
        assert_eq!(problem("{}").to_string(), "the CA says: ");
    }

    #[test]
    fn a_failed_validation_names_domain_challenge_and_port() {
        for (challenge, port) in [
            (Challenge::Http01, "port 80 of a.example.org"),
            (Challenge::TlsAlpn01, "port 443 of a.example.org"),
        ] {
            let failure = Failure::Validation {
                domain: "a.example.org".to_owned(),
                challenge,
                detail: "connection refused (connection)".to_owned(),
            };
            let text = failure.to_string();
            assert!(
                text.contains(port) && text.contains("connection refused"),
                "{text}"
            );
        }
    }
}

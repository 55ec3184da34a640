//! What went wrong between a client and a server, seen from the client. Pure:
//! it looks at bytes, errors and responses that somebody else has read.

mod alert;
mod alert_words;
mod cause;
mod certificate_words;
mod diagnosis;
mod error;
mod first_bytes;
mod greeting;
mod http1;
mod http2;
mod records;
mod refusal;
mod response;
mod url;
mod words;

pub use alert::diagnose_alert;
pub use cause::{Cause, ServerCertificateFault};
pub use diagnosis::{Certainty, Diagnosis};
#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
pub(crate) use error::chain;
pub(crate) use error::diagnose;
pub use first_bytes::{End, Spoke, diagnose_first_bytes};
pub use response::{diagnose_body, diagnose_response};

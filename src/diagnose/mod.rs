//! What went wrong between a client and a server, seen from the client. Pure:
//! it looks at bytes, errors and responses that somebody else has read.

mod alert;
mod cause;
mod diagnosis;
mod first_bytes;
mod greeting;
mod http1;
mod http2;
mod records;
mod response;
mod url;

pub use alert::diagnose_alert;
pub use cause::{Cause, ServerCertificateFault};
pub use diagnosis::{Certainty, Diagnosis};
pub use first_bytes::{End, Spoke, diagnose_first_bytes};
pub use response::{diagnose_body, diagnose_response};

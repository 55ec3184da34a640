//! What went wrong between a client and a server, seen from the client. Pure:
//! it looks at bytes, errors and responses that somebody else has read.

mod cause;
mod diagnosis;

pub use cause::{Cause, ServerCertificateFault};
pub use diagnosis::{Certainty, Diagnosis};

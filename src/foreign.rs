//! Names for what is neither TLS nor HTTP.

/// A protocol that is neither TLS nor HTTP/1 or HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Foreign {
    /// Text that is no HTTP request.
    Text,
    /// Bytes that nothing here has a name for.
    Unknown,
}

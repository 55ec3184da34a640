//! The oneport server.
fn main() {}

//! SOCKS 4, which has no room for a word.

/// Version 0, "request rejected or failed", a port and an address that are
/// ignored (SOCKS 4).
pub(super) const REJECTED_4: [u8; 8] = [0, 0x5b, 0, 0, 0, 0, 0, 0];

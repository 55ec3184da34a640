//! SOCKS: neither version has room for a word.

/// Version 0, "request rejected or failed", a port and an address that are
/// ignored (SOCKS 4).
pub(super) const REJECTED_4: [u8; 8] = [0, 0x5b, 0, 0, 0, 0, 0, 0];

/// Version 5, "no acceptable methods" (RFC 1928 3).
pub(super) const REJECTED_5: [u8; 2] = [5, 0xff];

//! The frames with which a plaintext HTTP/2 server begins.

/// How much of the first frame's header is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preface {
    /// So much that little else begins like it.
    Begun,
    Whole,
}

/// If a server begins with HTTP/2, which is by a SETTINGS frame (RFC 9113 3.4),
/// or with a GOAWAY at once: a length of three bytes, the type, flags that are
/// unset, stream 0.
pub(super) fn server_preface(received: &[u8]) -> Option<Preface> {
    let &[0, high, low, kind, 0, ref stream @ ..] = received else {
        return None;
    };
    let length = u16::from_be_bytes([high, low]);
    let fits = match kind {
        // RFC 9113 6.5: parameters of six bytes each. Nobody sends a hundred.
        4 => length % 6 == 0 && length <= 600,
        // RFC 9113 6.8: a stream, a code and a text.
        7 => length >= 8,
        _ => false,
    };
    match stream {
        _ if !fits => None,
        [0, 0, 0, 0, ..] => Some(Preface::Whole),
        [] | [0] | [0, 0] | [0, 0, 0] => Some(Preface::Begun),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_goaway() {
        let hyper = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\xc8";
        assert_eq!(server_preface(hyper), Some(Preface::Whole));
        assert_eq!(server_preface(&hyper[..9]), Some(Preface::Whole));
        assert_eq!(server_preface(&hyper[..8]), Some(Preface::Begun));
        assert_eq!(server_preface(&hyper[..5]), Some(Preface::Begun));
        assert_eq!(server_preface(&hyper[..4]), None);
        let goaway = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00";
        assert_eq!(server_preface(goaway), Some(Preface::Whole));
    }

    #[test]
    fn others_that_begin_with_zeros() {
        for other in [
            b"\x00\x00\x13\x04\x00\x00\x00\x00\x00", // no multiple of six
            b"\x00\x00\x12\x04\x01\x00\x00\x00\x00", // an acknowledgement
            b"\x00\x00\x12\x04\x00\x00\x00\x00\x01", // a stream's
            b"\x00\x00\x00\x08\x04\xd2\x16\x2f\x00", // PostgreSQL
            b"\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        ] {
            assert_eq!(server_preface(other), None, "{other:?}");
        }
    }
}

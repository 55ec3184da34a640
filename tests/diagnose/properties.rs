//! What must hold for any bytes.

use http::StatusCode;
use oneport::client::{End, Spoke, diagnose_alert, diagnose_body, diagnose_first_bytes};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SPOKE: [Spoke; 2] = [Spoke::Plaintext, Spoke::Tls];
const ENDS: [End; 4] = [End::Eof, End::Open, End::Reset, End::TimedOut];

/// Beginnings that get past the first decisions.
const BEGINNINGS: &[&[u8]] = &[
    b"",
    b"HTTP/",
    b"HTTP/1.1 400 Bad Request\r\n",
    b"HTTP/1.1 426 x\r\nUpgrade: TLS/1.2\r\n\r\n",
    b"HTTP/1.0 497 x\r\n\r\nClient sent an HTTP request to an HTTPS server.",
    b"HTTP/1.0 400 x\r\nOneport-Mismatch: proxy-header-missing\r\n",
    b"<!DOC",
    b"SSH-",
    b"220 ",
    b"+OK ",
    b"-ERR unknown command ",
    b"J\x00\x00\x00\x0a8.0.36\x00",
    b"F\x00\x00\x00\xff\x6a\x04 MySQL",
    b"E\x00\x00\x00\x4bSFATAL\x00",
    b"EFATAL: ",
    b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
    b"\x13/multistream/1.0.0\n",
    b"AMQP\x00\x00\x09\x01",
    b"\x15\x03",
    b"\x15\x03\x03\x00\x02\x02\x74",
    b"\x16\x03\x03\x00\x04\x02\x00\x00\x00\x15\x03\x03\x00\x02\x02\x30",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
];

/// A beginning, perhaps cut, perhaps with a fault, and more.
fn received() -> impl Strategy<Value = Vec<u8>> {
    let more = prop_oneof![
        vec(any::<u8>(), 0..64),
        "[ -~\r\n]{0,700}".prop_map(String::into_bytes)
    ];
    (select(BEGINNINGS), any::<Index>(), any::<bool>(), more).prop_map(
        |(begin, cut, whole, more)| {
            let end = if whole {
                begin.len()
            } else {
                cut.index(begin.len() + 1)
            };
            [&begin[..end], &more].concat()
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes in received(), status in 100u16..1000) {
        for spoke in SPOKE {
            for end in ENDS {
                let _ = diagnose_first_bytes(spoke, &bytes, end).map(|found| found.to_string());
            }
        }
        let status = StatusCode::from_u16(status).unwrap();
        let _ = diagnose_body(status, &bytes);
        let _ = bytes.first().map(|alert| diagnose_alert(*alert));
    }

    /// A client that reads on, to be told more, is not told otherwise.
    #[test]
    fn more_bytes_do_not_change_the_cause(bytes in received(), at in any::<Index>()) {
        let part = &bytes[..at.index(bytes.len() + 1)];
        for spoke in SPOKE {
            let Some(early) = diagnose_first_bytes(spoke, part, End::Open) else {
                continue;
            };
            for end in ENDS {
                let late = diagnose_first_bytes(spoke, &bytes, end);
                let late = late.map(|late| late.cause());
                prop_assert_eq!(late, Some(early.cause()), "{:?} {:?}", part, end);
            }
        }
    }
}

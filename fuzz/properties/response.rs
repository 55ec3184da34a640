//! Responses that are read back.

/// An HTTP/1 response that was read back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body is as long as was announced.
    pub is_whole: bool,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(it, _)| it == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    }
}

/// Exactly one response, whose body is whole or, as it may be to HEAD (RFC 9112
/// 6.3), left out; which names the mismatch, and after which the connection ends.
pub fn parse(written: &[u8]) -> Response {
    let shown = || String::from_utf8_lossy(written).into_owned();
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let length = match head.parse(written) {
        Ok(httparse::Status::Complete(length)) => length,
        other => panic!("{other:?}: {:?}", shown()),
    };
    let reason = head.reason.unwrap();
    assert!(is_plain(reason), "{reason:?}");
    let lines = head.headers.iter().map(|line| {
        let value = std::str::from_utf8(line.value).unwrap();
        assert!(is_plain(value), "{value:?}");
        (line.name.to_ascii_lowercase(), value.to_owned())
    });
    let mut response = Response {
        status: head.code.unwrap(),
        headers: lines.collect(),
        body: written[length..].to_vec(),
        is_whole: true,
    };
    assert!(response.header("oneport-mismatch").is_some(), "{}", shown());
    assert_eq!(response.header("transfer-encoding"), None);
    let announced = response
        .header("content-length")
        .map(|it| it.parse().unwrap());
    if response.status == 101 {
        // A WebSocket that is closed at once.
        assert_eq!(announced, None);
        assert_eq!(response.body[0], 0x88);
        assert_eq!(usize::from(response.body[1]), response.body.len() - 2);
        return response;
    }
    let connection = response.header("connection").unwrap();
    assert!(
        connection.split(", ").any(|it| it == "close"),
        "{}",
        shown()
    );
    response.is_whole = announced == Some(response.body.len());
    assert!(response.is_whole || response.body.is_empty(), "{}", shown());
    response
}

/// What needs no escaping in a head.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

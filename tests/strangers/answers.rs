//! What the wire says to each stranger.

use oneport::{Foreign, Mismatch};

/// The whole answer to a flight of the corpus.
pub(crate) fn answer_to(foreign: Foreign, flight: &[u8]) -> Vec<u8> {
    let mismatch = Mismatch::Foreign(foreign);
    let text = mismatch.sentence();
    let length = text.len() as u8;
    let line = |start: &str| format!("{start}{text}\r\n").into_bytes();
    let bad_request = || {
        let slug = mismatch.slug();
        let length = length + 1;
        format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {length}\r\nOneport-Mismatch: {slug}\r\nConnection: close\r\n\r\n\
             {text}\n"
        )
        .into_bytes()
    };
    let with_body = |start: &str, header: &str| {
        let length = length + 2;
        format!(
            "{start} 400 {text}\r\n{header}Content-Type: text/plain\r\n\
             Content-Length: {length}\r\n\r\n{text}\r\n"
        )
        .into_bytes()
    };
    match foreign {
        Foreign::Amqp if flight.starts_with(b"AMQP\x03\x01") => bad_request(),
        Foreign::Ftp => line("421 "),
        Foreign::Http09
        | Foreign::HttpMalformed
        | Foreign::HttpVersion
        | Foreign::ProxyV1
        | Foreign::ProxyV2
        | Foreign::Socks5
        | Foreign::Text => bad_request(),
        Foreign::Icap => format!(
            "ICAP/1.0 400 {text}\r\nISTag: \"oneport\"\r\nEncapsulated: null-body=0\r\n\
             Connection: close\r\n\r\n"
        )
        .into_bytes(),
        Foreign::Imap => line("* BYE "),
        Foreign::Irc => line("ERROR :"),
        Foreign::Ldap => {
            let head = [0x30, length + 12, 2, 1, 1, 0x61, length + 7];
            let result = [0x0a, 1, 53, 4, 0, 4, length];
            [&head[..], &result, text.as_bytes()].concat()
        }
        Foreign::Mqtt => b"\x20\x02\x00\x03".to_vec(),
        Foreign::Multistream => b"\x13/multistream/1.0.0\n\x03na\n".to_vec(),
        Foreign::Pop3 => line("-ERR "),
        Foreign::PostgresStartup if flight[4..8] != *b"\x04\xd2\x16\x2e" => {
            let fields = format!("SFATAL\0VFATAL\0C57P03\0M{text}\0\0");
            let head = [b'E', 0, 0, 0, fields.len() as u8 + 4];
            [&head[..], fields.as_bytes()].concat()
        }
        Foreign::Redis => line("-ERR ").repeat(redis_commands(flight)),
        Foreign::Rtsp => with_body("RTSP/1.0", "CSeq: 1\r\n"),
        Foreign::Sip => with_body("SIP/2.0", ""),
        Foreign::Smtp => line("554 "),
        Foreign::Socks4 => b"\x00\x5b\0\0\0\0\0\0".to_vec(),
        Foreign::Ssh => {
            let disconnect = [1, 0, 0, 0, 2, 0, 0, 0, length];
            let padding = 16 - (5 + disconnect.len() as u8 + length + 4) % 8;
            let size = 1 + disconnect.len() as u8 + length + 4 + padding;
            let mut answer = b"SSH-2.0-oneport\r\n".to_vec();
            answer.extend([0, 0, 0, size, padding]);
            answer.extend(disconnect);
            answer.extend(text.as_bytes());
            answer.extend(vec![0; 4 + usize::from(padding)]);
            answer
        }
        Foreign::Sslv2 if flight[3] == 3 => b"\x15\x03\x01\x00\x02\x02\x46".to_vec(),
        _ => Vec::new(),
    }
}

fn redis_commands(flight: &[u8]) -> usize {
    let arrays = flight.split(|&b| b == b'\n');
    arrays.filter(|line| line.starts_with(b"*")).count().max(1)
}

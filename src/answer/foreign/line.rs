//! Protocols of lines: one line, or one head, says it.

use crate::foreign::Foreign;

/// Empty for protocols that are not of lines.
pub(super) fn answer(foreign: Foreign, sentence: &str) -> Vec<u8> {
    let answer = match foreign {
        // RFC 959 5.4: the one negative greeting, and an answer to any command
        // before the connection is closed.
        Foreign::Ftp => format!("421 {sentence}\r\n"),
        Foreign::Icap => icap(sentence),
        // RFC 9051 7.1.5: as a greeting it refuses the connection.
        Foreign::Imap => format!("* BYE {sentence}\r\n"),
        // RFC 2812 3.7.4: before a server closes.
        Foreign::Irc => format!("ERROR :{sentence}\r\n"),
        // RFC 1939 3.
        Foreign::Pop3 => format!("-ERR {sentence}\r\n"),
        // RFC 2326 12.17 wants the number of the request, and curl insists on
        // it. The first one's is 1 in curl, FFmpeg and GStreamer.
        Foreign::Rtsp => with_body("RTSP/1.0", "CSeq: 1\r\n", sentence),
        // Without the Via of the request (RFC 3261 8.2.6.2), which would be a
        // reflection: for the eyes of whoever traces the connection.
        Foreign::Sip => with_body("SIP/2.0", "", sentence),
        // RFC 5321 4.2.3: as a greeting, "No SMTP service here". It is
        // permanent: after 421 the mail would be queued and tried again.
        Foreign::Smtp => format!("554 {sentence}\r\n"),
        // RFC 854: a line for the terminal.
        Foreign::Telnet => format!("{sentence}\r\n"),
        _ => String::new(),
    };
    answer.into_bytes()
}

/// RFC 3507 4.3.3; 4.4.1 and 4.7 want both headers in every response.
fn icap(sentence: &str) -> String {
    format!(
        "ICAP/1.0 400 {sentence}\r\n\
         ISTag: \"oneport\"\r\n\
         Encapsulated: null-body=0\r\n\
         Connection: close\r\n\
         \r\n"
    )
}

/// RFC 2326 7 and RFC 3261 7.2: as in HTTP.
fn with_body(version: &str, headers: &str, sentence: &str) -> String {
    let length = sentence.len() + 2;
    format!(
        "{version} 400 {sentence}\r\n\
         {headers}\
         Content-Type: text/plain\r\n\
         Content-Length: {length}\r\n\
         \r\n\
         {sentence}\r\n"
    )
}

use super::*;

/// What is said of a text while a connection is made.
fn said(text: &str) -> Option<(&'static str, Certainty)> {
    let found = read(text, true)?;
    Some((found.cause().slug(), found.certainty()))
}

/// As each of them was printed, but those of OpenSSL 1.1 and of Schannel.
#[test]
fn tls_stacks_of_clients_at_plaintext_servers() {
    for text in [
        "received corrupt message of type InvalidContentType",
        "IO error: received corrupt message of type InvalidContentType",
        "Custom { kind: InvalidData, error: InvalidMessage(InvalidContentType) }",
        // OpenSSL 1.1, 3.0, 3.5, libcurl, Python, BoringSSL, GnuTLS.
        "error:1408F10B:SSL routines:ssl3_get_record:wrong version number:ssl/record/ssl3_record.c:332:",
        "error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:350:",
        "error:0A0000C6:SSL routines:tls_get_more_records:packet length too long:ssl/record/methods/tls_common.c:662:, error:0A000139:SSL routines::record layer failure",
        "[35] SSL connect error (OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number)",
        "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
        "error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER",
        "gnutls_handshake() failed: An unexpected TLS packet was received.",
    ] {
        let expected = Some(("tls-to-plaintext", Certainty::MostLikely));
        assert_eq!(said(text), expected, "{text}");
    }
    let patched = "error:0A0007A0:SSL routines::you attempted a TLS connection to a plaintext HTTP server ie. to a non-TLS server";
    assert_eq!(
        said(patched),
        Some(("tls-to-plaintext", Certainty::Certain))
    );
    let patched = "error:0A0007A1:SSL routines::you attempted a TLS connection to a non-TLS server which replied with less than 5 bytes";
    assert_eq!(said(patched), Some(("closed-at-once", Certainty::Certain)));
    let patched = "error:0A00079F:SSL routines::you attempted a TLS connection to a non-TLS server which is also non-HTTP";
    assert_eq!(said(patched), Some(("not-tls", Certainty::Certain)));
    let echo = "received unexpected handshake message: got ClientHello when expecting ServerHello or HelloRetryRequest";
    assert_eq!(said(echo), Some(("not-tls", Certainty::Certain)));
}

#[test]
fn http_libraries_at_tls_servers() {
    for text in [
        "invalid HTTP version parsed",
        "WebSocket protocol error: httparse error: invalid HTTP version",
        "Protocol(HttparseError(Version))",
        "protocol: http parse fail: invalid HTTP version",
        "[1] Unsupported protocol (Received HTTP/0.9 when not allowed)",
    ] {
        let expected = Some(("plaintext-to-tls", Certainty::MostLikely));
        assert_eq!(said(text), expected, "{text}");
    }
    let http2 = "connection error detected: frame with invalid size";
    assert_eq!(said(http2), Some(("plaintext-to-tls", Certainty::Possible)));
}

#[test]
fn alerts_by_rustls_and_by_openssl() {
    for (text, alert) in [
        ("received fatal alert: CertificateRequired", 116),
        (
            "Custom { kind: InvalidData, error: AlertReceived(CertificateRequired) }",
            116,
        ),
        (
            "error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../ssl/record/rec_layer_s3.c:1602:SSL alert number 116",
            116,
        ),
        (
            "OpenSSL SSL_read: OpenSSL/3.0.19: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
            116,
        ),
        ("received fatal alert: UnknownCA", 48),
        (
            "OpenSSL SSL_read: OpenSSL/3.0.19: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0",
            48,
        ),
        (
            "error:10000418:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA",
            48,
        ),
        // OpenSSL 3.0, 3.2 to 3.6, 4.0.
        (
            "error:0A000412:SSL routines::sslv3 alert bad certificate",
            42,
        ),
        (
            "error:0A000412:SSL routines::ssl/tls alert bad certificate",
            42,
        ),
        ("error:0A000412:SSL routines::tls alert bad certificate", 42),
        (
            "error:0A000415:SSL routines::sslv3 alert certificate expired, errno 0",
            45,
        ),
        ("received fatal alert: HandshakeFailure", 40),
        (
            "error:0A00042E:SSL routines::tlsv1 alert protocol version",
            70,
        ),
        ("received fatal alert: ProtocolVersion", 70),
        ("received fatal alert: UnrecognisedName", 112),
        ("error:0A000458:SSL routines::tlsv1 unrecognized name", 112),
        ("received fatal alert: NoApplicationProtocol", 120),
        (
            "error:0A0003E8:SSL routines:ssl3_read_bytes:reason(1000):../ssl/record/rec_layer_s3.c:1602:SSL alert number 0",
            0,
        ),
    ] {
        let expected = diagnose_alert(alert);
        assert!(expected.is_some());
        assert_eq!(read(text, false), expected, "{text}");
    }
    for text in [
        "received fatal alert: DecodeError",
        "received fatal alert: IllegalParameter",
        "received fatal alert: Unknown(203)",
        "error:0A0003F2:SSL routines::sslv3 alert unexpected message",
        "SSL alert number 999",
    ] {
        assert_eq!(said(text), None, "{text}");
    }
}

#[test]
fn server_certificates_by_rustls_openssl_and_schannel() {
    let openssl = |why: &str| {
        format!(
            "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:../ssl/statem/statem_clnt.c:1889: ({why})"
        )
    };
    let rustls = |why: &str| format!("invalid peer certificate: {why}");
    for (text, slug) in [
        (rustls("UnknownIssuer"), "unknown-issuer"),
        (rustls("Expired"), "expired"),
        (rustls("certificate expired: verification time 2 (UNIX), but certificate is not valid after 1 (1 seconds ago)"), "expired"),
        (rustls("NotValidYet"), "not-yet-valid"),
        (rustls("Revoked"), "revoked"),
        (rustls("NotValidForName"), "wrong-name"),
        (rustls("certificate not valid for name \"localhost\"; certificate is only valid for DnsName(\"example.org\")"), "wrong-name"),
        (rustls("ExpiredRevocationList"), "refused"),
        (rustls("BadEncoding"), "refused"),
        (openssl("self-signed certificate"), "unknown-issuer"),
        (openssl("self signed certificate in certificate chain"), "unknown-issuer"),
        (openssl("unable to get local issuer certificate"), "unknown-issuer"),
        (openssl("certificate has expired"), "expired"),
        (openssl("certificate is not yet valid"), "not-yet-valid"),
        (openssl("certificate revoked"), "revoked"),
        (openssl("hostname mismatch"), "wrong-name"),
        (openssl("IP address mismatch"), "wrong-name"),
        (openssl("EE certificate key too weak"), "refused"),
        ("A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider. (os error -2146762487)".into(), "unknown-issuer"),
        ("The target principal name is incorrect. (os error -2146893022)".into(), "wrong-name"),
    ] {
        let expected = format!("server-certificate-{slug}");
        let expected = Some((expected.as_str(), Certainty::Certain));
        assert_eq!(said(&text), expected, "{text}");
    }
    for text in [
        rustls("BadSignature"),
        openssl("certificate signature failure"),
    ] {
        let expected = Some(("server-certificate-unknown-issuer", Certainty::MostLikely));
        assert_eq!(said(&text), expected, "{text}");
    }
}

#[test]
fn nothing_in_common() {
    for (text, slug, certainty) in [
        (
            "peer is incompatible: ServerDoesNotSupportTls12Or13",
            "no-common-tls-parameters",
            Certainty::Certain,
        ),
        (
            "error:0A000102:SSL routines::unsupported protocol",
            "no-common-tls-parameters",
            Certainty::MostLikely,
        ),
        (
            "bad protocol version",
            "no-common-tls-parameters",
            Certainty::Possible,
        ),
        (
            "peer doesn't support any known protocol",
            "no-common-protocol",
            Certainty::Certain,
        ),
        (
            "HTTP/2 was not negotiated.",
            "no-common-protocol",
            Certainty::MostLikely,
        ),
    ] {
        assert_eq!(said(text), Some((slug, certainty)), "{text}");
    }
}

#[test]
fn an_end_counts_in_the_handshake_only() {
    let closed = Some(("closed-in-handshake", Certainty::Possible));
    for text in [
        "unexpected EOF",
        "TLS error: native-tls error: unexpected EOF",
        "error:0A000126:SSL routines::unexpected eof while reading",
    ] {
        assert_eq!(said(text), closed, "{text}");
        assert_eq!(read(text, false), None, "{text}");
    }
    for text in [
        "tls handshake eof",
        "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to localhost:1",
    ] {
        assert_eq!(
            read(text, false).map(|found| found.cause().slug()),
            closed.map(|c| c.0)
        );
    }
    for link in [
        "client error (Connect)",
        "TLS error: x",
        "error trying to connect: x",
    ] {
        assert!(is_connecting(link));
    }
    assert!(!is_connecting("client error (SendRequest)"));
}

/// What has another cause, or any.
#[test]
fn nothing_is_said_of_other_errors() {
    for text in [
        "",
        "Connection refused (os error 111)",
        "tcp connect error",
        "dns error",
        "failed to lookup address information: Name or service not known",
        "operation timed out",
        "deadline has elapsed",
        "Connection reset by peer (os error 104)",
        "Broken pipe (os error 32)",
        "connection closed before message completed",
        "unexpected end of file",
        "error sending request for url (https://localhost/)",
        "client error (Connect)",
        "transport error",
        "http2 error",
        "WebSocket protocol error: Handshake not finished",
        "WebSocket protocol error: HTTP version must be 1.1 or higher",
        "connection error received: endpoint requires HTTP/1.1",
        "stream closed because of a broken pipe",
        "invalid HTTP version parsed (found HTTP2 preface)",
        "URL error: TLS support not compiled in",
        "invalid HTTP header parsed",
        "the file has the wrong version number",
        "bad protocol version in the manifest",
        "received corrupt message of type MessageTooLarge",
        "error:0A00009C:SSL routines::http request",
        "error:0A00009B:SSL routines::https proxy request",
        "error:0A000139:SSL routines::record layer failure",
        "The message received was unexpected or badly formatted. (os error -2146893018)",
    ] {
        assert_eq!(said(text), None, "{text}");
    }
}

//! Every explanation, of every mismatch and over every protocol, reads back as
//! what it should be, says the sentence, and repeats nothing of the request.

mod judge;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use oneport::{
    AcceptError, Acceptor, CertificateFault, Explain, Foreign, Inbound, Mismatch, Route, Status,
    sniff,
};
use tokio::io::duplex;
use tower::Service;

use super::wire::{Cut, Cuts, End, Script};
use super::{input, response, runtime};
use judge::{MARK, contains, judge};

const MISMATCHES: [Mismatch; 12] = [
    Mismatch::PlaintextToTls,
    Mismatch::TlsToPlaintext,
    Mismatch::ProxyHeaderMissing,
    Mismatch::Foreign(Foreign::Text),
    Mismatch::Foreign(Foreign::ProxyV1),
    Mismatch::Foreign(Foreign::HttpMalformed),
    Mismatch::ClientCertificate(CertificateFault::Expired),
    Mismatch::ClientCertificate(CertificateFault::Missing),
    Mismatch::ClientCertificate(CertificateFault::NotYetValid),
    Mismatch::ClientCertificate(CertificateFault::Refused),
    Mismatch::ClientCertificate(CertificateFault::Revoked),
    Mismatch::ClientCertificate(CertificateFault::UnknownIssuer),
];

pub fn check(data: &[u8]) {
    let (text, mut choices) = input::split(data);
    let mismatch = choices.of(&MISMATCHES);
    let way = choices.below(4);
    let version = choices.of(&[Version::HTTP_11, Version::HTTP_10, Version::HTTP_2]);
    let explain = match choices.flag() {
        true => Explain::new().close_websockets(),
        false => Explain::new(),
    };
    let peer = SocketAddr::from(([192, 0, 2, 1], 1));
    let acceptor = Acceptor::plaintext_only().explain(explain.clone());
    let acceptor = acceptor.policy(move |_: &Inbound| Route::Refuse(mismatch));
    let cuts = Cuts::new(choices.rest());
    if way == 3 {
        as_it_is(acceptor, peer, mismatch, text);
        return;
    }
    let request = request(text, version);
    match way {
        0 => by_service(explain, mismatch, request),
        1 => over_http1(acceptor, peer, mismatch, request, cuts),
        _ => over_http2(acceptor, peer, mismatch, request, cuts),
    }
}

/// A first line with method and target, then header lines, with the mark in all
/// of them.
fn request(text: &[u8], version: Version) -> Request<()> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let (method, target) = first.split_once(' ').unwrap_or((first, ""));
    let mut request = Request::new(());
    *request.version_mut() = version;
    // CONNECT has no path, and no other response either.
    *request.method_mut() = match Method::from_bytes(method.as_bytes()) {
        Ok(method) if method != Method::CONNECT => method,
        _ => Method::GET,
    };
    let target = format!(
        "/{MARK}{}{MARK}",
        target.replace(|c: char| !c.is_ascii_graphic(), "")
    );
    *request.uri_mut() = Uri::try_from(target).unwrap_or(Uri::from_static("/zqxjkv"));
    for line in lines.take(40) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let name = name.trim().to_ascii_lowercase();
        // How long the request is, and for whom, is the harness' own business.
        if matches!(
            &*name,
            "content-length" | "transfer-encoding" | "host" | "expect" | "te"
        ) {
            continue;
        }
        let Ok(name) = HeaderName::try_from(name) else {
            continue;
        };
        let values = [value.trim(), MARK].map(HeaderValue::from_str);
        for value in values.into_iter().flatten() {
            request.headers_mut().append(name.clone(), value);
            if name.as_str().starts_with("sec-websocket") {
                break;
            }
        }
    }
    request
}

/// What the service says, whatever serves it.
fn by_service(mut explain: Explain, mismatch: Mismatch, mut request: Request<()>) {
    request.extensions_mut().insert(mismatch);
    let to_head = request.method() == Method::HEAD;
    let is_http2 = request.version() == Version::HTTP_2;
    let response = runtime::within(SOON, async {
        let response = explain.call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts, body.collect().await.unwrap().to_bytes())
    });
    let (parts, body) = response;
    let response = Response::from_parts(parts, ());
    judge(mismatch, &response, &body, to_head, is_http2);
}

const SOON: Duration = Duration::from_secs(30);

fn over_http1(
    acceptor: Acceptor,
    peer: SocketAddr,
    mismatch: Mismatch,
    request: Request<()>,
    cuts: Cuts,
) {
    let version = match request.version() {
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    };
    let mut head =
        format!("{} {} HTTP/{version}\r\n", request.method(), request.uri()).into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"Host: zqxjkv\r\n\r\n");
    let slow = cuts.are_slow();
    let (script, log) = Script::new(&head, End::Eof);
    let io = Cut::new(script, cuts.clone(), cuts);
    let error = runtime::within(SOON, acceptor.accept(io, peer)).unwrap_err();
    if slow {
        return; // it may be too late for anything
    }
    assert!(
        matches!(error, AcceptError::Refused(told) if told == mismatch),
        "{error:?}"
    );
    let log = log.lock().unwrap();
    let to_head = request.method() == Method::HEAD;
    let read = response::parse(&log.written);
    let mut response = Response::new(());
    *response.status_mut() = http::StatusCode::from_u16(read.status).unwrap();
    for (name, value) in &read.headers {
        let name = HeaderName::try_from(name).unwrap();
        response
            .headers_mut()
            .append(name, value.try_into().unwrap());
    }
    if read.status != 101 {
        assert!(read.is_whole || to_head);
        judge(mismatch, &response, &read.body, to_head, false);
    }
}

fn over_http2(
    acceptor: Acceptor,
    peer: SocketAddr,
    mismatch: Mismatch,
    mut request: Request<()>,
    cuts: Cuts,
) {
    *request.version_mut() = Version::HTTP_2;
    let uri = format!("http://zqxjkv{}", request.uri());
    *request.uri_mut() = Uri::try_from(uri).unwrap_or(Uri::from_static("http://zqxjkv/"));
    for name in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "http2-settings",
    ] {
        request.headers_mut().remove(name);
    }
    let to_head = request.method() == Method::HEAD;
    let request = request.map(|()| Empty::<Bytes>::new());
    let slow = cuts.are_slow();
    let (near, far) = duplex(64 * 1024);
    let client = async {
        let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        let (mut sender, connection) = builder.handshake(TokioIo::new(near)).await.unwrap();
        let asked = async {
            let answered = sender.send_request(request).await;
            drop(sender);
            let (parts, body) = answered?.into_parts();
            Ok::<_, hyper::Error>((parts, body.collect().await?.to_bytes()))
        };
        tokio::join!(asked, connection).0
    };
    let io = Cut::new(far, cuts.clone(), cuts);
    let server = acceptor.accept(io, peer);
    let (answer, accepted) = runtime::within(SOON, async { tokio::join!(client, server) });
    if slow {
        return;
    }
    let error = accepted.unwrap_err();
    assert!(
        matches!(error, AcceptError::Refused(told) if told == mismatch),
        "{error:?}"
    );
    let (parts, body) = answer.unwrap();
    judge(
        mismatch,
        &Response::from_parts(parts, ()),
        &body,
        to_head,
        true,
    );
}

/// Any first flight to whoever refuses everything.
fn as_it_is(acceptor: Acceptor, peer: SocketAddr, mismatch: Mismatch, flight: &[u8]) {
    let (script, log) = Script::new(flight, End::Eof);
    let error = runtime::within(SOON, acceptor.accept(script, peer)).unwrap_err();
    let Status::Complete(protocol) = sniff(flight) else {
        assert!(matches!(error, AcceptError::Closed { .. }));
        return;
    };
    assert!(
        matches!(error, AcceptError::Refused(told) if told == mismatch),
        "{protocol:?}"
    );
    let log = log.lock().unwrap();
    assert!(
        !contains(&log.written, MARK.as_bytes()),
        "{protocol:?} repeats the client's words"
    );
}

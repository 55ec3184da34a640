//! One request, by hyper, and what is of interest in the answer.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::answer::HttpAnswer;
use crate::diagnose::{Diagnosis, diagnose_body, diagnose_response};
use crate::io::alongside;
use crate::nursery::Nursery;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// What is to be asked for.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The value of the Host header.
    pub(super) authority: String,
    /// Path and query.
    pub(super) path: String,
    pub(super) is_tls: bool,
    pub(super) is_websocket: bool,
}

/// What was answered, and what that says to be wrong.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) answer: HttpAnswer,
    pub(super) diagnosis: Option<Diagnosis>,
}

/// The nonce and the answer to it that RFC 6455 1.3 has as its example. No
/// frame follows, so nothing depends on its being random.
const NONCE: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Bytes of a head, of an error's body, and how long such a body may take.
const HEAD: usize = 64 * 1024;
const BODY: usize = 16 * 1024;
const BODY_TIME: Duration = Duration::from_millis(500);

pub(super) async fn by_http1<I>(io: I, question: &Question) -> Result<Said, BoxError>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = question.path.parse()?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, question.authority.parse()?);
    headers.insert(header::USER_AGENT, header::HeaderValue::from_static(AGENT));
    headers.insert(header::ACCEPT, header::HeaderValue::from_static("*/*"));
    let connection = match question.is_websocket {
        true => "Upgrade",
        false => "close",
    };
    headers.insert(
        header::CONNECTION,
        header::HeaderValue::from_static(connection),
    );
    if question.is_websocket {
        let websocket = [
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::SEC_WEBSOCKET_KEY, NONCE),
        ];
        for (name, value) in websocket {
            headers.insert(name, header::HeaderValue::from_static(value));
        }
    }
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(io)).await?;
    let answer = async { Ok(said(sender.send_request(request).await?).await) };
    alongside(answer, connection).await
}

pub(super) async fn by_http2<I>(io: I, question: &Question) -> Result<Said, BoxError>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let scheme = if question.is_tls { "https" } else { "http" };
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = Uri::builder()
        .scheme(scheme)
        .authority(question.authority.as_str())
        .path_and_query(question.path.as_str())
        .build()?;
    *request.method_mut() = Method::GET;
    let headers = request.headers_mut();
    headers.insert(header::USER_AGENT, header::HeaderValue::from_static(AGENT));
    headers.insert(header::ACCEPT, header::HeaderValue::from_static("*/*"));

    let nursery = Nursery::default();
    let builder = http2::Builder::new(nursery.spawner());
    let answer = async {
        let (mut sender, connection) = builder.handshake(TokioIo::new(io)).await?;
        let answer = async { Ok(said(sender.send_request(request).await?).await) };
        alongside(answer, connection).await
    };
    nursery.beside(answer).await
}

const AGENT: &str = concat!("oneport/", env!("CARGO_PKG_VERSION"));

async fn said(response: Response<Incoming>) -> Said {
    let status = response.status();
    let mut diagnosis = diagnose_response(&response);
    let (parts, body) = response.into_parts();
    let text = |name: &HeaderName| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    let answer = HttpAnswer {
        status,
        version: parts.version,
        location: text(&header::LOCATION),
        hsts: text(&header::STRICT_TRANSPORT_SECURITY),
        server: text(&header::SERVER),
        websocket: status == 101 && text(&header::SEC_WEBSOCKET_ACCEPT).as_deref() == Some(ACCEPT),
    };
    if status.is_client_error() && diagnosis.is_none() {
        diagnosis = diagnose_body(status, &beginning(body).await);
    }
    Said { answer, diagnosis }
}

/// What there is of it in time.
async fn beginning(mut body: Incoming) -> Vec<u8> {
    let mut read = Vec::new();
    let reading = async {
        while read.len() < BODY {
            let Some(Ok(frame)) = body.frame().await else {
                break;
            };
            read.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        }
    };
    let _ = timeout(BODY_TIME, reading).await;
    read
}

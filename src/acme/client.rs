//! HTTPS to the CA.
//!
//! One connection for each of about fifteen requests, every two months: there is
//! no pool, and so no task of its own. The crypto provider is this crate's; none
//! is read from, or set for, the process.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{AcmeError, cache};
use crate::io::alongside;
use crate::tls::provider;

type BoxError = Box<dyn Error + Send + Sync>;

/// For one request: names, connection, handshake, answer.
const MOST_TIME: Duration = Duration::from_secs(30);

/// A directory has 2 KiB, a chain 10 KiB; in bytes.
const MOST_BYTES: usize = 1024 * 1024;

#[derive(Clone)]
pub(super) struct Client {
    tls: TlsConnector,
    /// What the last refusal asked for by Retry-After.
    retry_after: Arc<Mutex<Option<Duration>>>,
}

/// The CA gave no answer that ACME knows.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub(super) host: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Connection(io::Error),
    Http(BoxError),
    Late,
    Status(StatusCode),
    Url,
}

impl Client {
    /// Trusts the certificates in this file, or the machine's.
    pub(super) fn new(root: Option<&Path>) -> Result<Self, AcmeError> {
        let roots = match root {
            Some(path) => roots_in(path)?,
            None => roots_of_this_machine()?,
        };
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|_| AcmeError::NoTls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            retry_after: Arc::default(),
        })
    }

    /// What the last refusal asked for by Retry-After, once.
    pub(super) fn take_retry_after(&self) -> Option<Duration> {
        self.retry_after
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    async fn exchange(
        self,
        mut request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let uri = request.uri().clone();
        let host = uri.host().unwrap_or_default().to_owned();
        let failed = |what| NoAnswer {
            host: host.clone(),
            what,
        };
        let url = || failed(What::Url);
        let origin_form = origin_form(&mut request, &uri);
        origin_form.ok_or_else(url)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| url())?;

        let asking = async {
            let connection = |error| failed(What::Connection(error));
            let port = uri.port_u16().unwrap_or(443);
            let tcp = TcpStream::connect((bare, port)).await;
            let tls = self.tls.connect(name, tcp.map_err(connection)?).await;
            let io = TokioIo::new(tls.map_err(connection)?);
            let http = |error: BoxError| failed(What::Http(error));
            let (mut sender, connection) = http1::handshake(io)
                .await
                .map_err(|error| http(error.into()))?;
            let answer = async {
                let response = sender.send_request(request).await?;
                let (parts, body) = response.into_parts();
                let body = Limited::new(body, MOST_BYTES).collect().await?;
                Ok(Response::from_parts(parts, body.to_bytes()))
            };
            alongside(answer, connection).await.map_err(http)
        };
        let answer = timeout(MOST_TIME, asking).await;
        let response = answer.map_err(|_| failed(What::Late))??;
        let status = response.status();
        let told = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.trim());
        if status.is_client_error() || status.is_server_error() {
            let seconds = told("retry-after").and_then(|text| text.parse().ok());
            *self
                .retry_after
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = seconds.map(Duration::from_secs);
            // RFC 8555 6.7; a proxy's page says nothing to an ACME client.
            let is_problem = told("content-type").is_some_and(|kind| kind.contains("json"));
            if !is_problem {
                return Err(failed(What::Status(status)));
            }
        }
        Ok(response)
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let exchange = self.clone().exchange(request);
        Box::pin(async move {
            let response = exchange.await;
            let response = response.map_err(|error| instant_acme::Error::Other(error.into()))?;
            let (parts, body) = response.into_parts();
            let body = Box::new(body);
            Ok(BytesResponse { parts, body })
        })
    }
}

/// What goes over the wire: the path alone, and the host in a header (RFC 9112
/// 3.2.1).
fn origin_form(request: &mut Request<BodyWrapper<Bytes>>, uri: &Uri) -> Option<()> {
    let host = HeaderValue::from_str(uri.authority()?.as_str()).ok()?;
    let path = uri.path_and_query()?.as_str().parse().ok()?;
    request.headers_mut().insert(header::HOST, host);
    *request.uri_mut() = path;
    (uri.scheme_str() == Some("https")).then_some(())
}

fn roots_in(path: &Path) -> Result<RootCertStore, AcmeError> {
    let failed = |source| AcmeError::NoRoots {
        path: Some(path.into()),
        source,
    };
    let pem = cache::read(path).map_err(|error| failed(Some(error)))?;
    let missing = || io::Error::new(io::ErrorKind::NotFound, "there is no such file");
    let pem = pem.ok_or_else(|| failed(Some(missing())))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let invalid = |what: String| failed(Some(io::Error::new(io::ErrorKind::InvalidData, what)));
        // The error itself may repeat what is in the file, which may be a key.
        let certificate = certificate.map_err(|_| invalid("it is not valid PEM".to_owned()))?;
        roots
            .add(certificate)
            .map_err(|error| invalid(error.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(failed(None)),
        false => Ok(roots),
    }
}

/// SSL_CERT_FILE and SSL_CERT_DIR are honoured.
fn roots_of_this_machine() -> Result<RootCertStore, AcmeError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a root certificate of this machine is not used");
    }
    let mut roots = RootCertStore::empty();
    // Old machines have some that no verifier takes.
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    match taken {
        0 => Err(AcmeError::NoRoots {
            path: None,
            source: None,
        }),
        _ => Ok(roots),
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        match &self.what {
            What::Connection(error) => write!(f, "{host} cannot be reached: {error}"),
            What::Http(error) => write!(f, "{host} gave no whole answer: {error}"),
            What::Late => write!(f, "{host} gave no answer within {MOST_TIME:?}"),
            What::Status(status) => write!(f, "{host} answered {status}, and not as ACME does"),
            What::Url => write!(
                f,
                "the CA named a URL for {host:?} that is not an HTTPS URL"
            ),
        }
    }
}

impl Error for NoAnswer {}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

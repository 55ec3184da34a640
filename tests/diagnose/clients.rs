//! One request by each client, and what its user may learn of it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::uri::PathAndQuery;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioExecutor;
use oneport::client::{Certainty, diagnose, diagnose_body, diagnose_response};
use tokio_tungstenite::Connector;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::support::within;

/// The CA that a client trusts, as PEM, and the same in rustls.
pub(crate) struct Trust {
    pub(crate) pem: String,
    pub(crate) config: Arc<rustls::ClientConfig>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Hyper,
    /// With HTTP/2 by prior knowledge.
    HyperH2,
    Reqwest,
    Tonic,
    Tungstenite,
    Ureq,
}

pub(crate) const ALL: [Client; 6] = [
    Client::Hyper,
    Client::HyperH2,
    Client::Reqwest,
    Client::Tonic,
    Client::Tungstenite,
    Client::Ureq,
];

/// What came of a request: nobody here is to be served.
pub(crate) enum Outcome {
    Answered(Response<Bytes>),
    Failed(Box<dyn Error>),
}

/// A cause and its certainty.
pub(crate) type Verdict = Option<(&'static str, Certainty)>;

impl Outcome {
    /// As an application would ask for it.
    pub(crate) fn verdict(&self) -> Verdict {
        let diagnosis = match self {
            Self::Answered(response) => diagnose_response(response)
                .or_else(|| diagnose_body(response.status(), response.body())),
            Self::Failed(error) => diagnose(&**error),
        }?;
        Some((diagnosis.cause().slug(), diagnosis.certainty()))
    }
}

/// For the tests that fail.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(response) => write!(f, "{response:?}"),
            Self::Failed(error) => write!(f, "{error}: {error:?}"),
        }
    }
}

impl Client {
    pub(crate) async fn ask(self, tls: bool, port: u16, trust: &Trust) -> Outcome {
        let scheme = match (self, tls) {
            (Self::Tungstenite, false) => "ws",
            (Self::Tungstenite, true) => "wss",
            (_, false) => "http",
            (_, true) => "https",
        };
        let url = format!("{scheme}://localhost:{port}/");
        let config = trust.config.clone();
        let asked = async {
            match self {
                Self::Hyper => hyper(&url, config, false).await,
                Self::HyperH2 => hyper(&url, config, true).await,
                Self::Reqwest => reqwest(&url, config).await,
                Self::Tonic => tonic(url, &trust.pem).await,
                Self::Tungstenite => tungstenite(&url, config).await,
                Self::Ureq => ureq(url, trust.pem.clone()).await,
            }
        };
        match within(Box::pin(asked)).await {
            Ok(response) => Outcome::Answered(response),
            Err(error) => Outcome::Failed(error),
        }
    }
}

type Answer = Result<Response<Bytes>, Box<dyn Error>>;

async fn hyper(url: &str, config: Arc<rustls::ClientConfig>, http2: bool) -> Answer {
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config((*config).clone())
        .https_or_http();
    let mut builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
    let client = match http2 {
        true => builder.http2_only(true).build(https.enable_http2().build()),
        false => builder.build::<_, Empty<Bytes>>(https.enable_http1().build()),
    };
    let (head, body) = client.get(url.parse()?).await?.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

async fn reqwest(url: &str, config: Arc<rustls::ClientConfig>) -> Answer {
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured((*config).clone())
        .build()?;
    let answer = client.get(url).send().await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?;
    Ok(response)
}

async fn tonic(url: String, ca: &str) -> Answer {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
    let is_tls = url.starts_with("https:");
    let mut endpoint = Endpoint::from_shared(url)?;
    if is_tls {
        endpoint = endpoint.tls_config(tls)?;
    }
    let mut client = tonic::client::Grpc::new(endpoint.connect().await?);
    client.ready().await?;
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let path = PathAndQuery::from_static("/nobody.Has/This");
    client.unary(tonic::Request::new(()), path, codec).await?;
    Err("somebody has this method".into())
}

async fn tungstenite(url: &str, config: Arc<rustls::ClientConfig>) -> Answer {
    let connector = Some(Connector::Rustls(config));
    tokio_tungstenite::connect_async_tls_with_config(url, None, false, connector).await?;
    Err("connected".into())
}

async fn ureq(url: String, ca: String) -> Answer {
    let asked = tokio::task::spawn_blocking(move || {
        let ca = ureq::tls::Certificate::from_pem(ca.as_bytes())?.to_owned();
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::Specific(Arc::new(vec![ca])))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .tls_config(tls)
            .build();
        let (head, mut body) = ureq::Agent::from(config).get(url).call()?.into_parts();
        Ok::<_, ureq::Error>(Response::from_parts(head, body.read_to_vec()?.into()))
    });
    Ok(asked.await??)
}

//! Clients for GET, and the one for a large POST.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::{Answer, pki};

pub enum Tls {
    Native,
    Rustls,
    /// With HTTP/2 by prior knowledge.
    RustlsH2,
}

pub async fn reqwest(url: &str, tls: Tls) -> Answer {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pki::ca()?)?]);
    let builder = match tls {
        Tls::Native => builder.tls_backend_native(),
        Tls::Rustls => builder.tls_backend_rustls(),
        Tls::RustlsH2 => builder.tls_backend_rustls().http2_prior_knowledge(),
    };
    let builder = match (pki::identity()?, tls) {
        (None, _) => builder,
        (Some(own), Tls::Native) => builder.identity(reqwest::Identity::from_pkcs8_pem(
            &own.certificate,
            &own.key,
        )?),
        (Some(own), _) => {
            let pem = [own.certificate, own.key].concat();
            builder.identity(reqwest::Identity::from_pem(&pem)?)
        }
    };
    let answer = builder.build()?.get(url).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    if status.is_success() {
        Ok(text)
    } else {
        Err(format!("{status} {text}").into())
    }
}

pub async fn hyper(url: &str, http2: bool) -> Answer {
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(pki::rustls()?)
        .https_or_http();
    let mut builder = Client::builder(TokioExecutor::new());
    let client = if http2 {
        builder.http2_only(true).build(https.enable_http2().build())
    } else {
        builder.build::<_, Empty<Bytes>>(https.enable_http1().build())
    };
    let answer = client.get(url.parse()?).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    if status.is_success() {
        Ok(text)
    } else {
        Err(format!("{status} {text}").into())
    }
}

pub fn ureq(url: &str) -> Answer {
    let mut answer = agent(true)?.get(url).call()?;
    Ok(answer.body_mut().read_to_string()?)
}

/// 8 MiB, and whatever the status is, the answer.
pub fn ureq_upload(url: &str) -> Answer {
    let mut answer = agent(false)?.post(url).send(&vec![b'x'; 8 << 20][..])?;
    let text = answer.body_mut().read_to_string()?;
    Err(format!("{} {text}", answer.status()).into())
}

fn agent(status_as_error: bool) -> Result<ureq::Agent, Box<dyn std::error::Error>> {
    let roots = vec![Certificate::from_pem(&pki::ca()?)?.to_owned()];
    let own = match pki::identity()? {
        Some(own) => Some(ClientCert::new_with_certs(
            &[Certificate::from_pem(&own.certificate)?.to_owned()],
            PrivateKey::from_pem(&own.key)?,
        )),
        None => None,
    };
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .client_cert(own)
        .build();
    let config = ureq::Agent::config_builder()
        .proxy(None)
        .http_status_as_error(status_as_error)
        .tls_config(tls)
        .build();
    Ok(config.into())
}

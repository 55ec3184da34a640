//! tonic: a method that nobody has. A gRPC server that it reaches says status
//! 12, which is how this client is served.

use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};

use crate::{Answer, pki};

pub async fn call(url: &str) -> Answer {
    let mut endpoint = Endpoint::from_shared(url.to_owned())?;
    if url.starts_with("https:") {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pki::ca()?));
        if let Some(own) = pki::identity()? {
            tls = tls.identity(Identity::from_pem(own.certificate, own.key));
        }
        endpoint = endpoint.tls_config(tls)?;
    }
    let mut client = Grpc::new(endpoint.connect().await?);
    client.ready().await?;
    let path = PathAndQuery::from_static("/nobody.Has/This");
    match client.unary(Request::new(()), path, Empty).await {
        Err(status) if status.code() == Code::Unimplemented => Ok("UNIMPLEMENTED".into()),
        Err(status) => Err(status.into()),
        Ok(_) => Err("somebody has this method".into()),
    }
}

/// Messages without content.
struct Empty;

impl Codec for Empty {
    type Encode = ();
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Empty {
    type Item = ();
    type Error = Status;

    fn encode(&mut self, (): (), buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&[]);
        Ok(())
    }
}

impl Decoder for Empty {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        buffer.advance(buffer.remaining());
        Ok(Some(()))
    }
}

//! gRPC with tonic: over h2c and over TLS on one port, and refused in gRPC.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use oneport::{ConnInfo, Mode};
use support::{Pki, Server, told};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, StreamingService, UnaryService};
use tonic::service::Routes;
use tonic::transport::{Certificate, Channel, ClientTlsConfig};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, prost::Message)]
struct Words {
    #[prost(string, tag = "1")]
    text: String,
}

/// What `tonic-build` would generate for `rpc Say (Words) returns (Words)` and
/// `rpc Echo (stream Words) returns (stream Words)`.
#[derive(Clone)]
struct Parrot;

impl NamedService for Parrot {
    const NAME: &'static str = "test.Parrot";
}

impl Service<http::Request<Body>> for Parrot {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Words, Words>::default());
            Ok(match request.uri().path() {
                "/test.Parrot/Say" => grpc.unary(Say, request).await,
                "/test.Parrot/Echo" => grpc.streaming(Echo, request).await,
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

struct Say;

impl UnaryService<Words> for Say {
    type Response = Words;
    type Future = BoxFuture<Response<Words>, Status>;

    fn call(&mut self, request: Request<Words>) -> Self::Future {
        Box::pin(async move {
            let info = request.extensions().get::<ConnInfo>().cloned().unwrap();
            let transport = if info.is_tls() { "tls" } else { "plaintext" };
            let text = format!("{transport}: {}", request.into_inner().text);
            Ok(Response::new(Words { text }))
        })
    }
}

struct Echo;

impl StreamingService<Words> for Echo {
    type Response = Words;
    type ResponseStream = Pin<Box<dyn futures_util::Stream<Item = Result<Words, Status>> + Send>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<Words>>) -> Self::Future {
        Box::pin(async move {
            let stream: Self::ResponseStream = Box::pin(request.into_inner());
            Ok(Response::new(stream))
        })
    }
}

async fn serve(pki: &Pki, mode: Mode) -> Server {
    let tls = pki.tls();
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, Routes::new(Parrot))
            .mode(mode)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

async fn channel(server: &Server, pki: &Pki, scheme: &str) -> Channel {
    let url = format!("{scheme}://localhost:{}", server.addr.port());
    let mut endpoint = Channel::from_shared(url).unwrap();
    if scheme == "https" {
        let ca = std::fs::read(pki.ca_path()).unwrap();
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
        endpoint = endpoint.tls_config(tls).unwrap();
    }
    support::within(endpoint.connect()).await.unwrap()
}

async fn say(channel: Channel) -> Result<String, Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/test.Parrot/Say");
    let text = "hello".to_owned();
    let request = Request::new(Words { text });
    let answer = grpc.unary(request, path, ProstCodec::<Words, Words>::default());
    Ok(support::within(answer).await?.into_inner().text)
}

async fn echo(channel: Channel) -> Result<Vec<String>, Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/test.Parrot/Echo");
    // The stream stays open: only the answer ends the call.
    let words = ["a", "b", "c"].map(|text| Words {
        text: text.to_owned(),
    });
    let stream = futures_util::stream::iter(words);
    let answer = grpc.streaming(
        Request::new(stream),
        path,
        ProstCodec::<Words, Words>::default(),
    );
    let mut stream = support::within(answer).await?.into_inner();
    let mut words = Vec::new();
    while let Some(word) = support::within(stream.message()).await? {
        words.push(word.text);
    }
    Ok(words)
}

#[tokio::test]
async fn grpc_over_h2c_and_over_tls_on_one_port() {
    let pki = Pki::new();
    let server = serve(&pki, Mode::Dual).await;
    for (scheme, expected) in [("http", "plaintext: hello"), ("https", "tls: hello")] {
        let channel = channel(&server, &pki, scheme).await;
        assert_eq!(say(channel.clone()).await.unwrap(), expected);
        assert_eq!(echo(channel).await.unwrap(), ["a", "b", "c"]);
    }
}

/// A plain h2 answer makes tonic say "invalid compression flag: 84".
#[tokio::test]
async fn a_plaintext_call_to_a_tls_only_port_reads_the_sentence() {
    let pki = Pki::new();
    let server = serve(&pki, Mode::TlsOnly).await;
    for _ in 0..20 {
        let status = say(channel(&server, &pki, "http").await).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
        assert_eq!(
            status.message(),
            oneport::Mismatch::PlaintextToTls.sentence()
        );
    }
    let status = echo(channel(&server, &pki, "http").await)
        .await
        .unwrap_err();
    assert_eq!(
        status.message(),
        oneport::Mismatch::PlaintextToTls.sentence()
    );
}

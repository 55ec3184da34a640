//! Connections that are open, and new ones.

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use oneport::Mode;
use oneport::tls::TlsConfig;

use crate::Site;
use crate::caller::{self, serial, serve};
use crate::support::{Server, exchange, within};

/// A connection on which requests can be sent one after the other.
pub(crate) enum Open {
    Http1(hyper::client::conn::http1::SendRequest<Empty<Bytes>>),
    Http2(hyper::client::conn::http2::SendRequest<Empty<Bytes>>),
}

impl Open {
    pub(crate) async fn new(site: &Site, server: &Server, alpn: &str) -> (Self, String) {
        let caller = site.setup().offering(&[alpn]).caller();
        let tls = caller.connect("localhost", server.addr).await.unwrap();
        let serial = serial(&tls.get_ref().1.peer_certificates().unwrap()[0]);
        let io = TokioIo::new(tls);
        let open = match alpn {
            "h2" => {
                let (sender, connection) =
                    hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                        .await
                        .unwrap();
                tokio::spawn(connection);
                Self::Http2(sender)
            }
            _ => {
                let (sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                Self::Http1(sender)
            }
        };
        (open, serial)
    }

    pub(crate) async fn ask(&mut self) -> String {
        let request = Request::get("https://localhost/").header("host", "localhost");
        let request = request.body(Empty::new()).unwrap();
        let response = match self {
            Self::Http1(sender) => within(sender.send_request(request)).await.unwrap(),
            Self::Http2(sender) => within(sender.send_request(request)).await.unwrap(),
        };
        let body = within(response.into_body().collect()).await.unwrap();
        String::from_utf8(body.to_bytes().to_vec()).unwrap()
    }
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_open_ones_live_on() {
    let site = Site::new();
    let tls = site.files().load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let (mut one, seen) = Open::new(&site, &server, "http/1.1").await;
    assert_eq!(seen, "01");
    let (mut two, seen) = Open::new(&site, &server, "h2").await;
    assert_eq!(seen, "01");
    let http1 = format!("tls {:?} GET \n", Version::HTTP_11);
    let http2 = format!("tls {:?} GET \n", Version::HTTP_2);
    assert_eq!((one.ask().await, two.ask().await), (http1, http2));

    site.renew(2);
    site.files().reload(&tls).unwrap();
    for alpn in ["http/1.1", "h2"] {
        let (mut new, seen) = Open::new(&site, &server, alpn).await;
        assert_eq!(seen, "02", "{alpn}");
        new.ask().await;
    }
    assert!(one.ask().await.starts_with("tls HTTP/1.1"));
    assert!(two.ask().await.starts_with("tls HTTP/2.0"));
}

/// A `ServerConfig` does not tell whether it requires certificates; what is not
/// known must not open a way around the ones that were required.
#[tokio::test]
async fn plaintext_stays_refused_whatever_is_loaded() {
    let site = Site::new();
    for files in [site.mutual(), site.mutual().explain_client_auth()] {
        let tls = files.load().unwrap();
        let server = serve(&tls, Mode::Dual).await;
        let plain = || async {
            let answer = exchange(server.addr, caller::REQUEST).await;
            String::from_utf8(answer).unwrap()
        };
        assert!(plain().await.contains("requires TLS"));
        let leaf = site.ca.server(5);
        let raw = rustls::ServerConfig::builder_with_provider(oneport::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der.clone()], leaf.private_key())
            .unwrap();
        for renewed in [TlsConfig::from(raw), site.files().load().unwrap()] {
            tls.reload(renewed);
            let answer = plain().await;
            assert!(answer.contains("requires TLS"), "{answer}");
        }
    }
}

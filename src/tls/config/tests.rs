use rustls::server::ResolvesServerCertUsingSni;

use super::super::loaded::HTTP_ALPN;
use super::*;

fn config(alpn: &[&[u8]]) -> ServerConfig {
    let mut config = ServerConfig::builder_with_provider(crate::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config
}

#[test]
fn an_empty_alpn_list_is_filled_and_shares_the_session_storage() {
    let original = Arc::new(config(&[]));
    let handle = TlsConfig::from(original.clone());
    assert_eq!(handle.current().alpn_protocols, HTTP_ALPN);
    assert!(
        original.alpn_protocols.is_empty(),
        "the caller's is untouched"
    );
    assert!(Arc::ptr_eq(
        &original.session_storage,
        &handle.current().session_storage
    ));
}

#[test]
fn a_list_that_is_not_empty_is_left_alone_and_not_copied() {
    let original = Arc::new(config(&[b"acme-tls/1"]));
    let handle = TlsConfig::from(original.clone());
    assert!(Arc::ptr_eq(&original, &handle.current()));
}

#[test]
fn keep_alpn_keeps_an_empty_list_over_reloads() {
    let handle = TlsConfig::keep_alpn(config(&[]));
    assert!(handle.current().alpn_protocols.is_empty());
    handle.reload(config(&[]));
    assert!(handle.current().alpn_protocols.is_empty());
}

#[test]
fn a_reload_reaches_every_clone_and_fills_alpn_too() {
    let handle = TlsConfig::from(config(&[b"http/1.1"]));
    let (clone, before) = (TlsConfig::from(&handle), handle.current());
    handle.reload(config(&[]));
    assert_eq!(clone.current().alpn_protocols, HTTP_ALPN);
    assert_eq!(before.alpn_protocols, [b"http/1.1"]);
}

#[test]
fn debug_says_what_is_offered() {
    assert_eq!(
        format!("{:?}", TlsConfig::from(config(&[]))),
        r#"TlsConfig { alpn: ["h2", "http/1.1", "http/1.0"], .. }"#
    );
}

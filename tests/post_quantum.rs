//! Key exchange that a quantum computer does not break later, with aws-lc-rs.
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod support;

use authority::{Authority, Folder};
use caller::{Setup, serve};
use oneport::Mode;
use rustls::NamedGroup;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::{self, kx_group};
use rustls::version::{TLS12, TLS13};

#[tokio::test]
async fn who_offers_it_gets_it() {
    let (folder, ca) = (Folder::new(), Authority::new("servers"));
    folder.put("server", &ca.server(1));
    let server = serve(&folder.server_files().load().unwrap(), Mode::Dual).await;
    let setup = |groups: &[&'static dyn SupportedKxGroup]| {
        let mut provider = aws_lc_rs::default_provider();
        provider.kx_groups = groups.to_vec();
        Setup::trusting(&ca).provided_by(provider)
    };
    for (groups, chosen) in [
        // As browsers offer it: first, with a key share for it.
        (
            &[kx_group::X25519MLKEM768, kx_group::X25519][..],
            NamedGroup::X25519MLKEM768,
        ),
        (&[kx_group::X25519MLKEM768], NamedGroup::X25519MLKEM768),
        (
            &[kx_group::X25519MLKEM768, kx_group::SECP256R1],
            NamedGroup::X25519MLKEM768,
        ),
        (&[kx_group::X25519], NamedGroup::X25519),
        (&[kx_group::SECP256R1], NamedGroup::secp256r1),
    ] {
        let caller = setup(groups).speaking(&TLS13).caller();
        for resumed in [false, true] {
            let call = caller.call(server.addr).await.unwrap().served();
            assert_eq!(call.resumed, resumed);
            assert_eq!(call.group, Some(chosen), "{groups:?}");
        }
    }
    // TLS 1.2 has none.
    let old = setup(&[kx_group::X25519MLKEM768, kx_group::X25519]);
    let old = old.speaking(&TLS12).caller();
    let call = old.call(server.addr).await.unwrap().served();
    assert_eq!(call.group, Some(NamedGroup::X25519));
}

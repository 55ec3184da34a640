//! Networks and policies against arithmetic that is written out.
#![allow(clippy::unwrap_used)] // a test may panic

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use oneport::{
    AllowPlaintext, Foreign, Inbound, Mismatch, Mode, Network, Peer, Policy, Protocol, Route,
};
use proptest::prelude::*;
use proptest::sample::select;

/// Addresses near each other, so that some are in some of the networks.
fn v4() -> impl Strategy<Value = u32> {
    let near = (0_u32..32).prop_map(|bit| 0x0a01_0203 ^ (1 << bit));
    prop_oneof![Just(0x0a01_0203), near, Just(0x7f00_0001), any::<u32>()]
}

fn v6() -> impl Strategy<Value = u128> {
    const DOCUMENTATION: u128 = 0x2001_0db8_0000_0000_0000_0000_0000_0007;
    let near = (0_u32..128).prop_map(|bit| DOCUMENTATION ^ (1 << bit));
    prop_oneof![Just(DOCUMENTATION), near, Just(1), any::<u128>()]
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        v4().prop_map(|bits| Ipv4Addr::from(bits).into()),
        v4().prop_map(|bits| Ipv4Addr::from(bits).to_ipv6_mapped().into()),
        v6().prop_map(|bits| Ipv6Addr::from(bits).into()),
    ]
}

fn peer() -> impl Strategy<Value = Peer> {
    let tcp = (ip(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port).into());
    prop_oneof![9 => tcp, 1 => Just(Peer::Unix)]
}

/// A network that is written with host bits, as people write them.
fn network() -> impl Strategy<Value = Network> {
    let v4 = (v4(), 0..=32_u8).prop_map(|(ip, bits)| format!("{}/{bits}", Ipv4Addr::from(ip)));
    let v6 = (v6(), 0..=128_u8).prop_map(|(ip, bits)| format!("{}/{bits}", Ipv6Addr::from(ip)));
    prop_oneof![v4, v6].prop_filter_map("mapped", |text| text.parse().ok())
}

fn protocol() -> impl Strategy<Value = Protocol> {
    select(
        &[
            Protocol::Foreign(Foreign::Ssh),
            Protocol::Foreign(Foreign::Unknown),
            Protocol::Http1,
            Protocol::Http2,
            Protocol::Tls,
        ][..],
    )
}

/// The first `bits` of `width` bits are equal.
fn agree(a: u128, b: u128, bits: u32, width: u32) -> bool {
    bits == 0 || (a ^ b) >> (width - bits) == 0
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    #[test]
    fn a_network_of_ipv4_has_what_agrees_in_its_first_bits(net in v4(), ip in v4(), bits in 0..=32_u32) {
        let network: Network = format!("{}/{bits}", Ipv4Addr::from(net)).parse().unwrap();
        let expected = agree(net.into(), ip.into(), bits, 32);
        let ip = Ipv4Addr::from(ip);
        prop_assert_eq!(network.contains(ip.into()), expected);
        // The same client at a `[::]` listener.
        prop_assert_eq!(network.contains(ip.to_ipv6_mapped().into()), expected);
    }

    #[test]
    fn a_network_of_ipv6_has_what_agrees_in_its_first_bits(net in v6(), ip in v6(), bits in 0..=128_u32) {
        let (net, ip) = (Ipv6Addr::from(net), Ipv6Addr::from(ip));
        let Ok(network) = format!("{net}/{bits}").parse::<Network>() else {
            prop_assert!(net.to_ipv4_mapped().is_some());
            return Ok(());
        };
        let expected = agree(net.into(), ip.into(), bits, 128) && ip.to_ipv4_mapped().is_none();
        prop_assert_eq!(network.contains(ip.into()), expected);
    }

    #[test]
    fn a_network_is_read_as_it_is_written(network in network()) {
        prop_assert_eq!(network.to_string().parse::<Network>(), Ok(network));
    }

    #[test]
    fn any_text_is_a_network_or_none(text in "[0-9a-f:./]{0,30}|\\PC*") {
        if let Ok(network) = text.parse::<Network>() {
            prop_assert_eq!(network.to_string().parse::<Network>(), Ok(network));
        }
    }

    #[test]
    fn one_address_has_itself_and_nothing_else(ip in ip(), other in ip()) {
        let network = Network::from(ip);
        prop_assert!(network.contains(ip));
        prop_assert_eq!(network.contains(other), ip.to_canonical() == other.to_canonical());
    }

    /// What a mode serves to anybody: written as what it is, not as how it is done.
    #[test]
    fn modes_serve_what_they_say(protocol in protocol(), peer in peer(), tls in any::<bool>()) {
        let inbound = Inbound::new(protocol, peer, tls);
        for mode in [Mode::Dual, Mode::PlaintextOnly, Mode::TlsOnly] {
            let serves_tls = tls && mode != Mode::PlaintextOnly;
            let serves_plaintext = mode != Mode::TlsOnly;
            let expected = match protocol {
                Protocol::Foreign(foreign) => Route::Refuse(Mismatch::Foreign(foreign)),
                Protocol::Tls if serves_tls => Route::Tls,
                Protocol::Tls => Route::Refuse(Mismatch::TlsToPlaintext),
                _ if serves_plaintext => Route::Plaintext,
                _ => Route::Refuse(Mismatch::PlaintextToTls),
            };
            prop_assert_eq!(mode.route(&inbound), expected, "{:?}", mode);
        }
    }

    #[test]
    fn plaintext_is_for_those_in_any_of_the_networks(
        protocol in protocol(),
        peer in peer(),
        networks in proptest::collection::vec(network(), 0..4),
        loopback in any::<bool>(),
    ) {
        let listed = peer.ip().is_some_and(|ip| networks.iter().any(|it| it.contains(ip)));
        let as_mode = match listed || loopback && peer.is_loopback() {
            true => Mode::Dual,
            false => Mode::TlsOnly,
        };
        let at_once = AllowPlaintext::from_networks(networks.clone());
        let one_by_one = networks.iter().rev().fold(
            AllowPlaintext::from_networks([]),
            |policy, network| policy.and(*network),
        );
        let inbound = Inbound::new(protocol, peer, true);
        for policy in [at_once, one_by_one] {
            let policy = match loopback {
                true => policy.and_loopback(),
                false => policy,
            };
            prop_assert_eq!(policy.route(&inbound), as_mode.route(&inbound), "{}", policy);
        }
    }
}

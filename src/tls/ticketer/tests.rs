//! Rotation, expiry, other settings, and whatever a client may send.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use backend::hkdf::Salt;
use proptest::prelude::*;

use super::*;

const NOW: u64 = 1_800_000_000;
const PLAIN: &[u8] = b"a session";
const CONTEXT: [u8; 32] = [7; 32];

fn shared(secrets: &[u8], context: [u8; 32]) -> Shared {
    let prk = |n: &u8| Salt::new(HKDF_SHA256, b"test").extract(&[*n; 32]);
    let keys = secrets.iter().map(prk);
    let keys = keys.map(|secret| Key::derive(&secret, &context).unwrap());
    Shared {
        keys: keys.collect(),
    }
}

#[test]
fn what_one_server_makes_another_one_opens() {
    let (one, other) = (shared(&[1], CONTEXT), shared(&[1], CONTEXT));
    for plain in [&b""[..], PLAIN, &[9; 4096]] {
        let ticket = one.encrypt_at(NOW, plain).unwrap();
        assert_eq!(other.decrypt_at(NOW, &ticket).unwrap(), plain);
        // Equal sessions do not look equal.
        assert_ne!(one.encrypt_at(NOW, plain).unwrap()[ID..], ticket[ID..]);
    }
    let ticket = one.encrypt(PLAIN).unwrap();
    assert_eq!(other.decrypt(&ticket).unwrap(), PLAIN);
}

#[test]
fn a_rotation() {
    let (old, both, new) = (&[1][..], &[2, 1][..], &[2][..]);
    let [old, both, new] = [old, both, new].map(|secrets| shared(secrets, CONTEXT));
    let of_old = old.encrypt_at(NOW, PLAIN).unwrap();
    let of_both = both.encrypt_at(NOW, PLAIN).unwrap();
    let opens = |ticketer: &Shared, ticket| ticketer.decrypt_at(NOW, ticket).is_some();
    assert!(opens(&both, &of_old) && opens(&both, &of_both));
    assert!(opens(&new, &of_both) && !opens(&new, &of_old));
    assert!(!opens(&old, &of_both), "the first secret makes the tickets");
}

#[test]
fn other_client_auth_settings_other_keys() {
    let ticket = shared(&[1], CONTEXT).encrypt_at(NOW, PLAIN).unwrap();
    let other = shared(&[1], [8; 32]);
    assert_eq!(other.decrypt_at(NOW, &ticket), None);
    // Not for the sake of the id alone.
    let mut disguised = other.keys[0].id.to_vec();
    disguised.extend(&ticket[ID..]);
    assert_eq!(other.decrypt_at(NOW, &disguised), None);
}

#[test]
fn a_ticket_has_its_time() {
    let ticketer = shared(&[1], CONTEXT);
    let ticket = ticketer.encrypt_at(NOW, PLAIN).unwrap();
    for (now, opens) in [
        (NOW, true),
        (NOW + LIFETIME, true),
        (NOW + LIFETIME + 1, false),
        (NOW - CLOCK_SKEW, true),
        (NOW - CLOCK_SKEW - 1, false),
        (0, false),
        (u64::MAX, false),
    ] {
        let opened = ticketer.decrypt_at(now, &ticket);
        assert_eq!(opened.is_some(), opens, "{now}");
    }
}

/// rustls does not check the length that it writes in 16 bits.
#[test]
fn no_ticket_is_larger_than_tls_can_say() {
    let ticketer = shared(&[1], CONTEXT);
    let most = LARGEST - ID - SALT - ISSUED - TAG;
    let ticket = ticketer.encrypt_at(NOW, &vec![1; most]).unwrap();
    assert_eq!(ticket.len(), LARGEST);
    assert_eq!(ticketer.decrypt_at(NOW, &ticket).unwrap().len(), most);
    assert_eq!(ticketer.encrypt_at(NOW, &vec![1; most + 1]), None);
}

#[test]
fn nothing_secret_is_shown() {
    let shown = format!("{:?}", shared(&[1, 2], CONTEXT));
    assert_eq!(shown, "Shared { keys: 2 }");
}

/// A fleet may run builds with different crypto libraries.
#[cfg(all(feature = "aws-lc-rs", feature = "ring"))]
#[test]
fn ring_makes_the_same_keys() {
    use ring::{aead, hkdf};
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"test").extract(&[1; 32]);
    let info: [&[u8]; 2] = [b"key", &CONTEXT];
    let key: hkdf::Prk = secret.expand(&info, hkdf::HKDF_SHA256).unwrap().into();
    let ticketer = shared(&[1], CONTEXT);
    let mut ticket = ticketer.encrypt_at(NOW, PLAIN).unwrap();
    let (head, sealed) = ticket.split_at_mut(ID + SALT);
    let info: [&[u8]; 2] = [b"ticket", &head[ID..]];
    let key = key.expand(&info, &aead::AES_256_GCM).unwrap();
    let key = aead::LessSafeKey::new(key.into());
    let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
    let opened = key.open_in_place(nonce, aead::Aad::from(head), sealed);
    assert_eq!(opened.unwrap(), [&NOW.to_be_bytes(), PLAIN].concat());
}

proptest! {
    #[test]
    fn whatever_a_client_sends(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let ticketer = shared(&[1, 2], CONTEXT);
        prop_assert_eq!(ticketer.decrypt_at(NOW, &bytes), None);
        // And with an id that is known.
        let bytes = [&ticketer.keys[1].id[..], &bytes].concat();
        prop_assert_eq!(ticketer.decrypt_at(NOW, &bytes), None);
    }

    #[test]
    fn a_damaged_ticket(
        plain in proptest::collection::vec(any::<u8>(), 0..100),
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let ticketer = shared(&[1], CONTEXT);
        let ticket = ticketer.encrypt_at(NOW, &plain).unwrap();
        let at = at.index(ticket.len());
        prop_assert_eq!(ticketer.decrypt_at(NOW, &ticket[..at]), None);
        let mut flipped = ticket.clone();
        flipped[at] ^= 1u8 << bit;
        prop_assert_eq!(ticketer.decrypt_at(NOW, &flipped), None);
        let longer = [&ticket[..], &[0]].concat();
        prop_assert_eq!(ticketer.decrypt_at(NOW, &longer), None);
    }
}

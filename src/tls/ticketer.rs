//! Session tickets that every server with the same secrets opens.
//!
//! What rustls (0.23) does with a `ProducesTickets`:
//! * `lifetime` goes to the client as a hint (RFC 8446 4.6.1, RFC 5077 3.3).
//!   The server never looks at the age of a ticket: the time of issue in the
//!   plaintext is for early data only, which stateless tickets do not get. Its
//!   own ticketer enforces the lifetime by dropping keys every six hours. Keys
//!   from a file are dropped when somebody edits it, so here the time of issue
//!   stands in the ticket and is checked. That ends tickets, and gives no
//!   forward secrecy: whoever gets hold of a secret opens every ticket that was
//!   ever made under it. Only a rotation of the file helps against that.
//! * A resumed connection gets new tickets: in TLS 1.3 for a new secret, in
//!   TLS 1.2 for the old one. The lifetime is that of one ticket, not of a
//!   session; a client that keeps coming back goes on resuming, in TLS 1.2
//!   under one master secret, until all secrets it had were dropped.
//! * The plaintext holds the client's certificate chain, and a resumed
//!   connection has it as its own without verifying it again. Hence the
//!   `context`: a ticket from a server that asks for no certificate, or trusts
//!   other CAs, must not open.
//! * A ticket resumes only under the server name and the cipher suite it was
//!   made for.
//! * No ticket (`None`) is no error: the handshake goes on without, or is a
//!   full one.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as backend;
#[cfg(not(feature = "aws-lc-rs"))]
use ring as backend;

use backend::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use backend::error::Unspecified;
use backend::hkdf::{HKDF_SHA256, Prk};
use backend::rand::{SecureRandom, SystemRandom};
use rustls::server::ProducesTickets;

use super::ticket_secrets::Secrets;

/// In seconds: 12 hours, as rustls' own ticketer. RFC 8446 4.6.1 allows seven
/// days, but until then the secret opens what it made.
const LIFETIME: u64 = 12 * 60 * 60;

/// In seconds: how far the clock of another machine may be ahead.
const CLOCK_SKEW: u64 = 5 * 60;

/// A ticketer whose tickets any other one with one of the secrets and the same
/// context opens. The first secret makes them.
///
/// `context` is a digest of the client authentication settings: it is part of
/// every key, so that no ticket passes between settings.
///
/// # Errors
///
/// When the crypto library cannot derive the keys, which it can.
pub(super) fn ticketer(
    secrets: &Secrets,
    context: &[u8; 32],
) -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    let keys = secrets.0.iter().map(|secret| Key::derive(secret, context));
    let keys = keys.collect::<Result<Vec<_>, Unspecified>>();
    let failed = |_| rustls::Error::General("cannot derive the keys of session tickets".into());
    Ok(Arc::new(Shared {
        keys: keys.map_err(failed)?,
    }))
}

/// ```text
/// ticket = key id (16) | salt (32) | AES-256-GCM(issued (8) | rustls' plaintext) | tag (16)
/// ```
///
/// The key of each ticket is HKDF-Expand(key, salt) with 32 random bytes of
/// salt, used once, and so the nonce is always zero. With one key for all
/// tickets and random nonces of 12 bytes, a fleet that shares the key would
/// have to stop after 2^32 tickets (NIST SP 800-38D 8.3), and nobody counts
/// them.
struct Shared {
    /// Newest first.
    keys: Vec<Key>,
}

struct Key {
    /// Not a secret: it says which key opens a ticket, and is authenticated
    /// with it.
    id: [u8; ID],
    key: Prk,
}

const ID: usize = 16;
const SALT: usize = 32;
const ISSUED: usize = 8;
const TAG: usize = 16;

/// The largest ticket, in bytes; a session whose client certificates make it
/// larger is not resumed. rustls reads up to 64 KiB of a ClientHello, clients
/// send several tickets in one, and the length field of a ticket has 16 bits
/// (RFC 8446 4.6.1) that rustls does not check.
const LARGEST: usize = 16 * 1024;

impl Key {
    fn derive(secret: &Prk, context: &[u8; 32]) -> Result<Self, Unspecified> {
        let mut id = [0; ID];
        secret
            .expand(&[b"key id", context], IdLength)?
            .fill(&mut id)?;
        let key = secret.expand(&[b"key", context], HKDF_SHA256)?.into();
        Ok(Self { id, key })
    }

    fn of_ticket(&self, salt: &[u8]) -> Result<LessSafeKey, Unspecified> {
        let key = UnboundKey::from(self.key.expand(&[b"ticket", salt], &AES_256_GCM)?);
        Ok(LessSafeKey::new(key))
    }
}

struct IdLength;

impl backend::hkdf::KeyType for IdLength {
    fn len(&self) -> usize {
        ID
    }
}

impl Shared {
    fn encrypt_at(&self, now: u64, plain: &[u8]) -> Option<Vec<u8>> {
        let overhead = ID + SALT + ISSUED + TAG;
        if plain.len() > LARGEST - overhead {
            return None;
        }
        let key = self.keys.first()?;
        let mut salt = [0; SALT];
        SystemRandom::new().fill(&mut salt).ok()?;

        let mut ticket = Vec::with_capacity(plain.len() + overhead);
        ticket.extend(key.id);
        ticket.extend(salt);
        ticket.extend(now.to_be_bytes());
        ticket.extend(plain);
        let (head, sealed) = ticket.split_at_mut(ID + SALT);
        let key = key.of_ticket(&salt).ok()?;
        let tag = key.seal_in_place_separate_tag(nonce(), Aad::from(head), sealed);
        let tag = tag.ok()?;
        ticket.extend(tag.as_ref());
        Some(ticket)
    }

    fn decrypt_at(&self, now: u64, ticket: &[u8]) -> Option<Vec<u8>> {
        if ticket.len() > LARGEST {
            return None;
        }
        let (head, sealed) = ticket.split_at_checked(ID + SALT)?;
        let (id, salt) = head.split_at(ID);
        // Ids are public, so the time that this takes says nothing; the tag is
        // compared in constant time by the crypto library.
        let key = self.keys.iter().find(|key| key.id == id)?;
        let mut plain = sealed.to_vec();
        let key = key.of_ticket(salt).ok()?;
        let opened = key.open_in_place(nonce(), Aad::from(head), &mut plain);
        let length = opened.ok()?.len();
        plain.truncate(length);
        let (issued, _) = plain.split_first_chunk::<ISSUED>()?;
        let issued = u64::from_be_bytes(*issued);
        let oldest = now.saturating_sub(LIFETIME);
        let newest = now.saturating_add(CLOCK_SKEW);
        if !(oldest..=newest).contains(&issued) {
            return None;
        }
        plain.drain(..ISSUED);
        Some(plain)
    }
}

/// Each key is used for one ticket.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

impl ProducesTickets for Shared {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        const { LIFETIME as u32 }
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.encrypt_at(now()?, plain)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.decrypt_at(now()?, ticket)
    }
}

/// In seconds. A clock before 1970 makes and opens no tickets.
fn now() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("keys", &self.keys.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;

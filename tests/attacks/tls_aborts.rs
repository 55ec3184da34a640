//! Handshakes that are broken off, and records that are sealed by hand.

use std::io::Write;
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use oneport::Limits;
use rustls::{ClientConnection, ConnectionTrafficSecrets};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::target::{Target, flight};
use crate::{alone, descriptors, descriptors_until};

/// The records of a client whose keys were taken (RFC 8446 5.2).
pub(crate) struct Records {
    sequence: u64,
    key: LessSafeKey,
    iv: [u8; 12],
}

impl Records {
    pub(crate) fn of(client: ClientConnection) -> Self {
        let secrets = client.dangerous_extract_secrets().unwrap();
        let (sequence, ConnectionTrafficSecrets::Aes256Gcm { key, iv }) = secrets.tx else {
            panic!("another cipher");
        };
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).unwrap();
        Self {
            sequence,
            key: LessSafeKey::new(key),
            iv: iv.as_ref().try_into().unwrap(),
        }
    }

    /// A record of application data.
    pub(crate) fn seal(&mut self, data: &[u8]) -> Vec<u8> {
        let mut nonce = self.iv;
        for (byte, of) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= of;
        }
        self.sequence += 1;
        // The type of what is inside, and the tag.
        let length = u16::try_from(data.len() + 1 + 16).unwrap().to_be_bytes();
        let head = [0x17, 3, 3, length[0], length[1]];
        let mut inside = [data, &[0x17]].concat();
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(nonce, Aad::from(head), &mut inside)
            .unwrap();
        [&head[..], &inside].concat()
    }
}

/// How a client leaves.
#[derive(Clone, Copy)]
enum Leave {
    Fin,
    Rst,
}

fn leave(tcp: TcpStream, how: Leave) {
    if matches!(how, Leave::Rst) {
        socket2::SockRef::from(&tcp)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }
    drop(tcp);
}

/// At each point of a handshake, of a request inside it, and of a plaintext one,
/// by FIN and by RST: nothing is left of them.
#[test]
fn clients_that_leave_at_each_point() {
    alone(async {
        const HEAD: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf";
        let target = Target::start(Limits::default()).await;
        target.good().ask(4).await;
        let before = descriptors();
        let mut left = 0;
        let attack = async {
            for how in [Leave::Fin, Leave::Rst] {
                let (_, first) = target.client();
                for plaintext in [
                    &first[..],
                    HEAD,
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04",
                ] {
                    for cut in 0..=plaintext.len() {
                        let mut tcp = TcpStream::connect(target.server.addr).await.unwrap();
                        tcp.write_all(&plaintext[..cut]).await.unwrap();
                        leave(tcp, how);
                        left += 1;
                    }
                }
                for cut in (0..130).step_by(5) {
                    let (mut client, mut tcp, mut last) = target.almost().await;
                    client.writer().write_all(HEAD).unwrap();
                    last.extend(flight(&mut client));
                    tcp.write_all(&last[..cut.min(last.len())]).await.unwrap();
                    leave(tcp, how);
                    left += 1;
                }
            }
        };
        target.good().beside(attack).await;
        println!("{left} clients have left");
        let after = descriptors_until(before, Duration::from_secs(5)).await;
        assert!(
            after <= before,
            "{before} descriptors before, {after} after"
        );
        target.server.shut_down().await.unwrap();
    });
}

/// Each asks for a change of keys, and for one in return: so many, and no more.
#[test]
fn changes_of_keys() {
    crate::among_others(async {
        let target = Target::start(Limits::default()).await;
        let attack = async {
            let (mut client, mut tcp, last) = target.almost().await;
            tcp.write_all(&last).await.unwrap();
            for n in 0..5000 {
                client.refresh_traffic_keys().unwrap();
                if tcp.write_all(&flight(&mut client)).await.is_err() {
                    return n;
                }
            }
            5000
        };
        let changes = target.good().beside(attack).await;
        println!("{changes} changes of keys");
        assert!(changes < 5000, "the connection stays");
    });
}

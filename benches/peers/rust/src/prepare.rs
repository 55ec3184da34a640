//! The files that all servers share.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::Result;
use crate::app::{LARGE, PIECE};

/// A self-signed P-256 certificate for localhost, and the large body.
pub fn files(directory: &Path) -> Result {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    fs::write(directory.join("cert.pem"), &certificate)?;
    fs::write(directory.join("key.pem"), &key)?;
    // HAProxy wants both in one file.
    fs::write(directory.join("both.pem"), certificate + &key)?;
    fs::create_dir_all(directory.join("www"))?;
    let mut large = File::create(directory.join("www/large"))?;
    for _ in 0..LARGE / PIECE.len() as u64 {
        large.write_all(&PIECE)?;
    }
    Ok(())
}

//! The file with the secrets under which a fleet of servers makes its session
//! tickets.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::hkdf;
#[cfg(not(feature = "aws-lc-rs"))]
use ring::hkdf;

use super::file::{self, Kinds, Role};
use super::ticket_secrets_error::{LEAST_BYTES, MOST_SECRETS};
use super::{TicketSecretsError, TlsConfigError};

/// Separates what is made here from other uses of the same secret.
const SALT: &[u8] = b"oneport session tickets v1";

/// What a secrets file holds, newest first; at least one.
///
/// The secrets themselves are not kept: these are the keys of HKDF-SHA256
/// (RFC 5869 2.2, extract) made from them.
pub(super) struct Secrets(pub(super) Vec<hkdf::Prk>);

/// Shows how many there are.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// Reads a secrets file: one secret per line, newest first.
///
/// A line is 64 hexadecimal digits or more, or 32 bytes or more in base64 (of
/// either alphabet, padded or not). `#` begins a comment; blank lines are
/// skipped. The first secret makes tickets, all of them open tickets.
pub(super) fn read(path: &Path, kinds: Kinds) -> Result<Secrets, TlsConfigError> {
    let content = file::read(path, Role::TicketSecrets, kinds)?;
    let secrets = parse(&content).map_err(|source| TlsConfigError::TicketSecrets {
        path: path.into(),
        source,
    })?;
    warn_of_readers(path);
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT);
    let secrets = secrets.iter().map(|secret| salt.extract(secret));
    Ok(Secrets(secrets.collect()))
}

/// The file may be shared by machines whose tools pad base64 or do not, and
/// have either alphabet (`openssl rand -base64`, Python's `token_urlsafe`).
const BASE64: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&alphabet::STANDARD, UNPADDED_TOO),
    GeneralPurpose::new(&alphabet::URL_SAFE, UNPADDED_TOO),
];
const UNPADDED_TOO: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

fn parse(content: &[u8]) -> Result<Vec<Vec<u8>>, TicketSecretsError> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut secrets = Vec::<(usize, Vec<u8>)>::new();
    for (index, text) in content.split(|&byte| byte == b'\n').enumerate() {
        let line = index + 1;
        // Neither encoding has a `#`.
        let text = text.split(|&byte| byte == b'#').next().unwrap_or_default();
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let secret = decode(text).ok_or(TicketSecretsError::NotEncoded { line })?;
        if secret.len() < LEAST_BYTES {
            let bytes = secret.len();
            return Err(TicketSecretsError::TooShort { line, bytes });
        }
        if let Some(&(first, _)) = secrets.iter().find(|(_, known)| *known == secret) {
            return Err(TicketSecretsError::Duplicate { line, first });
        }
        secrets.push((line, secret));
    }
    match secrets.len() {
        0 => Err(TicketSecretsError::NoSecret),
        1..=MOST_SECRETS => Ok(secrets.into_iter().map(|(_, secret)| secret).collect()),
        count => Err(TicketSecretsError::TooMany { count }),
    }
}

/// What looks like hexadecimal is that, although it is base64 too.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.iter().all(u8::is_ascii_hexdigit) {
        return decode_hex(text);
    }
    BASE64.iter().find_map(|base64| base64.decode(text).ok())
}

fn decode_hex(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() % 2 != 0 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.chunks_exact(2);
    pairs
        .map(|pair| u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok())
        .collect()
}

/// ssh refuses a key that others can read. Here that would refuse Kubernetes'
/// mounted secrets, which are 0644 unless `defaultMode` says otherwise.
fn warn_of_readers(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        /// Read, write or execute by others than owner and group.
        const OTHERS: u32 = 0o007;
        let open = std::fs::metadata(path)
            .is_ok_and(|metadata| metadata.permissions().mode() & OTHERS != 0);
        if open {
            tracing::warn!(
                "{} {} is open to every user of this machine, and whoever has read it can take over \
                 sessions and decrypt recorded TLS 1.2: `chmod 640` it (Kubernetes: \
                 `defaultMode: 0440`)",
                Role::TicketSecrets,
                path.display()
            );
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    /// The bytes of [`HEX`].
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

    #[test]
    fn forms() {
        let bytes: Vec<u8> = (0..32).collect();
        let unpadded = BASE64.trim_end_matches('=');
        for text in [
            HEX.to_owned(),
            BASE64.to_owned(),
            unpadded.to_owned(),
            format!("\u{feff}# comment\r\n\r\n  {HEX} # of May\r\n"),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(vec![bytes.clone()]), "{text}");
        }
        let both = format!("{OTHER}\n{unpadded}");
        assert_eq!(parse(both.as_bytes()), Ok(vec![vec![255; 32], bytes]));
        let longer = "-_".repeat(32);
        assert_eq!(parse(longer.as_bytes()).unwrap()[0].len(), 48);
    }

    #[test]
    fn faults() {
        use TicketSecretsError::*;
        let nine: String = (0..9).map(|n| format!("{n:064x}\n")).collect();
        for (text, fault) in [
            (
                format!("{OTHER}\n{HEX}\n\n{BASE64}"),
                Duplicate { line: 4, first: 2 },
            ),
            ("# none yet\n".into(), NoSecret),
            (format!("{HEX}\n\ncorrect horse"), NotEncoded { line: 3 }),
            (HEX[1..].into(), NotEncoded { line: 1 }),
            (format!("{HEX} {OTHER}"), NotEncoded { line: 1 }),
            ("\u{e9}".into(), NotEncoded { line: 1 }),
            (nine, TooMany { count: 9 }),
            (HEX[2..].into(), TooShort { line: 1, bytes: 31 }),
            ("c2VjcmV0".into(), TooShort { line: 1, bytes: 6 }),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(fault.clone()), "{text}");
            let said = fault.to_string();
            assert!(
                said.contains("openssl rand -hex 32") || said.contains("remove"),
                "{said}"
            );
            assert!(
                !text
                    .lines()
                    .any(|line| said.contains(line) && !line.is_empty())
            );
        }
    }

    /// It is not worth a start that fails: Kubernetes mounts secrets so.
    #[test]
    fn a_file_for_everybody_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tickets");
        std::fs::write(&path, format!("{HEX}\n{OTHER}\n")).unwrap();
        assert_eq!(
            read(&path, Kinds::Regular)
                .unwrap_or(Secrets(Vec::new()))
                .0
                .len(),
            2
        );
        std::fs::write(&path, "# later\n").unwrap();
        let error = read(&path, Kinds::Regular).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!(
                "ticket secrets file {} cannot be used: it holds no secret; make one: \
                 `openssl rand -hex 32`",
                path.display()
            )
        );
    }
}

//! `oneport cert ca`, `server`, `client` and `self-signed`.

use std::fs::File;
use std::path::{Path, PathBuf};

use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;

use super::args::{CaArgs, ClientArgs, NewKeyArgs, SelfSignedArgs, ServerArgs, Signs};
use super::authority::{Authority, Place};
use super::error::CertError;
use super::files::{self, Existing, NewFile, Secrecy, is_there, within};
use super::issue::{self, Leaf, Purpose};
use super::made::Made;
use super::names;
use super::{key::KeyType, next};

/// How long a CA that is made along the way is valid: long enough that trusting
/// it is done once.
const CA_DAYS: u16 = 3650;

/// Browsers refuse server certificates that are valid for longer.
const BROWSERS_DAYS: u16 = 398;

pub(super) fn ca(args: &CaArgs) -> Result<Made, CertError> {
    let place = Place::of(args.signs, &args.key.output.out);
    let mut job = Job::new(&args.key, &[place.key.clone(), place.cert.clone()])?;
    let kind = args.key.key_type;
    let authority = Authority::create(args.signs, args.name.as_deref(), args.days, kind)?;
    job.add_authority(args.signs, &place, &authority)?;
    next::ca(&mut job.made, args, &place.cert);
    job.done()
}

pub(super) fn server(args: &ServerArgs) -> Result<Made, CertError> {
    let [key_path, cert_path] = pair(&args.key.output.out, "server");
    let mut job = Job::new(&args.key, &[key_path.clone(), cert_path.clone()])?;
    let place = Place::given(Signs::Servers, &args.key.output.out, &args.signer);
    let authority = job.authority(Signs::Servers, &place)?;
    let names = names::with_loopback(&args.hosts.names);
    let leaf = Leaf {
        common_name: &names::subject(&args.hosts.names),
        names: &names,
        purpose: Purpose::Server,
        days: args.hosts.days,
        rsa: args.key.key_type.is_rsa(),
    };
    let key = args.key.key_type.generate()?;
    let certificate = leaf.signed_by(&authority, &key)?;
    job.add_key(&key_path, "private key of the server", &key);
    // The CA's too: that is how servers send it, and what `openssl verify` and
    // people look for in a chain file.
    let chain = [certificate, authority.certificate.clone()];
    let what = "certificate of the server, then the CA's";
    job.add_certificate(&cert_path, what, &chain)?;
    job.note_limits(args.hosts.days, &authority);
    next::server(&mut job.made, &cert_path, &key_path, &place.cert);
    job.done()
}

pub(super) fn self_signed(args: &SelfSignedArgs) -> Result<Made, CertError> {
    let [key_path, cert_path] = pair(&args.key.output.out, "serverSS");
    let mut job = Job::new(&args.key, &[key_path.clone(), cert_path.clone()])?;
    let names = names::with_loopback(&args.hosts.names);
    let leaf = Leaf {
        common_name: &names::subject(&args.hosts.names),
        names: &names,
        purpose: Purpose::Server,
        days: args.hosts.days,
        rsa: args.key.key_type.is_rsa(),
    };
    let key = args.key.key_type.generate()?;
    let certificate = leaf.self_signed(&key)?;
    job.add_key(&key_path, "private key of the server", &key);
    job.add_certificate(&cert_path, "self-signed certificate", &[certificate])?;
    job.note_browsers(args.hosts.days);
    job.made.notes.push(
        "Clients must be given this very certificate, and anew whenever it is replaced. With \
         `oneport cert server` they trust a CA once."
            .to_owned(),
    );
    next::server(&mut job.made, &cert_path, &key_path, &cert_path);
    job.done()
}

pub(super) fn client(args: &ClientArgs) -> Result<Made, CertError> {
    let dir = &args.key.output.out;
    let paths: Vec<_> = args.names.iter().map(|name| pair(dir, name)).collect();
    if let Some(name) = names_file_twice(&args.names) {
        return Err(CertError::Usage(format!(
            "{name} is named twice: each client has files of its own"
        )));
    }
    let mut job = Job::new(&args.key, paths.as_flattened())?;
    let place = Place::given(Signs::Clients, dir, &args.signer);
    let authority = job.authority(Signs::Clients, &place)?;
    for (name, [key_path, cert_path]) in args.names.iter().zip(&paths) {
        let leaf = Leaf {
            common_name: name,
            names: &args.alternative_names,
            purpose: Purpose::Client,
            days: args.days,
            rsa: args.key.key_type.is_rsa(),
        };
        let key = args.key.key_type.generate()?;
        let certificate = leaf.signed_by(&authority, &key)?;
        job.add_key(key_path, &format!("private key of {name}"), &key);
        let what = format!("certificate of {name}");
        job.add_certificate(cert_path, &what, &[certificate])?;
    }
    job.note_ca_end(args.days, &authority);
    next::client(&mut job.made, &paths, &place.cert, dir);
    job.done()
}

/// What is being made. Nothing is written before [`Job::done`].
#[derive(Debug)]
struct Job<'a> {
    args: &'a NewKeyArgs,
    existing: Existing,
    files: Vec<NewFile>,
    made: Made,
    /// Of two commands at the same moment, one could sign with a CA that the
    /// other makes and takes back.
    _lock: Option<File>,
}

impl<'a> Job<'a> {
    fn new(args: &'a NewKeyArgs, targets: &[PathBuf]) -> Result<Self, CertError> {
        let existing = match args.force {
            true => Existing::SetAside,
            false => Existing::Keep,
        };
        files::check(targets, existing)?;
        let lock = files::open_dir(&args.output.out)?;
        Ok(Self {
            args,
            existing,
            files: Vec::new(),
            made: Made::default(),
            _lock: lock,
        })
    }

    /// The CA that is there, or a new one where there is none and none was named.
    fn authority(&mut self, signs: Signs, place: &Place) -> Result<Authority, CertError> {
        let half = |present: &Path, missing: &Path| CertError::HalfCa {
            present: present.into(),
            missing: missing.into(),
        };
        match (is_there(&place.cert), is_there(&place.key)) {
            (false, false) if !place.named => {
                let authority = Authority::create(signs, None, CA_DAYS, self.args.key_type)?;
                self.add_authority(signs, place, &authority)?;
                let cert = place.cert.display();
                self.made.notes.push(format!(
                    "There was no CA ({cert}), so one was made. It signs the next ones too."
                ));
                Ok(authority)
            }
            (true, false) => Err(half(&place.cert, &place.key)),
            (false, true) if !place.named => Err(half(&place.key, &place.cert)),
            _ => Authority::read(place),
        }
    }

    fn add_authority(
        &mut self,
        signs: Signs,
        place: &Place,
        authority: &Authority,
    ) -> Result<(), CertError> {
        let (key, certificate) = match signs {
            Signs::Clients => (
                "private key of the client CA: whoever has it can pose as any client",
                "certificate of the client CA, for the server's --client-ca",
            ),
            Signs::Servers => (
                "private key of the CA: whoever has it can pose as any site to those who trust it",
                "certificate of the CA, for clients to trust",
            ),
        };
        self.add_key(&place.key, key, authority.issuer.key());
        let chain = [authority.certificate.clone()];
        self.add_certificate(&place.cert, certificate, &chain)
    }

    fn add_key(&mut self, path: &Path, what: &str, key: &KeyPair) {
        let kind = self.args.key_type.words();
        self.made.file(path, format!("{what} ({kind})"));
        self.files.push(NewFile {
            path: path.into(),
            secrecy: Secrecy::Private,
            content: issue::pem("PRIVATE KEY", &[key.serialized_der()]),
        });
    }

    fn add_certificate(
        &mut self,
        path: &Path,
        what: &str,
        chain: &[CertificateDer<'static>],
    ) -> Result<(), CertError> {
        if let Some(own) = chain.first() {
            self.made.certificate(path, what, issue::summary(own)?);
        }
        let ders: Vec<&[u8]> = chain.iter().map(|certificate| &certificate[..]).collect();
        self.files.push(NewFile {
            path: path.into(),
            secrecy: Secrecy::Public,
            content: issue::pem("CERTIFICATE", &ders),
        });
        Ok(())
    }

    fn note_limits(&mut self, days: u16, authority: &Authority) {
        self.note_browsers(days);
        self.note_ca_end(days, authority);
    }

    fn note_browsers(&mut self, days: u16) {
        if days > BROWSERS_DAYS {
            self.made.notes.push(format!(
                "Some browsers refuse a server certificate that is valid for more than \
                 {BROWSERS_DAYS} days."
            ));
        }
        if self.args.key_type == KeyType::Ed25519 {
            self.made.notes.push(
                "Browsers do not accept Ed25519 certificates; rustls, OpenSSL and Go do."
                    .to_owned(),
            );
        }
    }

    fn note_ca_end(&mut self, days: u16, authority: &Authority) {
        let end = authority.not_after;
        if authority.limit(days) == end {
            let day = end.date();
            self.made.notes.push(format!(
                "The CA is valid until {day}, and nothing that it signs is valid for longer."
            ));
        }
    }

    fn done(mut self) -> Result<Made, CertError> {
        let kept = files::write_all(&self.files, self.existing)?;
        let notes = kept.iter().map(|(path, old)| {
            let (path, old) = (path.display(), old.display());
            format!("What was {path} is now {old}.")
        });
        self.made.notes.extend(notes);
        Ok(self.made)
    }
}

/// Key and certificate.
fn pair(dir: &Path, name: &str) -> [PathBuf; 2] {
    ["key", "crt"].map(|extension| within(dir, &format!("{name}.{extension}")))
}

/// Also where only the case differs, which some file systems do not see.
fn names_file_twice(names: &[String]) -> Option<&String> {
    let lower = |name: &String| name.to_lowercase();
    let mut rest = names.iter().enumerate();
    rest.find(|(at, name)| names[..*at].iter().any(|other| lower(other) == lower(name)))
        .map(|(_, name)| name)
}

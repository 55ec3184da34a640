//! The arguments of `oneport cert`.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::key::KeyType;
use super::names::{self, Name};
use super::show::Target;

#[derive(Args, Debug)]
pub(crate) struct CertArgs {
    #[command(subcommand)]
    pub(super) command: CertCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum CertCommand {
    /// Make a CA: ca.key and ca.crt, or with --for clients ca4clients.key and ca4clients.crt
    Ca(CaArgs),
    /// Make a client certificate: client1.key and client1.crt, signed by ca4clients
    Client(ClientArgs),
    /// Revoke client certificates, or renew the list of revoked ones: ca4clients.crl
    Crl(CrlArgs),
    /// Make a certificate that is its own CA: serverSS.key and serverSS.crt
    SelfSigned(SelfSignedArgs),
    /// Make a server certificate: server.key and server.crt, signed by ca
    Server(ServerArgs),
    /// Show the certificates of a file or of a running server, and what is wrong with them
    Show(ShowArgs),
}

#[derive(Args, Debug)]
pub(super) struct OutputArgs {
    /// Where the files are made, and where the CA's are looked for. Made when missing
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub(super) out: PathBuf,

    /// Print what was made as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct NewKeyArgs {
    /// Of which kind the new keys are. Browsers take no ed25519
    #[arg(long, value_enum, value_name = "TYPE", default_value = "ecdsa-p256")]
    pub(super) key_type: KeyType,

    /// Replace files that are there. They are kept as .old
    #[arg(long)]
    pub(super) force: bool,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Args, Debug)]
pub(super) struct SignerArgs {
    /// The CA's certificate [default: ca.crt in --out, for clients ca4clients.crt;
    /// made when there is none]
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,

    /// The CA's private key [default: as --ca, with .key]
    #[arg(long, value_name = "FILE")]
    pub(super) ca_key: Option<PathBuf>,
}

/// Whose certificates a CA signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Signs {
    /// Client certificates: for `oneport --client-ca`
    Clients,
    /// Server certificates: for the clients' trust
    Servers,
}

#[derive(Args, Debug)]
pub(super) struct CaArgs {
    /// Whose certificates it is to sign. Two CAs, so that no server can pose as a client
    #[arg(
        long = "for",
        value_enum,
        value_name = "WHOM",
        default_value = "servers"
    )]
    pub(super) signs: Signs,

    /// The CA's name (CN) [default: oneport CA, or oneport client CA, and a number]
    #[arg(long, value_name = "CN", value_parser = names::common_name)]
    pub(super) name: Option<String>,

    /// How long it is valid
    #[arg(
        long,
        default_value_t = 3650,
        value_parser = clap::value_parser!(u16).range(1..=36_500)
    )]
    pub(super) days: u16,

    #[command(flatten)]
    pub(super) key: NewKeyArgs,
}

#[derive(Args, Debug)]
pub(super) struct HostArgs {
    /// Host names (*.example.com too) and IP addresses that the certificate is for, besides
    /// localhost, 127.0.0.1 and ::1
    #[arg(value_name = "NAME", value_parser = names::server_name)]
    pub(super) names: Vec<Name>,

    /// How long it is valid. Browsers refuse more than 398
    #[arg(
        long,
        default_value_t = 397,
        value_parser = clap::value_parser!(u16).range(1..=36_500)
    )]
    pub(super) days: u16,
}

#[derive(Args, Debug)]
pub(super) struct ServerArgs {
    #[command(flatten)]
    pub(super) hosts: HostArgs,

    #[command(flatten)]
    pub(super) signer: SignerArgs,

    #[command(flatten)]
    pub(super) key: NewKeyArgs,
}

#[derive(Args, Debug)]
pub(super) struct SelfSignedArgs {
    #[command(flatten)]
    pub(super) hosts: HostArgs,

    #[command(flatten)]
    pub(super) key: NewKeyArgs,
}

#[derive(Args, Debug)]
pub(super) struct ClientArgs {
    /// Names of the clients, which are the names of their files too: NAME.key and NAME.crt
    #[arg(value_name = "NAME", default_value = "client1", value_parser = names::client)]
    pub(super) names: Vec<String>,

    /// An alternative name in each of the certificates: a host name, an IP address, an
    /// email address or a URI. May be repeated
    #[arg(
        long = "san",
        value_name = "NAME",
        action = ArgAction::Append,
        value_parser = names::alternative_name
    )]
    pub(super) alternative_names: Vec<Name>,

    /// How long they are valid
    #[arg(
        long,
        default_value_t = 397,
        value_parser = clap::value_parser!(u16).range(1..=36_500)
    )]
    pub(super) days: u16,

    #[command(flatten)]
    pub(super) signer: SignerArgs,

    #[command(flatten)]
    pub(super) key: NewKeyArgs,
}

#[derive(Args, Debug)]
pub(super) struct CrlArgs {
    /// A certificate to revoke: its file, or its serial number in hexadecimal. May be
    /// repeated. Without it the list is renewed as it is
    #[arg(long, value_name = "FILE|SERIAL", action = ArgAction::Append)]
    pub(super) revoke: Vec<String>,

    /// In how many days the next list is due. nginx and OpenSSL refuse every client after that, oneport warns
    #[arg(
        long,
        default_value_t = 30,
        value_parser = clap::value_parser!(u16).range(1..=3650)
    )]
    pub(super) days: u16,

    /// The list, which is read if it is there, and replaced [default: as --ca, with .crl]
    #[arg(long, value_name = "FILE")]
    pub(super) crl: Option<PathBuf>,

    /// The certificate of the CA that signed the certificates
    /// [default: ca4clients.crt in --out]
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,

    /// The CA's private key [default: as --ca, with .key]
    #[arg(long, value_name = "FILE")]
    pub(super) ca_key: Option<PathBuf>,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// A file (certificates, a private key, a list of revoked certificates; - is standard
    /// input), or the address of a server
    #[arg(value_name = "FILE|HOST:PORT")]
    pub(super) target: Target,

    /// The name to ask the server for (SNI) [default: HOST]
    #[arg(long, value_name = "NAME", value_parser = names::asked)]
    pub(super) server_name: Option<String>,

    /// Print it as JSON
    #[arg(long)]
    pub(super) json: bool,
}

//! What is printed at the start: what is on, where, with which certificate,
//! and how to try it.

mod host;
mod json;

use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::SystemTime;

use crate::args::{ClientArgs, ServeArgs, TlsMin};
use crate::certificate::Certificates;
use crate::log::LogFormat;
use crate::port_policy::PortPolicy;
use crate::self_check;
use crate::used::Used;
use crate::workers::Workers;
use host::{bracketed, host};

/// The start-up report. Displays as text for people.
pub(crate) struct Startup<'a> {
    bound: SocketAddr,
    policy: &'a PortPolicy,
    certificates: Option<&'a Certificates>,
    clients: &'a ClientArgs,
    workers: Option<Workers>,
    tls_min: TlsMin,
    /// Files are served, not the built-in application.
    root: Option<&'a Path>,
    /// What to put into a URL: a name the certificate is for, if there is one.
    host: String,
    /// Where this machine's own clients find the listener.
    reachable: IpAddr,
}

impl<'a> Startup<'a> {
    pub(crate) fn new(
        args: &'a ServeArgs,
        bound: SocketAddr,
        policy: &'a PortPolicy,
        certificates: Option<&'a Certificates>,
    ) -> Self {
        let names = certificates.map(Certificates::names);
        let reachable = match bound.ip().to_canonical() {
            // `[::]` takes IPv4 too.
            ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self {
            bound,
            policy,
            certificates,
            clients: &args.clients,
            workers: args.workers,
            tls_min: args.tls.tls_min,
            root: args.root.as_deref(),
            host: host(reachable, names.as_deref()),
            reachable,
        }
    }

    /// Writes it to stdout, as text or as one line of JSON. A closed stdout is
    /// no error: the server serves all the same.
    pub(crate) fn print(&self, format: LogFormat) {
        let report = match format {
            LogFormat::Text => self.to_string(),
            LogFormat::Json => format!("{}\n", self.json()),
        };
        let mut stdout = io::stdout().lock();
        let _ = stdout
            .write_all(report.as_bytes())
            .and_then(|()| stdout.flush());
    }

    /// For whoever has the log and not the report.
    pub(crate) fn log(&self) {
        let tls = match self.policy.serves_tls() {
            true => self.tls_versions().join(", "),
            false => "none".to_owned(),
        };
        let checked = self.certificates.and_then(|it| it.checked.as_ref());
        tracing::info!(
            address = %self.bound,
            tls,
            plaintext = self.policy.to_string(),
            client_certificates = self.client_certificate(),
            self_check = checked.map(self_check::verdict),
            workers = self.workers.map(Workers::count),
            "listening"
        );
    }

    fn tls_versions(&self) -> &'static [&'static str] {
        match self.tls_min {
            TlsMin::Tls12 => &["TLS 1.3", "TLS 1.2"],
            TlsMin::Tls13 => &["TLS 1.3"],
        }
    }

    /// What is asked of TLS clients.
    fn client_certificate(&self) -> &'static str {
        match (self.clients.are_asked(), self.clients.are_required()) {
            (false, _) => "none",
            (true, false) => "optional",
            (true, true) => "required",
        }
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}:{}/", self.host, self.bound.port())
    }

    /// Whether a client on this machine is served over plaintext.
    fn serves_plaintext_here(&self) -> bool {
        let peer = SocketAddr::new(self.reachable, 0);
        self.policy.serves_plaintext_to(peer.into())
    }

    /// A command that works when it is pasted.
    fn curl(&self, scheme: &str, option: &str) -> String {
        // Leads a name of the certificate here, whatever DNS says.
        let resolve = match self.host.parse::<IpAddr>() {
            _ if self.host == "localhost" || self.host.starts_with('[') => String::new(),
            Ok(_) => String::new(),
            Err(_) => {
                let ip = bracketed(self.reachable);
                format!("--resolve {}:{}:{ip} ", self.host, self.bound.port())
            }
        };
        let path = if self.root.is_none() { "whoami" } else { "" };
        format!("curl {option}{resolve}{}{path}", self.url(scheme))
    }

    fn write_schemes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (https, http) = (self.url("https"), self.url("http"));
        let width = https.len();
        let (wss, ws) = match self.root {
            None => (", WebSocket (wss)", ", WebSocket (ws)"),
            Some(_) => ("", ""),
        };
        if self.policy.serves_tls() {
            let whom = match self.client_certificate() {
                "required" => "; only for clients with a certificate",
                "optional" => "; clients may have a certificate",
                _ => "",
            };
            let versions = self.tls_versions().join(", ");
            writeln!(f, "  {https}  {versions}: HTTP/2, HTTP/1.1{wss}{whom}")?;
        }
        write!(f, "  {http:width$}  ")?;
        let plaintext = format!("plaintext for {}: HTTP/2 (h2c), HTTP/1.1{ws}", self.policy);
        match self.policy.plaintext_for_some() {
            false if self.clients.are_required() => writeln!(f, "plaintext is told to use TLS"),
            false => writeln!(
                f,
                "plaintext is told to use TLS (--allow-plaintext serves it)"
            ),
            true => writeln!(f, "{plaintext}"),
        }?;
        if !self.policy.serves_tls() {
            writeln!(
                f,
                "  {https}  TLS is told to use plaintext (--plaintext-only is on)"
            )?;
        }
        match self.root {
            Some(root) => writeln!(f, "  serving the files in {}", root.display()),
            None => Ok(()),
        }
    }

    fn write_certificates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(certificates) = self.certificates else {
            return Ok(());
        };
        let kind = match certificates.are_development() {
            true => " (made here, for development)",
            false => "",
        };
        if !certificates.domains.is_empty() {
            writeln!(f, "  from a CA    {}", certificates.domains.join(", "))?;
            if certificates.used.is_empty() {
                writeln!(
                    f,
                    "  certificate  none yet: it is obtained now, the log says how that goes\n"
                )?;
            }
        }
        for Used { summary, cert, .. } in &certificates.used {
            writeln!(f, "  certificate  {}{kind}", summary.subject)?;
            writeln!(f, "  issued by    {}", summary.issuer)?;
            writeln!(f, "  names        {}", summary.names.join(", "))?;
            let day = summary.expires_on();
            let left = match summary.days_left(SystemTime::now()) {
                days @ 0.. => format!("in {days} days"),
                _ => "it has expired".to_owned(),
            };
            writeln!(f, "  expires      {day} ({left})")?;
            writeln!(f, "  sha256       {}", summary.sha256)?;
            writeln!(f, "  file         {}\n", cert.display())?;
        }
        match &certificates.checked {
            Some(checked) => writeln!(f, "  self-check   {}\n", self_check::lines(checked)),
            None => Ok(()),
        }
    }

    fn write_commands(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  Try it:\n")?;
        let served = self.certificates.filter(|_| self.policy.serves_tls());
        let Some(certificates) = served else {
            writeln!(f, "    {}", self.curl("http", ""))?;
            return writeln!(f, "    {}\n", self.curl("http", "--http2-prior-knowledge "));
        };
        let own = match self.clients.are_required() {
            true => "--cert CLIENT.crt --key CLIENT.key ",
            false => "",
        };
        let trust = match &certificates.trust {
            Some(trust) => format!("{own}--cacert {} ", quoted(trust)),
            None => own.to_owned(),
        };
        writeln!(f, "    {}", self.curl("https", &trust))?;
        writeln!(f, "    {}\n", self.curl("http", ""))?;
        match self.serves_plaintext_here() {
            true => Ok(()),
            false => writeln!(f, "  (The second one is told to use https://.)\n"),
        }
    }
}

impl fmt::Display for Startup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = env!("CARGO_PKG_VERSION");
        writeln!(f, "oneport {version} listens on {}\n", self.bound)?;
        self.write_schemes(f)?;
        writeln!(f)?;
        self.write_certificates(f)?;
        self.write_commands(f)
    }
}

/// As one word of a POSIX shell.
pub(crate) fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-+:@%,".contains(character);
    match path.chars().all(plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell() {
        for (path, word) in [
            ("/a/b-1.pem", "/a/b-1.pem"),
            ("/a b/c", "'/a b/c'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}

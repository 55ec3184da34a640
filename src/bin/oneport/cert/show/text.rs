//! Certificates, keys and lists as text for people.

use std::fmt;

use super::Shown;
use super::certificate::{Certificate, moment};
use super::hello::Greeting;
use super::revoked::Revoked;

/// More of a list is for machines.
const MOST_ENTRIES: usize = 50;

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.name)?;
        if let Some(server) = &self.server {
            write_server(f, server)?;
        }
        for (at, certificate) in self.certificates.iter().enumerate() {
            write_certificate(f, at + 1, certificate)?;
        }
        for key in &self.keys {
            writeln!(f, "   {}\n", key.words)?;
        }
        for list in &self.lists {
            write_list(f, list)?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        match &self.problems[..] {
            [] => writeln!(f, "No problem found."),
            problems => {
                writeln!(f, "Problems:")?;
                problems
                    .iter()
                    .try_for_each(|problem| writeln!(f, "  * {problem}"))
            }
        }
    }
}

fn write_server(f: &mut fmt::Formatter<'_>, server: &Greeting) -> fmt::Result {
    line(f, "TLS", &server.version)?;
    line(f, "ALPN", server.alpn.as_deref().unwrap_or("none"))?;
    match server.client_cas.as_deref() {
        None => {}
        Some([]) => line(f, "clients", "are asked for a certificate")?,
        Some(cas) => {
            let cas = cas.join("; ");
            line(
                f,
                "clients",
                &format!("are asked for a certificate by {cas}"),
            )?;
        }
    }
    if let Some(end) = &server.end {
        line(f, "ended", end)?;
    }
    writeln!(f)
}

fn write_certificate(f: &mut fmt::Formatter<'_>, at: usize, one: &Certificate) -> fmt::Result {
    let summary = &one.summary;
    let kind = match (summary.is_ca, one.self_issued) {
        (true, true) => "a CA, root",
        (true, false) => "a CA, signed by another",
        (false, true) => "self-signed",
        (false, false) => "a server's or client's own",
    };
    let subject = match summary.subject.is_empty() {
        true => "no subject",
        false => &summary.subject,
    };
    writeln!(f, "{at}  {subject}  ({kind})")?;
    let names = one.names();
    if !names.is_empty() {
        line(f, "names", &names.join(", "))?;
    }
    line(f, "issuer", &summary.issuer)?;
    let left = match one.days_left {
        days @ 0.. => format!("{days} days left"),
        days => format!("expired {} days ago", -days),
    };
    let (from, to) = (moment(one.not_before), moment(one.not_after));
    line(f, "valid", &format!("{from} to {to}, {left}"))?;
    if summary.version != 3 {
        line(f, "version", &format!("{} (of 3)", summary.version))?;
    }
    line(f, "serial", &summary.serial)?;
    line(f, "key", &one.key.words)?;
    line(f, "signature", &one.signature.words)?;
    if !one.usages.is_empty() {
        line(f, "key usage", &one.usages.join(", "))?;
    }
    if let Some(purposes) = &one.purposes {
        line(f, "purposes", &purposes.join(", "))?;
    }
    if let Some(length) = one.path_length {
        line(f, "CAs below", &format!("at most {length}"))?;
    }
    line(f, "SHA-256", &summary.sha256)?;
    writeln!(f)
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &Revoked) -> fmt::Result {
    writeln!(f, "   certificates that {} has revoked\n", list.issuer)?;
    if let Some(number) = &list.number {
        line(f, "number", number)?;
    }
    line(f, "made", &moment(list.this_update))?;
    let due = list.next_update.map(moment);
    line(f, "next due", due.as_deref().unwrap_or("never"))?;
    line(f, "revoked", &list.entries.len().to_string())?;
    for entry in list.entries.iter().take(MOST_ENTRIES) {
        let reason = entry.reason.as_deref();
        let reason = reason
            .map(|reason| format!(", {reason}"))
            .unwrap_or_default();
        let text = format!("{} on {}{reason}", entry.serial, moment(entry.date));
        line(f, "", &text)?;
    }
    if list.entries.len() > MOST_ENTRIES {
        line(f, "", "and more (--json shows all)")?;
    }
    writeln!(f)
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    writeln!(f, "   {name:9}  {value}")
}

//! Versions of TLS and of HTTP that a client is offered.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod log_capture;
mod support;

use authority::{Authority, Folder};
use caller::{Setup, s_client, serve};
use log_capture::Log;
use oneport::Mode;
use oneport::tls::MinimumVersion;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, ProtocolVersion};

fn site() -> (Folder, Authority) {
    let (folder, ca) = (Folder::new(), Authority::new("servers"));
    folder.write("ca.crt", &ca.pem);
    folder.put("server", &ca.server(1));
    (folder, ca)
}

/// The two commands by which it is tried out.
#[tokio::test]
async fn the_minimum_is_kept() {
    let (log, _guard) = Log::capture();
    let (folder, ca) = site();
    let trusted = folder.argument("ca.crt");
    for (minimum, old_works) in [
        (None, true),
        (Some(MinimumVersion::Tls12), true),
        (Some(MinimumVersion::Tls13), false),
    ] {
        let files = folder.server_files();
        let files = match minimum {
            Some(minimum) => files.minimum_version(minimum),
            None => files,
        };
        let server = serve(&files.load().unwrap(), Mode::Dual).await;
        for (version, works) in [("-tls1_3", true), ("-tls1_2", old_works)] {
            let options = [
                version,
                "-servername",
                "localhost",
                "-verify_return_error",
                "-verify_hostname",
                "localhost",
                "-CAfile",
                &trusted,
            ];
            let printed = s_client(server.addr, &options).await;
            let says = match works {
                true => "tls HTTP/1.1 GET",
                false => "alert protocol version",
            };
            assert!(printed.contains(says), "{minimum:?} {version}: {printed}");
        }
        let old = Setup::trusting(&ca).speaking(&TLS12).caller();
        match old_works {
            true => drop(old.call(server.addr).await.unwrap().served()),
            false => assert_eq!(
                old.refused(server.addr).await,
                AlertDescription::ProtocolVersion
            ),
        }
        let new = Setup::trusting(&ca).speaking(&TLS13).caller();
        new.call(server.addr).await.unwrap().served();
        let both = Setup::trusting(&ca).caller();
        let call = both.call(server.addr).await.unwrap().served();
        assert_eq!(call.version, ProtocolVersion::TLSv1_3);
    }
    let lines = log.lines_with("handshake");
    assert!(!lines.is_empty());
    for line in lines {
        let remedy = "remedy=\"the client offers only obsolete versions";
        assert!(line.contains(remedy), "{line}");
    }
}

/// A reload that raises the minimum does not resume what is older.
#[tokio::test]
async fn sessions_of_older_versions_end_with_them() {
    let (folder, ca) = site();
    let tls = folder.server_files().load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let old = Setup::trusting(&ca).speaking(&TLS12).caller();
    old.call(server.addr).await.unwrap().served();
    assert!(old.call(server.addr).await.unwrap().served().resumed);
    let files = folder.server_files();
    let files = files.minimum_version(MinimumVersion::Tls13);
    files.reload(&tls).unwrap();
    let alert = old.refused(server.addr).await;
    assert_eq!(alert, AlertDescription::ProtocolVersion);
}

#[tokio::test]
async fn alpn_is_chosen_by_the_server() {
    let (folder, ca) = site();
    let server = serve(&folder.server_files().load().unwrap(), Mode::Dual).await;
    for (offered, chosen) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&["http/1.0"], Some("http/1.0")),
        (&["acme-tls/1", "http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        for version in [&TLS12, &TLS13] {
            let setup = Setup::trusting(&ca).offering(offered).speaking(version);
            let tls = setup.caller().connect("localhost", server.addr).await;
            let tls = tls.unwrap();
            let alpn = tls.get_ref().1.alpn_protocol();
            assert_eq!(alpn, chosen.map(str::as_bytes), "{offered:?}");
        }
    }
    let nothing = Setup::trusting(&ca).offering(&["smtp"]).caller();
    let alert = nothing.refused(server.addr).await;
    assert_eq!(alert, AlertDescription::NoApplicationProtocol);
    for (options, says) in [
        (&["-alpn", "h2,http/1.1"][..], "ALPN protocol: h2"),
        (&["-alpn", "http/1.1"], "ALPN protocol: http/1.1"),
        (&[], "No ALPN negotiated"),
    ] {
        let printed = s_client(server.addr, options).await;
        assert!(printed.contains(says), "{options:?}: {printed}");
    }
}

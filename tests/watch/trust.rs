//! The files of client trust.

use std::fs;
use std::time::Duration;

use oneport::tls::ClientAuth;
use rustls::AlertDescription;

use crate::Watched;
use crate::authority::{Authority, Folder, Issued};
use crate::caller::{Caller, Setup};
use crate::support::within;

/// Everything that decides who is served, revocation above all.
#[tokio::test]
async fn files_of_client_trust_are_watched_too() {
    let (one, two) = (Authority::new("first"), Authority::new("second"));
    let lay = |folder: &Folder, issued: &Issued| {
        folder.put("server", issued);
        folder.write("clients.crt", &one.pem);
        folder.write("clients.crl", one.crl(&[]) + &two.crl(&[]));
    };
    let files = |folder: &Folder| {
        let optional = ClientAuth::Optional;
        let files = folder.server_files().client_auth(optional);
        let files = files.client_ca(folder.path("clients.crt"));
        files.client_crl(folder.path("clients.crl"))
    };
    let watched = Watched::new(lay, files).await;
    let addr = watched.server.addr;
    let client = |ca: &Authority, serial| {
        let client = ca.issue(serial, &["client"]);
        Setup::trusting(&watched.ca).showing(&client).caller()
    };
    let becomes = async |caller: &Caller, alert: Option<AlertDescription>| {
        within(async {
            loop {
                let call = caller.call(addr).await;
                let now = match call {
                    Ok(call) => {
                        call.served();
                        None
                    }
                    Err(rustls::Error::AlertReceived(alert)) => Some(alert),
                    Err(error) => panic!("{error}"),
                };
                if now == alert {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    };
    let (first, second) = (client(&one, 7), client(&two, 8));
    becomes(&first, None).await;
    becomes(&second, Some(AlertDescription::UnknownCA)).await;

    let both = format!("{}{}", one.pem, two.pem);
    fs::write(watched.path("clients.crt"), both).unwrap();
    becomes(&second, None).await;
    let list = one.crl(&[7]) + &two.crl(&[]);
    fs::write(watched.path("clients.crl"), list).unwrap();
    becomes(&first, Some(AlertDescription::CertificateRevoked)).await;
    becomes(&second, None).await;
}

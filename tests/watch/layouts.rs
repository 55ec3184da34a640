//! Every way in which those who renew certificates change them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use oneport::tls::Files;

use crate::authority::{Folder, Issued};
use crate::{Watched, replace};

#[tokio::test]
async fn files_that_are_written_again() {
    let watched = Watched::plain().await;
    for serial in [2, 3] {
        watched.folder.put("server", &watched.ca.server(serial));
        watched.serves(serial).await;
    }
}

#[tokio::test]
async fn files_that_are_replaced() {
    let watched = Watched::plain().await;
    for serial in [2, 3] {
        let renewed = watched.ca.server(serial);
        replace(&watched.path("server.crt"), &renewed.pem);
        replace(&watched.path("server.key"), &renewed.key.serialize_pem());
        watched.serves(serial).await;
    }
}

/// `live/DOMAIN/fullchain.pem` is a link to
/// `../../archive/DOMAIN/fullchain1.pem`; a renewal writes the next numbers and
/// moves the links, one after the other.
#[tokio::test]
async fn as_certbot_does_it() {
    let archive = |folder: &Folder, issued: &Issued, number: u64| {
        let name = |kind| format!("archive/example.test/{kind}{number}.pem");
        folder.write(&name("fullchain"), &issued.pem);
        folder.write(&name("privkey"), issued.key.serialize_pem());
    };
    let link = |folder: &Folder, number: u64| {
        for kind in ["fullchain", "privkey"] {
            let link = folder.path(&format!("live/example.test/{kind}.pem"));
            // As certbot does it: for a moment there is none.
            let _ = fs::remove_file(&link);
            let target = format!("../../archive/example.test/{kind}{number}.pem");
            symlink(target, link).unwrap();
        }
    };
    let lay = |folder: &Folder, one: &Issued| {
        for directory in ["archive/example.test", "live/example.test"] {
            fs::create_dir_all(folder.path(directory)).unwrap();
        }
        archive(folder, one, 1);
        link(folder, 1);
    };
    let files = |folder: &Folder| {
        let live = folder.path("live/example.test");
        Files::new(live.join("fullchain.pem"), live.join("privkey.pem"))
    };
    let watched = Watched::new(lay, files).await;
    for serial in [2, 3] {
        archive(&watched.folder, &watched.ca.server(serial), serial);
        link(&watched.folder, serial);
        watched.serves(serial).await;
    }
    // What the links lead to may be written as well.
    archive(&watched.folder, &watched.ca.server(4), 3);
    watched.serves(4).await;
}

/// `tls.crt` is a link to `..data/tls.crt`, `..data` one to a directory with a
/// date, and swapped by a rename; then the old directory goes.
#[tokio::test]
async fn as_kubernetes_does_it() {
    let directory = |folder: &Folder, issued: &Issued, name: &str| {
        fs::create_dir(folder.path(name)).unwrap();
        folder.write(&format!("{name}/tls.crt"), &issued.pem);
        folder.write(&format!("{name}/tls.key"), issued.key.serialize_pem());
    };
    let lay = |folder: &Folder, one: &Issued| {
        directory(folder, one, "..2024_1");
        symlink("..2024_1", folder.path("..data")).unwrap();
        for name in ["tls.crt", "tls.key"] {
            symlink(format!("..data/{name}"), folder.path(name)).unwrap();
        }
    };
    let files = |folder: &Folder| Files::new(folder.path("tls.crt"), folder.path("tls.key"));
    let watched = Watched::new(lay, files).await;
    for serial in [2, 3, 4] {
        let (old, new) = (format!("..2024_{}", serial - 1), format!("..2024_{serial}"));
        directory(&watched.folder, &watched.ca.server(serial), &new);
        symlink(&new, watched.path("..data_tmp")).unwrap();
        fs::rename(watched.path("..data_tmp"), watched.path("..data")).unwrap();
        fs::remove_dir_all(watched.path(&old)).unwrap();
        watched.serves(serial).await;
    }
}

/// A link in the middle of the path, absolute at first.
#[tokio::test]
async fn a_link_to_a_directory() {
    let release = |folder: &Folder, issued: &Issued, name: &str| {
        fs::create_dir_all(folder.path(name)).unwrap();
        folder.write(&format!("{name}/server.crt"), &issued.pem);
        folder.write(&format!("{name}/server.key"), issued.key.serialize_pem());
    };
    let lay = |folder: &Folder, one: &Issued| {
        release(folder, one, "releases/1/tls");
        symlink(folder.path("releases/1"), folder.path("current")).unwrap();
    };
    let files = |folder: &Folder| {
        let tls = folder.path("current/tls");
        Files::new(tls.join("server.crt"), tls.join("server.key"))
    };
    let watched = Watched::new(lay, files).await;
    for serial in [2, 3] {
        let name = format!("releases/{serial}");
        let renewed = watched.ca.server(serial);
        release(&watched.folder, &renewed, &format!("{name}/tls"));
        relink(&name, &watched.path("current"));
        watched.serves(serial).await;
    }
    // And back to the first.
    relink("releases/1", &watched.path("current"));
    watched.serves(1).await;
}

/// A symbolic link, in the place of one that may be there.
fn relink(target: &str, link: &Path) {
    let new = link.with_extension("new");
    symlink(target, &new).unwrap();
    fs::rename(new, link).unwrap();
}

//! New files: all or none, whole or not at all, and none that was there is lost.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::CertError;

/// A file to be made.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) path: PathBuf,
    pub(super) secrecy: Secrecy,
    pub(super) content: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// For its owner only, from the moment it exists.
    Private,
    Public,
}

/// What becomes of a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced, and kept as `.old`.
    SetAside,
    /// It is replaced: the new one holds all that the old one did.
    Update,
}

/// `name` in `dir`, as people would write it.
pub(super) fn within(dir: &Path, name: &str) -> PathBuf {
    match dir == Path::new(".") {
        true => name.into(),
        false => dir.join(name),
    }
}

/// Whether anything has this name, a link to nowhere included.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Makes the directory if there is none, and keeps other processes from making
/// files in it until what is returned is dropped.
pub(super) fn open_dir(dir: &Path) -> Result<Option<File>, CertError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(failed(dir))?;
    lock(dir)
}

/// Waits until no other process has locked it.
// `File::lock` is from Rust 1.89. Certificates need more than the core of the
// crate anyway: `time` asks for 1.88.
#[allow(clippy::incompatible_msrv)]
pub(super) fn lock(path: &Path) -> Result<Option<File>, CertError> {
    let file = match File::open(path) {
        Ok(file) => file,
        // There are systems on which directories are not opened.
        Err(_) if path.is_dir() => return Ok(None),
        Err(error) => return Err(failed(path)(error)),
    };
    // Some network file systems have no locks. Two commands at the same moment
    // are not worth refusing to work there.
    Ok(file.lock().is_ok().then_some(file))
}

/// Before anything is made, for an answer that does not take the time of a key.
/// [`write_all`] does not rely on it.
pub(super) fn check(paths: &[PathBuf], existing: Existing) -> Result<(), CertError> {
    match paths.iter().find(|path| is_there(path)) {
        Some(path) if existing == Existing::Keep => Err(in_the_way(path)),
        _ => Ok(()),
    }
}

/// Makes all the files, or none of them. Returns where files that were there
/// are kept now, in pairs of old and new name.
pub(super) fn write_all(
    files: &[NewFile],
    existing: Existing,
) -> Result<Vec<(PathBuf, PathBuf)>, CertError> {
    let mut done = Transaction::default();
    for file in files {
        done.prepare(file).map_err(failed(&file.path))?;
    }
    for file in files {
        done.put(&file.path, existing).map_err(|error| {
            match error.kind() {
                // Somebody else has made it since `check`.
                io::ErrorKind::AlreadyExists => in_the_way(&file.path),
                _ => failed(&file.path)(error),
            }
        })?;
    }
    Ok(done.commit())
}

/// What has been done so far. Dropped before its `commit`, it is undone.
#[derive(Debug, Default)]
struct Transaction {
    /// Whole files under names that nobody looks at.
    temporary: Vec<PathBuf>,
    made: Vec<PathBuf>,
    set_aside: Vec<(PathBuf, PathBuf)>,
}

impl Transaction {
    fn prepare(&mut self, file: &NewFile) -> io::Result<()> {
        let temporary = temporary(&file.path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(
            &mut options,
            match file.secrecy {
                Secrecy::Private => 0o600,
                Secrecy::Public => 0o644,
            },
        );
        let mut opened = options.open(&temporary)?;
        self.temporary.push(temporary);
        opened.write_all(file.content.as_bytes())?;
        // Before it has its name, or a crash of the machine could leave an
        // empty file there.
        opened.sync_all()
    }

    fn put(&mut self, path: &Path, existing: Existing) -> io::Result<()> {
        let temporary = temporary(path);
        match existing {
            Existing::SetAside if is_there(path) => {
                self.set_aside.push((path.into(), set_aside(path)?));
                fs::rename(&temporary, path)
            }
            Existing::Keep | Existing::SetAside => {
                name(&temporary, path)?;
                self.made.push(path.into());
                Ok(())
            }
            Existing::Update => fs::rename(&temporary, path),
        }
    }

    fn commit(mut self) -> Vec<(PathBuf, PathBuf)> {
        self.made.clear();
        std::mem::take(&mut self.set_aside)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        for path in self.temporary.iter().chain(&self.made) {
            let _ = fs::remove_file(path);
        }
        for (path, old) in &self.set_aside {
            let _ = fs::rename(old, path);
        }
    }
}

/// Of this process, so that two of them do not write into one file.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

/// Gives a file its name, unless something has it.
fn name(temporary: &Path, path: &Path) -> io::Result<()> {
    // Unlike a rename, a link never replaces anything.
    match fs::hard_link(temporary, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // There are file systems without links. This too fails where
            // something is.
            OpenOptions::new().write(true).create_new(true).open(path)?;
            fs::rename(temporary, path)
        }
        linked => linked,
    }
}

/// A second name for a file that is about to be replaced.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 1;
    loop {
        let old = match number {
            1 => path.with_file_name(format!("{name}.old")),
            number => path.with_file_name(format!("{name}.old{number}")),
        };
        match fs::hard_link(path, &old) {
            Ok(()) => return Ok(old),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(_) if is_there(&old) => number += 1,
            // A file system without links.
            Err(_) => return fs::rename(path, &old).map(|()| old),
        }
    }
}

fn in_the_way(path: &Path) -> CertError {
    CertError::Exists {
        path: path.into(),
        remedy: "choose another directory (--out) or another name, or replace it: --force keeps \
                 the old file as .old"
            .to_owned(),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> CertError {
    move |source| CertError::Write {
        path: path.into(),
        source,
    }
}

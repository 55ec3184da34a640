//! Which directories a path depends on.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// As many as Linux follows (`path_resolution(7)`).
const LINKS_MOST: usize = 40;

/// The directories in which something changes when `path` comes to mean another
/// file: those of the file, and of each symbolic link on the way to it.
pub(super) fn directories(path: &Path) -> BTreeSet<PathBuf> {
    let mut directories = BTreeSet::new();
    let mut at = match path.is_absolute() {
        true => PathBuf::new(),
        false => std::env::current_dir().unwrap_or_default(),
    };
    let mut left: Vec<OsString> = steps(path);
    let mut links = 0;
    while let Some(step) = left.pop() {
        if step == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&step);
        match fs::read_link(&next) {
            Ok(target) if links < LINKS_MOST => {
                links += 1;
                directories.insert(at.clone());
                if target.is_absolute() {
                    at = PathBuf::new();
                }
                left.extend(steps(&target));
            }
            _ => {
                if left.is_empty() {
                    directories.insert(at.clone());
                }
                at = next;
            }
        }
    }
    directories
}

/// The components of a path, the first one last.
fn steps(path: &Path) -> Vec<OsString> {
    let components = path.components().filter(|it| *it != Component::CurDir);
    let mut steps: Vec<_> = components.map(|it| it.as_os_str().to_owned()).collect();
    steps.reverse();
    steps
}

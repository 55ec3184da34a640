//! What one file does that the map does not allow.

use std::collections::BTreeMap;

use super::source::{Path, paths, tokens, without_tests};
use super::{CRATES, DEEDS, IMPURE, LONGEST_FILE, MODULES, PURE, VALUES};

/// Lines for people: where it is, what is wrong, what to do.
pub(crate) fn faults(file: &str, text: &str, exports: &BTreeMap<String, String>) -> Vec<String> {
    let module = module_of(file);
    let mut found = Vec::new();
    if text.lines().count() > LONGEST_FILE {
        found.push((
            LONGEST_FILE + 1,
            format!(
                "longer than {LONGEST_FILE} lines: move the second concern to a file of its own"
            ),
        ));
    }
    match MODULES.iter().find(|(name, _)| *name == module) {
        Some((_, below)) => {
            let mut named = modules_named(file, text, exports);
            named.retain(|(_, name)| !contains(below, name));
            found.extend(named.into_iter().map(|(line, name)| {
                let remedy = "move the code, or add it to MODULES in tests/layers.rs";
                (
                    line,
                    format!("{module} names {name}, which is not below it: {remedy}"),
                )
            }));
        }
        // The binary stands on everything, lib.rs declares everything.
        None if ["bin", "lib"].contains(&module) => {}
        None => found.push((
            1,
            format!(
                "module {module} is not in MODULES in tests/layers.rs: say there what it names"
            ),
        )),
    }
    for path in paths(&without_tests(&tokens(text))) {
        found.extend(fault(module, &path).map(|what| (path.line, what)));
    }
    let line = |(line, what)| format!("src/{file}:{line}: {what}");
    found.into_iter().map(line).collect()
}

fn fault(module: &str, path: &Path) -> Option<String> {
    for (name, users) in CRATES {
        if path.words[0] == *name && path.words.len() > 1 && !contains(users, module) {
            let users = users.replace(' ', " and ");
            return Some(format!("{module} names {name}: only {users} may"));
        }
    }
    for (words, doers, instead) in DEEDS {
        let done = words.split_whitespace().find(|words| path.says(words));
        if let Some(word) = done.filter(|_| !contains(doers, module)) {
            return Some(format!("`{word}`: {instead}"));
        }
    }
    if VALUES.split_whitespace().any(|value| path.says(value)) {
        return None;
    }
    let word = IMPURE.split_whitespace().find(|words| path.says(words))?;
    let remedy = "let the caller wait, read or look, and pass it in";
    contains(PURE, module).then(|| format!("`{word}` in {module}, which is pure: {remedy}"))
}

/// The other modules of the library that a file names, and on which line.
pub(crate) fn modules_named(
    file: &str,
    text: &str,
    exports: &BTreeMap<String, String>,
) -> Vec<(usize, String)> {
    let module = module_of(file);
    // How many `super`s lead to the crate's root.
    let parts = file.split('/').count();
    let depth = if file.ends_with("/mod.rs") {
        parts - 1
    } else {
        parts
    };

    let mut named = Vec::new();
    for path in paths(&without_tests(&tokens(text))) {
        let supers = path
            .words
            .iter()
            .take_while(|word| *word == "super")
            .count();
        let words = match path.words[0].as_str() {
            "crate" => &path.words[1..],
            "super" if supers == depth => &path.words[supers..],
            _ => continue,
        };
        let Some(first) = words.first() else { continue };
        let first = first.trim_end_matches(['(', '!']);
        let first = exports.get(first).map_or(first, String::as_str);
        if first != module {
            named.push((path.line, first.to_owned()));
        }
    }
    named
}

/// `io` for `io.rs`, `io/mod.rs` and `io/read.rs`.
pub(crate) fn module_of(file: &str) -> &str {
    let end = file.find(['/', '.']).unwrap_or(file.len());
    &file[..end]
}

/// From each name that `lib.rs` re-exports to the module that it comes from.
pub(crate) fn exports(lib: &str) -> BTreeMap<String, String> {
    let is_module = |name: &String| MODULES.iter().any(|(module, _)| module == name);
    let mut exported = paths(&tokens(lib));
    exported.retain(|path| path.words.len() > 1 && is_module(&path.words[0]));
    let last_and_first = |path: Path| Some((path.words.last()?.clone(), path.words[0].clone()));
    exported.into_iter().filter_map(last_and_first).collect()
}

fn contains(list: &str, name: &str) -> bool {
    list.split_whitespace().any(|one| one == name)
}

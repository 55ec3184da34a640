//! SECURITY.md says what the code does: its table of defaults, hyper's settings,
//! and the tests that it names.
#![allow(clippy::unwrap_used)] // a test

use std::collections::BTreeMap;
use std::process::Command;

use oneport::Limits;

/// The rows of the table that begins with this heading, cell by cell.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string("SECURITY.md").unwrap();
    let (_, table) = text.split_once(heading).expect(heading);
    let rows: Vec<Vec<String>> = table
        .lines()
        .skip(1)
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().replace('`', "")).collect()
        })
        .collect();
    assert!(rows.len() > 5, "{heading}: {} rows", rows.len());
    rows
}

/// Field and value, as `Debug` has them.
fn defaults() -> BTreeMap<String, String> {
    let debug = format!("{:?}", Limits::default());
    let fields = debug.trim_start_matches("Limits { ").trim_end_matches(" }");
    let pairs = fields
        .split(", ")
        .map(|field| field.split_once(": ").expect("a field"));
    let shown = |value: &str| match value.strip_suffix('s') {
        Some(seconds) => format!("{seconds} s"),
        None => value.to_owned(),
    };
    pairs
        .map(|(name, value)| (name.to_owned(), shown(value)))
        .collect()
}

#[test]
fn the_defaults_are_those_of_the_code() {
    let oneport = Command::new(env!("CARGO_BIN_EXE_oneport"));
    let help = {
        let mut oneport = oneport;
        let output = oneport.args(["serve", "--help"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut defaults = defaults();
    for row in table("## Defaults") {
        let [field, flag, said, _why] = row.as_slice() else {
            panic!("four cells: {row:?}");
        };
        let value = defaults.remove(field).expect(field);
        match field.as_str() {
            // Of the machine.
            "connections" => assert_eq!(said, "10,000, or 80 % of the file descriptors"),
            "undecided" => assert_eq!(
                (said.as_str(), value.as_str()),
                ("a quarter of connections", "None")
            ),
            "per_address" => assert_eq!((said.as_str(), value.as_str()), ("none", "None")),
            _ => {
                let plain = said.replace(',', "");
                assert_eq!(
                    plain.strip_suffix(" bytes").unwrap_or(&plain),
                    value,
                    "{field}"
                );
            }
        }
        if flag == "-" {
            continue;
        }
        let (_, described) = help.split_once(&format!("{flag} <")).expect(flag);
        if let Some(seconds) = value.strip_suffix(" s") {
            // Whatever comes first: the next flag's default is another's.
            let (_, default) = described.split_once("[default: ").expect(flag);
            assert!(
                default.starts_with(&format!("{seconds}]")),
                "{flag}: {default:.20}"
            );
        }
    }
    assert!(defaults.is_empty(), "not in SECURITY.md: {defaults:?}");
}

#[test]
fn hypers_settings_are_those_of_the_code() {
    let code = std::fs::read_to_string("src/serve/http.rs").unwrap();
    for row in table("### What hyper is told") {
        let [setting, said, _why] = row.as_slice() else {
            panic!("three cells: {row:?}");
        };
        let expected = match said.split_once(' ') {
            Some((n, "KiB")) => format!("{n} * 1024"),
            Some((n, "MiB")) => format!("{n} * 1024 * 1024"),
            Some((n, "s")) => format!("Duration::from_secs({n})"),
            _ => said.clone(),
        };
        let call = format!(".{setting}({expected})");
        assert!(code.contains(&call), "no {call} in src/serve/http.rs");
    }
}

/// `file.rs::function`, wherever it stands in backticks.
#[test]
fn the_tests_that_are_named_exist() {
    let text = std::fs::read_to_string("SECURITY.md").unwrap();
    let named: Vec<_> = text
        .split('`')
        .filter_map(|word| word.split_once(".rs::"))
        .collect();
    assert!(named.len() > 15, "only {} tests are named", named.len());
    for (file, function) in named {
        let path = format!("{file}.rs");
        let code = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(
            code.contains(&format!("fn {function}(")),
            "{path} has no {function}"
        );
    }
}

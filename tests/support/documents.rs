//! How the documents are read: the pages in Markdown with their blocks, the examples of manual pages, the commands in both.

use savehub::config::{Config, from_text};
use std::fs;
use std::path::Path;

/// A page in Markdown.
pub struct Page {
    /// Its path in the project, such as `docs/operating.md`.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// Every page for people: README, CONTRIBUTING, CHANGELOG, and what stands beside what it is about.
pub fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for dir in ["", "benches/", "docs/", "packaging/"] {
        for entry in fs::read_dir(root.join(dir)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{dir}{}", path.file_name().unwrap().to_str().unwrap());
            if path.extension().is_some_and(|kind| kind == "md") {
                pages.push(Page { text: fs::read_to_string(path).unwrap(), name });
            }
        }
    }
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(pages.len() > 10, "only {} pages were found", pages.len());
    pages
}

/// The page of this name.
#[track_caller]
pub fn page(name: &str) -> String {
    pages().into_iter().find(|page| page.name == name).expect(name).text
}

/// A section of a page: to the next heading of its level or above it.
#[track_caller]
pub fn section(page: &str, heading: &str) -> String {
    let rest = page.split_once(&format!("\n{heading}\n")).expect(heading).1;
    let level = heading.find(' ').unwrap();
    let ends: Vec<String> = (2..=level).map(|level| format!("\n{} ", "#".repeat(level))).collect();
    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    rest[..end].to_owned()
}

/// Variables that may stand before a command.
pub const VARIABLES: [&str; 7] = [
    "CALL_PROVIDER",
    "CALL_TEST_MODE",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_FROM_NUMBER",
    "CALL_WEBHOOK_URL",
    "SAVEHUB_CONFIG",
];

/// What stands between fences.
pub struct Block {
    /// What stands behind the fence.
    pub language: String,
    /// The lines.
    pub text: String,
    /// The line above it.
    pub above: String,
}

/// The fenced blocks, without the indent of a list.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let (mut inside, mut indent, mut above) = (false, 0, "");
    for line in markdown.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            inside = !inside;
            if inside {
                indent = line.len() - line.trim_start().len();
                found.push(Block { language: language.to_owned(), text: String::new(), above: above.to_owned() });
            }
        } else if let (true, Some(block)) = (inside, found.last_mut()) {
            block.text.push_str(line.get(indent..).unwrap_or_default());
            block.text.push('\n');
        }
        above = line;
    }
    assert!(!inside, "a block is not closed");
    found
}

/// What stands between single backticks, outside of fenced blocks.
pub fn inline_code(text: &str) -> Vec<String> {
    let mut fenced = false;
    let open = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    });
    open.flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// What stands between `.nf` and `.fi` of a manual page, as it is read.
pub fn shown(page: &str) -> Vec<String> {
    let plain = page.replace("\\-", "-").replace("\\*(Aq", "'").replace("\\(aq", "'").replace("\\&", "");
    let blocks = plain.split(".nf\n").skip(1);
    blocks.map(|block| block.split(".fi\n").next().unwrap().to_owned()).collect()
}

/// The commands of one line of shell, crontab or unit file that call savehub.
pub fn commands(line: &str) -> Vec<Vec<String>> {
    let line = line.trim().strip_prefix("ExecStart=").unwrap_or(line.trim());
    let calls = split(line).into_iter().filter_map(|words| {
        let skip = |word: &String| word == "*" || word.split_once('=').is_some_and(|(n, _)| VARIABLES.contains(&n));
        let words: Vec<String> = words.into_iter().skip_while(skip).collect();
        let first = words.first()?;
        (first == "savehub" || first.ends_with("/savehub")).then_some(words)
    });
    calls.collect()
}

/// The commands of a shell line, each in its words. Knows quotes and operators, and drops what is redirected.
pub fn split(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    let mut quoted = false;
    for c in line.chars().chain([' ']) {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (None, '"' | '\'') => (quote, quoted) = (Some(c), true),
            (None, ' ' | ';' | '|' | '&' | '<' | '>') => {
                if quoted || !word.is_empty() {
                    commands.last_mut().unwrap().push(std::mem::take(&mut word));
                    quoted = false;
                }
                if c != ' ' {
                    commands.push(Vec::new());
                }
            }
            _ => word.push(c),
        }
    }
    commands
}

/// The config of this text, in a home that holds the files the documents ask for.
#[track_caller]
pub fn config(text: &str) -> Config {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join(".config/savehub");
    std::fs::create_dir_all(&dir).unwrap();
    for file in ["twilio_api_key_secret", "twilio_auth_token", "twilio_test_token"] {
        std::fs::write(dir.join(file), "secret\n").unwrap();
    }
    std::fs::write(dir.join("ana.url"), "https://example.com/secret.ics\n").unwrap();
    let env = |name: &str| (name == "HOME").then(|| home.path().to_str().unwrap().to_owned());
    from_text(text, &dir.join("config.toml"), &env).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

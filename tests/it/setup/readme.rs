//! "Five minutes" in the README, as a new user does it: a clean home, an empty environment, the program in the PATH. And
//! the way back: what "Uninstall" removes.

use crate::support::cli::Cli;
use crate::support::documents::{blocks, page, section};
use std::path::Path;

const README: &str = include_str!("../../../README.md");

/// The commands of the transcript, each with what it prints.
fn transcript() -> Vec<(String, String)> {
    let text = README.split("<!-- five minutes -->\n```text\n").nth(1).expect("the mark of the transcript");
    let text = text.split("```\n").next().unwrap();
    let mut steps: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command.to_owned(), String::new())),
            (None, Some((_, printed))) => printed.extend([line, "\n"]),
            (None, None) => panic!("the transcript starts with a command"),
        }
    }
    steps
}

/// Ids of mock calls are made anew each time.
fn without_ids(text: &str) -> String {
    let mut parts = text.split("MOCK-");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.find(char::is_whitespace).map_or("", |end| &part[end..]);
        format!("{text}MOCK-…{rest}")
    })
}

/// What doctor says of the machine and not of the installation (a home in memory, old time zone data) is left out.
fn of_the_installation(text: &str) -> String {
    let of_the_machine = |line: &str| {
        let counts = line.ends_with(" warnings") && line.split(' ').count() == 2;
        counts || ["  warning  database ", "  warning  zones "].iter().any(|start| line.starts_with(start))
    };
    text.split_inclusive('\n').filter(|line| !of_the_machine(line.trim_end())).collect()
}

#[test]
fn three_commands_lead_from_nothing_to_a_rehearsed_call_as_the_readme_shows() {
    let cli = Cli::new();
    let steps = transcript();
    assert_eq!(steps.len(), 3);
    assert!(steps[0].0.starts_with("savehub init --yes ") && steps[2].0 == "savehub call-test --mock", "{steps:?}");
    let program = Path::new(env!("CARGO_BIN_EXE_savehub")).parent().unwrap().display();
    for (command, shown) in steps {
        let script = format!("exec 2>&1; env -i HOME=\"$HOME\" PATH='{program}:/usr/bin:/bin' {command}");
        let ran = cli.sh(&script, &[]);
        assert_eq!(ran.code, 0, "{command}: {ran:?}");
        let printed = of_the_installation(&without_ids(&ran.out.replace("HOME", "/home/ana")));
        assert_eq!(printed, of_the_installation(&shown), "{command}");
    }
}

/// Every file below a directory, by its path in it.
fn files(dir: &Path) -> Vec<String> {
    let found = std::process::Command::new("find").args([".", "-type", "f"]).current_dir(dir).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_uninstall_section_removes_all_that_an_installation_leaves() {
    let cli = Cli::new();
    let before = files(&cli.path(""));
    let init = ["init", "--yes", "--offline", "--name", "Ana", "--phone", "+12025550101", "--zone", "UTC"];
    cli.ok(&init);
    cli.ok(&[init.as_slice(), &["--force"]].concat());
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    cli.ok(&["tick"]);
    std::fs::create_dir_all(cli.path(".config/systemd/user")).unwrap();
    cli.ok(&["generate", "systemd", "--user", "--dir", cli.path(".config/systemd/user").to_str().unwrap()]);
    assert!(files(&cli.path("")).len() > before.len() + 4);
    let shown = section(&page("docs/operating.md"), "## Uninstall");
    let lines = blocks(&shown).into_iter().flat_map(|b| b.text.lines().map(str::to_owned).collect::<Vec<_>>());
    for line in lines.filter(|line| line.starts_with("rm ")) {
        let ran = cli.sh(&format!("cd; {line}"), &[]);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
    }
    assert_eq!(files(&cli.path("")), before);
}

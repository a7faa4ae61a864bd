//! The documents say what the program does: README, manual page, `config.example.toml`, `--help` and `.ci/run` against the
//! code. (That the manual page is the one this version writes is tested beside its generator, and that the example config
//! knows every key in `tests/it/config_errors`. The other pages are in `tests/it/manual.rs`, and the examples of all are run in
//! `tests/it/examples.rs`.)

use crate::support::documents::{VARIABLES, blocks, commands, config, inline_code, page, pages, section, split};
use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, Parser as _};
use savehub::calendar::Limits;
use savehub::cli::args::Cli;
use savehub::config::{CalendarConfig, known_keys};
use savehub::exit::Exit;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

const README: &str = include_str!("../../README.md");
const EXAMPLE: &str = include_str!("../../config.example.toml");
const CI: &str = include_str!("../../.ci/run");

const ANSWERS: &str = include_str!("../../man/savehub-hear.7");
const CALENDARS: &str = include_str!("../../man/savehub-calendar.7");

const HEADLINE: [&str; 2] = ["cargo run -- demo", "cargo test"];

// --- commands ---

#[test]
fn every_command_line_of_the_pages_and_the_manual_is_one_savehub_takes() {
    let blocks = pages().into_iter().flat_map(|page| blocks(&page.text));
    let blocks = blocks.filter(|b| b.language != "text" && b.language != "toml");
    let lines = blocks.flat_map(|b| b.text.lines().map(str::to_owned).collect::<Vec<_>>());
    let examples = man();
    let examples = examples.split_once(".SH EXAMPLES").unwrap().1;
    let calendars = CALENDARS.replace("\\-", "-");
    let calendars = calendars.split(".nf\n").skip(1).flat_map(|block| block.split(".fi").next().unwrap().lines());
    let calendars: Vec<_> = calendars.map(str::to_owned).collect();
    let lines = lines.chain(examples.lines().map(str::to_owned)).chain(calendars);
    let commands: Vec<_> = lines.flat_map(|line| commands(&line)).collect();
    assert!(commands.len() > 40, "only {} commands were found", commands.len());
    for words in commands {
        if let Err(error) = Cli::try_parse_from(&words) {
            panic!("{words:?}: {error}");
        }
    }
}

#[test]
fn every_command_named_in_a_sentence_exists() {
    let mut named = 0;
    for text in pages().into_iter().map(|page| page.text).chain([EXAMPLE.to_owned()]) {
        for code in inline_code(&text).into_iter().filter(|code| code.starts_with("savehub ")) {
            named += 1;
            let Err(error) = Cli::try_parse_from(split(&code)[0].clone()) else { continue };
            // A sentence may leave out the arguments.
            let fine = matches!(
                error.kind(),
                ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            );
            assert!(fine, "`{code}`: {error}");
        }
    }
    assert!(named > 80, "only {named} commands were found");
}

#[test]
fn every_command_stands_on_a_page_and_in_the_manual() {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let (man, pages) = (man(), pages());
    for name in leaves(&root) {
        let is_shown = pages.iter().any(|page| page.name != "CHANGELOG.md" && page.text.contains(&name));
        assert!(is_shown, "no page shows `{name}`");
        assert!(man.contains(&format!(".SS \"{name}\"")), "the manual page does not show `{name}`");
    }
}

#[test]
fn the_readme_starts_with_two_commands_and_the_checks_run_the_second() {
    let first = &blocks(README)[0];
    assert_eq!(first.text.lines().collect::<Vec<_>>(), HEADLINE);
    assert!(CI.lines().any(|line| line == format!("run {}", HEADLINE[1])), "the checks do not run `cargo test`");
    for check in ["run cargo fmt --check", "run cargo clippy --all-targets --all-features -- -D warnings"] {
        assert!(CI.lines().any(|line| line == check), "{check}");
    }
}

// --- exit codes, variables, numbers ---

#[test]
fn exit_codes_are_the_same_in_pages_manual_and_help() {
    let section = section(&page("docs/operating.md"), "## Exit codes");
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ") && !line.contains("meaning")).collect();
    let expected = Exit::ALL.map(|exit| format!("| {} | {} |", exit.code(), exit.meaning()));
    assert_eq!(rows, expected);
    let man = man();
    for exit in Exit::ALL {
        assert!(man.contains(&format!("\\fB{}\\fR\n{}.\n", exit.code(), exit.meaning())), "{exit:?}");
    }
    let help = Cli::command().get_after_help().unwrap().to_string();
    let codes = help.split_once("Exit codes: ").unwrap().1;
    let codes: Vec<_> = codes.split("; ").map(|code| code.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(codes, Exit::ALL.map(|exit| exit.code().to_string()));
}

#[test]
fn every_variable_stands_in_the_readme_and_in_the_manual() {
    let man = man();
    for name in VARIABLES {
        assert!(README.contains(name), "the README does not name {name}");
        assert!(man.contains(name), "the manual page does not name {name}");
    }
}

#[test]
fn the_defaults_of_the_guards_on_the_page_are_those_of_the_program() {
    let mut written = Vec::new();
    let (mut guards, mut engine) = (String::from("[guards]\n"), String::from("[engine]\n"));
    for setting in
        inline_code(&section(&page("docs/safety.md"), "## The guards")).iter().filter(|code| code.contains(" = "))
    {
        let key = setting.split(' ').next().unwrap();
        let (table, _) = known_keys().find(|(_, known)| *known == key).expect("a key of the config");
        let text = if table == "guards" { &mut guards } else { &mut engine };
        text.push_str(setting);
        text.push('\n');
        written.push(key.to_owned());
    }
    for (_, key) in known_keys().filter(|(table, _)| *table == "guards") {
        assert!(written.iter().any(|w| w == key), "the table of guards does not show {key}");
    }
    let (shown, default) = (config(&format!("{guards}{engine}")), config(""));
    assert_eq!(shown.guards, default.guards);
    assert_eq!(format!("{:?}", shown.engine), format!("{:?}", default.engine));
    let ladder: Vec<_> = default.ladder.iter().map(|rung| rung.action.at.ms() / 1000).collect();
    assert_eq!(ladder, [-180, -90]);
    assert!(README.contains("a call 3 minutes before the start and one 90 seconds before"));
}

#[test]
fn the_advice_about_silent_phones_fits_the_defaults() {
    let (advice, default) = (section(&page("docs/daily-use.md"), "## A phone on silent"), config(""));
    let at: Vec<_> = default.ladder.iter().map(|rung| rung.action.at.ms()).collect();
    let apart = u64::try_from(at[1] - at[0]).unwrap();
    assert!(u128::from(apart) >= default.guards.number_gap.as_millis() && apart <= 3 * 60 * 1000, "{apart} ms");
    assert_eq!((default.engine.ring_timeout.as_secs(), default.guards.number_gap.as_secs()), (45, 60));
    for words in ["`ring_timeout`", "45 seconds", "`number_gap` (1 minute)", "Emergency Bypass", "generate vcard"] {
        assert!(advice.contains(words), "{words}");
    }
}

#[test]
fn the_page_about_calendars_names_every_key_and_default_of_theirs() {
    let defaults = CalendarConfig::default();
    for (table, key) in known_keys() {
        let common = ["include", "skip_titles", "min_attendees", "need_link", "working_hours", "mark"].contains(&key);
        if matches!(table, "calendar" | "calendars") || (table == "person" && (common || key == "addresses")) {
            assert!(CALENDARS.contains(key), "{table}.{key}");
        }
    }
    for (key, default) in [
        ("refresh", format!("(default {} min,", defaults.refresh.as_secs() / 60)),
        ("timeout", format!("({} s)", defaults.timeout.as_secs())),
        ("max_size", format!("({} MB)", defaults.max_bytes / 1_000_000)),
        ("parallel", format!("({})", defaults.parallel)),
        ("line", format!("{} MiB for a line", Limits::default().line >> 20)),
        ("steps", "2,000,000 steps".into()),
        ("per_series", format!("{} occurrences", Limits::default().per_series)),
        ("meetings", "1,000 meetings of a calendar".into()),
    ] {
        assert!(CALENDARS.contains(&default), "{key}: {default}");
    }
    assert_eq!((Limits::default().steps, Limits::default().meetings), (2_000_000, 1000));
}

#[test]
fn the_page_about_answers_names_every_key_and_word_and_the_text_of_the_bin() {
    for (_, key) in known_keys().filter(|(table, _)| *table == "hear") {
        assert!(ANSWERS.contains(key), "{key}");
    }
    for word in savehub::rules::hear::JOINED.iter().chain(&savehub::rules::hear::MISSED) {
        assert!(ANSWERS.contains(word), "{word}");
    }
    assert!(ANSWERS.contains(savehub::provider::KEY_BIN), "the Bin's text");
}

// --- configs and schedulers ---

#[test]
fn every_config_of_the_pages_passes() {
    let blocks_of_all = pages().into_iter().flat_map(|page| blocks(&page.text));
    let configs: Vec<_> = blocks_of_all.filter(|b| b.language == "toml").collect();
    assert!(configs.len() >= 6);
    for block in &configs {
        config(&block.text);
    }
    let shortest = README.split_once("<!-- shortest -->\n").expect("the mark of the shortest config").1;
    let shortest = config(&blocks(shortest)[0].text);
    assert_eq!(shortest.people.len(), 1);
}

// --- leaks ---

/// Numbers that belong to nobody: 555-01xx is reserved for fiction, +1 500 555 is Twilio's for tests; the recordings of
/// the SDKs and the tests of the number's form have their own.
const FICTIONAL: [&str; 5] = ["120255501", "1500555", "1555123000", "19005551234", "123456789012345"];

#[test]
fn no_file_holds_a_phone_number_that_could_be_somebodys() {
    let mut wrong = Vec::new();
    for (path, text) in files() {
        for plus in ["+", "%2B"] {
            for (at, _) in text.match_indices(plus) {
                let rest = &text[at + plus.len()..];
                let digits = &rest[..rest.bytes().take_while(u8::is_ascii_digit).count()];
                let callable = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
                if callable && !FICTIONAL.iter().any(|fiction| digits.starts_with(fiction)) {
                    wrong.push(format!("{}: +{digits}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_holds_what_looks_like_a_secret() {
    // In two parts, so that this file does not hold it.
    let key = ["PRIVATE KEY", "-----"].concat();
    let mut wrong = Vec::new();
    for (path, text) in files() {
        let name = path.display();
        if text.contains(&key) {
            wrong.push(format!("{name}: a private key"));
        }
        for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| looks_secret(word)) {
            wrong.push(format!("{name}: {}…", &word[..8]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_real_token_would_be_noticed_and_an_invented_one_is_not() {
    let real = ["9f3c1a7be0", "5d48261cf7", "a0e94b83d1", "62"].concat();
    assert!(looks_secret(&real) && looks_secret(&format!("AC{real}")));
    for invented in ["AC00000000000000000000000000000000", "AC0123456789abcdef0123456789abcdef", "MOCK", "deadbeef"] {
        assert!(!looks_secret(invented), "{invented}");
    }
}

/// Twilio's ids and tokens: 32 hex digits or letters, perhaps behind `AC` or `SK`, that do not repeat themselves.
fn looks_secret(word: &str) -> bool {
    let body = ["AC", "SK"].iter().find_map(|p| word.strip_prefix(p)).filter(|b| b.len() == 32).unwrap_or(word);
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let mut kinds: Vec<u8> = body.bytes().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let counted = body.to_lowercase().contains("0123456789");
    body.len() == 32 && digits >= 4 && digits < body.len() && kinds.len() > 8 && !counted
}

// --- how documents are read ---

/// The manual page, with its dashes and quotes as they are read.
fn man() -> String {
    let page = fs::read_to_string(root().join("man/savehub.1")).unwrap();
    page.replace("\\-", "-").replace("\\*(Aq", "'")
}

fn leaves(command: &Command) -> Vec<String> {
    if !command.has_subcommands() {
        return vec![command.get_bin_name().unwrap().to_owned()];
    }
    command.get_subcommands().flat_map(leaves).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of every file of the project; checksums of dependencies and licences are none of ours.
fn files() -> Vec<(PathBuf, String)> {
    let git = process::Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let names = match git {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        // A copy without its history.
        _ => ["README.md", "CHANGELOG.md", "Cargo.toml", "config.example.toml", "man/savehub.1", ".ci/run"].join("\0"),
    };
    let names = names.split('\0').filter(|name| !name.is_empty() && *name != "Cargo.lock");
    let read = |name: &str| {
        let path = root().join(name);
        fs::read(&path).ok().map(|bytes| (path, String::from_utf8_lossy(&bytes).into_owned()))
    };
    names.filter_map(read).collect()
}

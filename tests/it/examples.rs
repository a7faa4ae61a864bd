//! Every example of the pages, of the manual and of `--help` is run as it stands there, by a shell, in a home that
//! holds what the examples speak of and with nothing else in its environment.

use crate::support::cli::{Cli, Ran, twilio};
use crate::support::documents::{Block, blocks, pages, shown};
use crate::support::fake_twilio::{FakeTwilio, TEST_ACCOUNT, TOKEN};
use clap::{Command, CommandFactory as _};
use savehub::cli::args::Cli as Args;
use savehub::clock::{Clock as _, SystemClock};
use savehub::store::sqlite::{Create, SqliteStore};
use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

/// What cannot be run here, by its beginning, and why.
const NOT_HERE: &[(&str, &str)] = &[
    ("bash .ci/run", "runs this test, too"),
    ("SAVEHUB_LIFE_SEED=", "plays one day of a test; .ci/run plays them all"),
    ("SAVEHUB_PROOF=whole cargo ", "the whole proof takes minutes; a sample of it is a test of its own"),
    ("SAVEHUB_PYTHON=", "needs a Python environment; .ci/run makes one and runs it"),
    ("cargo ", "builds and tests savehub itself; .ci/run does"),
    ("cd fuzz ", "fuzzes until somebody stops it"),
    ("editor ", "waits for a person"),
    ("createdb ", "needs a PostgreSQL server; tests/postgres has one"),
    ("createuser ", "needs a PostgreSQL server; tests/postgres has one"),
    ("crontab -e", "waits for a person"),
    ("dropdb ", "needs a PostgreSQL server; tests/postgres has one"),
    ("dropuser ", "needs a PostgreSQL server; tests/postgres has one"),
    ("git pull", "fetches the project"),
    ("loginctl ", "needs a running systemd"),
    ("mkdir -p fuzz/", "works in the repository"),
    ("python3 -m venv ", "fetches packages"),
    ("savehub calendar find ", "needs a CalDAV server; tests/it/caldav starts two"),
    ("savehub call-test --person ana --keypress", "waits for a key of a person; tests/it/keypress.rs presses it"),
    ("savehub config check /etc/", "reads the system's config; tests/it/config_commands names another file"),
    ("savehub db backup --force /mnt/", "writes where this machine may have no disk"),
    ("savehub db copy ", "needs a PostgreSQL server; tests/postgres moves an installation"),
    ("savehub generate systemd --dir /etc/", "changes the system"),
    ("savehub status --watch", "needs a terminal; tests/it/watch.rs has one"),
    ("sudo ", "changes the system"),
    ("systemctl ", "needs a running systemd"),
    ("{ crontab ", "changes the crontab"),
];

/// Examples that end with another code than 0 where they are run here, and why.
const ENDS: &[(&str, i32, &str)] = &[
    ("savehub call-test --config test.toml --yes --to +15005550001", 1, "Twilio refuses this number"),
    ("savehub call-test --mock=lost-reply", 1, "nobody knows whether it rang"),
    ("savehub call-test --person ana", 2, "a real call asks on a terminal, and there is none"),
    ("savehub db restore ~/savehub.backup", 2, "there is no backup in a fresh home"),
    ("savehub db restore --check-in ~/savehub.backup", 2, "there is no backup in a fresh home"),
    ("savehub undo", 2, "nobody has done anything in a fresh home"),
    ("savehub undo --person ana", 2, "nobody has done anything in a fresh home"),
    ("savehub init", 2, "it asks on a terminal, and there is none"),
    (
        "savehub init --provider twilio --account-sid AC00000000000000000000000000000000 --from +12025550100",
        2,
        "it asks on a terminal, and there is none",
    ),
];

/// A calendar with a meeting every evening of this zone.
fn calendar(zone: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//example//EN\r\nBEGIN:VEVENT\r\nUID:daily@example.com\r\n\
         DTSTAMP:20260101T000000Z\r\nDTSTART;TZID={zone}:20260101T210000\r\nDTEND;TZID={zone}:20260101T211500\r\n\
         RRULE:FREQ=DAILY\r\nSUMMARY:Stand-up\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

// --- the examples ---

/// The lines of the `sh` blocks of all pages in Markdown.
fn of_pages() -> Vec<String> {
    let blocks = pages().into_iter().flat_map(|page| blocks(&page.text));
    let sh = blocks.filter(|block| block.language == "sh");
    sh.flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The commands that manual pages show, each page by its file name.
fn of_manual() -> Vec<(String, Vec<String>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let pages = std::fs::read_dir(dir).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let blocks = shown(&std::fs::read_to_string(&path).unwrap());
        let is_shell = |block: &String| {
            let word = block.split_whitespace().next().unwrap_or_default();
            ["savehub", "install", "editor", "touch"].contains(&word)
        };
        let lines = blocks.iter().filter(|b| is_shell(b)).flat_map(|b| b.lines().map(str::to_owned)).collect();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), lines)
    });
    pages.collect()
}

/// The examples of `--help`, each command by its name; the whole program is the first.
fn of_help() -> Vec<(String, Vec<String>)> {
    fn add(command: &Command, found: &mut Vec<(String, Vec<String>)>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
        let lines = lines.take_while(|line| !line.is_empty()).map(|line| line.trim().to_owned()).collect();
        if !command.has_subcommands() || command.get_name() == "savehub" {
            found.push((command.get_bin_name().unwrap_or("savehub").to_owned(), lines));
        }
        for sub in command.get_subcommands() {
            add(sub, found);
        }
    }
    let mut root = Args::command().disable_help_subcommand(true);
    root.build();
    let mut found = Vec::new();
    add(&root, &mut found);
    found
}

/// Each example once.
fn examples() -> BTreeSet<String> {
    let manual = of_manual().into_iter().flat_map(|(_, lines)| lines);
    let help = of_help().into_iter().flat_map(|(_, lines)| lines);
    let all = of_pages().into_iter().chain(manual).chain(help);
    all.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

fn not_here(line: &str) -> Option<&'static (&'static str, &'static str)> {
    NOT_HERE.iter().find(|(start, _)| line.starts_with(start))
}

// --- where they are run ---

/// A zone in which the day has just begun, so that no time of day in an example is over.
fn early() -> String {
    let hours = SystemClock.now().ms() / 3_600_000;
    // In such names the sign is turned round: Etc/GMT+5 is five hours behind.
    match hours % 24 {
        behind @ 0..=12 => format!("Etc/GMT+{behind}"),
        hour => format!("Etc/GMT-{}", 24 - hour),
    }
}

/// Where an example makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    /// m1 "Board sync" starts in a few minutes and has the incident i1; m2 "Dentist" is tomorrow.
    Calm,
    /// m1 to m7 start in a few minutes, with i1 to i7.
    Crowd,
    /// m1 is tomorrow at 9:00, nothing is open.
    Night,
    /// The phone is real, as far as anybody can tell.
    Twilio,
    /// There is no config yet.
    Clean,
}

/// Examples by a part of their text, and their place; the first that fits, else [`Setting::Calm`].
const PLACES: &[(&str, Setting)] = &[
    ("savehub init", Setting::Clean),
    (" m3", Setting::Crowd),
    (" i7", Setting::Crowd),
    (" --now ", Setting::Night),
    ("generate vcard", Setting::Twilio),
    ("call-test --person ana", Setting::Twilio),
];

fn place_of(line: &str) -> Setting {
    PLACES.iter().find(|(part, _)| line.contains(part)).map_or(Setting::Calm, |(_, place)| *place)
}

/// A home with a config, the files the examples name, and a Twilio behind test.toml; no database.
fn with_files(fake: &FakeTwilio, place: Setting) -> Cli {
    let ana = format!(
        "[[person]]\nid = \"ana\"\nname = \"Ana\"\nphone = \"+12025550101\"\nzone = \"{}\"\n\
         calendars = [{{ file = \"~/work.ics\", name = \"work\" }}]\naddresses = [\"ana@example.com\"]\n",
        early()
    );
    let home = match place {
        Setting::Twilio => Cli::with(&twilio(&fake.base_url(), TOKEN, &ana)),
        _ => Cli::with(&ana),
    };
    home.write(
        "test.toml",
        &format!(
            "database = \"never-made.db\"\n[call]\nprovider = \"twilio\"\n[provider.twilio]\n\
             account_sid = \"{TEST_ACCOUNT}\"\nfrom = \"+15005550006\"\n\
             auth_token_file = \"~/.config/savehub/twilio_test_token\"\nbase_url = \"{}\"\n",
            fake.base_url()
        ),
    );
    home.write(".config/savehub/twilio_test_token", TOKEN);
    home.write("new.toml", &ana);
    home.write("address.txt", "https://calendar.example.com/private-0123456789/basic.ics\n");
    for file in ["work.ics", "private.ics", "invitation.ics", "conference.ics"] {
        home.write(file, &calendar(&early()));
    }
    let made = here(
        &home,
        "mkdir -p man .local/share/bash-completion/completions .config/fish/completions .config/systemd/user .zfunc",
    );
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    home
}

/// The same with what was there before the example.
fn home(fake: &FakeTwilio, place: Setting) -> Cli {
    let home = with_files(fake, place);
    let add = |title: &str, at: &str| home.ok(&["meeting", "add", title, "--at", at]);
    match place {
        Setting::Night => _ = add("Board sync", "tomorrow 9:00"),
        Setting::Crowd => {
            for minutes in 5..12 {
                add(&format!("Meeting {minutes}"), &format!("in {minutes}m"));
            }
            home.ok(&["tick"]);
        }
        Setting::Clean => std::fs::remove_dir_all(home.path(".config")).unwrap(),
        Setting::Calm | Setting::Twilio => {
            add("Board sync", "in 5m");
            add("Standup", "tomorrow 9:30");
            add("Dentist", "tomorrow 15:00");
            home.ok(&["tick"]);
        }
    }
    home
}

/// Runs a line of shell in this home, with savehub among the programs.
fn here(home: &Cli, line: &str) -> Ran {
    let dir = Path::new(env!("CARGO_BIN_EXE_savehub")).parent().unwrap();
    home.sh(&format!("export PATH=\"{}:$PATH\"\ncd\n{line}\n", dir.display()), &[])
}

// --- tests ---

#[test]
fn every_example_does_what_it_should_in_a_home_that_has_what_it_names() {
    let lines: Vec<_> = examples().into_iter().filter(|line| not_here(line).is_none()).collect();
    assert!(lines.len() > 50, "only {} examples", lines.len());
    let fake = FakeTwilio::start();
    let wrong = thread::scope(|scope| {
        let parts: Vec<_> = lines
            .chunks(lines.len().div_ceil(4))
            .map(|part| scope.spawn(|| part.iter().flat_map(|line| wrong_with(line, &fake)).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(fake.posts() >= 3, "the examples of real calls never reached the provider");
}

/// Runs an example and says what is not as it should be.
fn wrong_with(line: &str, fake: &FakeTwilio) -> Vec<String> {
    let mut wrong = Vec::new();
    let home = home(fake, place_of(line));
    let ran = here(&home, line);
    let expected = ENDS.iter().find(|(ends, ..)| *ends == line).map_or(0, |(_, code, _)| *code);
    if ran.code != expected || (expected == 0 && ran.err.contains("error:")) {
        wrong.push(format!("{line}\n  ended with {}, not {expected}: {}{}", ran.code, ran.err, ran.out));
    }
    if line.contains("--json") && serde_json::from_str::<serde_json::Value>(&ran.out).is_err() {
        wrong.push(format!("{line}\n  is not JSON: {}", ran.out));
    }
    let written = line.split_once(" >").map(|(_, file)| Path::new(file.trim()));
    if let Some(file) = written.filter(|file| file.extension().is_some_and(|kind| kind == "vcf")) {
        let written = std::fs::read_to_string(home.path(file.to_str().unwrap())).unwrap_or_default();
        if !written.starts_with("BEGIN:VCARD") {
            wrong.push(format!("{line}\n  wrote {written:?}"));
        }
    }
    wrong
}

#[test]
fn what_is_not_run_here_and_what_ends_otherwise_is_an_example_somewhere() {
    let all = examples();
    for (start, why) in NOT_HERE {
        assert!(all.iter().any(|line| not_here(line).is_some_and(|(s, _)| s == start)), "{start} ({why})");
    }
    for (line, code, why) in ENDS {
        assert!(all.contains(*line) && *code != 0, "{line} ({why})");
    }
    for (part, place) in PLACES {
        assert!(all.iter().any(|line| line.contains(part)) && *place != Setting::Calm, "{part}");
    }
}

#[test]
fn every_command_has_examples_in_its_help_and_they_name_it() {
    for (command, lines) in of_help() {
        assert!(!lines.is_empty(), "{command} --help shows no example");
        for line in &lines {
            // Some stand in a pipe.
            assert!(line.contains(&command), "{command} --help shows: {line}");
        }
    }
}

#[test]
fn the_setup_guide_and_the_page_about_calendars_show_commands() {
    for page in ["savehub.1", "savehub-calendar.7", "savehub-hear.7", "savehub-twilio.7"] {
        let (_, lines) = of_manual().into_iter().find(|(name, _)| name == page).unwrap();
        assert!(!lines.is_empty(), "{page}");
    }
}

#[test]
fn the_transcripts_of_the_pages_are_what_the_program_prints() {
    let fake = FakeTwilio::start();
    let blocks = pages().into_iter().flat_map(|page| blocks(&page.text));
    let transcripts: Vec<_> = blocks.filter(|block| block.language == "console").collect();
    assert!(transcripts.len() > 2, "the pages show only {} transcripts", transcripts.len());
    for block in transcripts {
        // A transcript that sets savehub up begins with nothing but the program.
        let home = with_files(&fake, Setting::Calm);
        home.write_config(&format!("[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\nzone = \"{}\"\n", early()));
        if block.above.contains("<!-- clean home -->") {
            std::fs::remove_dir_all(home.path(".config")).unwrap();
        } else {
            // Whoever has set savehub up has a database.
            drop(SqliteStore::open(&home.database(), Create::Yes).unwrap());
        }
        follow(&home, &block);
    }
}

#[test]
fn an_ellipsis_stands_for_what_changes_and_for_nothing_else() {
    assert!(fits("m1: added, …, Ana", "m1: added, Monday 9:00, Ana"));
    assert!(!fits("m1: added, …, Ana", "m1: added, Monday 9:00, Bea") && !fits("a…b", "ab and more"));
    assert!(all_fit(&["a", "…", "d"], &["a", "b", "c", "d"]) && all_fit(&["a", "…"], &["a"]));
    assert!(!all_fit(&["a", "…", "d"], &["a", "b"]) && !all_fit(&["a"], &["a", "b"]));
}

// --- transcripts ---

/// Runs the commands of a transcript one after the other, each with the output that stands below it.
#[track_caller]
fn follow(home: &Cli, block: &Block) {
    for part in format!("\n{}", block.text).split("\n$ ").skip(1) {
        let (command, expected) = part.split_once('\n').unwrap_or((part, ""));
        let ran = here(home, command);
        let said = format!("{}{}", ran.out, ran.err);
        let (expected, said): (Vec<_>, Vec<_>) = (expected.trim_end().lines().collect(), said.lines().collect());
        assert!(all_fit(&expected, &said), "{command}\nexpected {expected:#?}\nsaid {said:#?}");
    }
}

/// Do these lines fit? A line `…` stands for any lines.
fn all_fit(expected: &[&str], said: &[&str]) -> bool {
    match expected {
        [] => said.is_empty(),
        ["…", rest @ ..] => (0..=said.len()).any(|skip| all_fit(rest, &said[skip..])),
        [line, rest @ ..] => said.first().is_some_and(|first| fits(line, first)) && all_fit(rest, &said[1..]),
    }
}

/// Does this line fit? `…` stands for any text in it.
fn fits(expected: &str, said: &str) -> bool {
    match expected.split_once('…') {
        None => expected == said,
        Some((start, rest)) => said.strip_prefix(start).is_some_and(|said| {
            said.char_indices().map(|(at, _)| at).chain([said.len()]).any(|at| fits(rest, &said[at..]))
        }),
    }
}

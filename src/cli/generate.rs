//! `savehub generate`: files that belong to the package.

mod codes;
pub(super) mod completions;
mod keys_page;
mod parts;
pub(super) mod schedule;

use super::args::{Cli, ManArgs};
use super::{calendar, config, doctor, explain, plan, report, status};
use crate::exit::{Exit, UsageError};
use crate::when;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use parts::{DATE, VERSION, entry, list};
use std::io::{self, Write};

/// Files savehub reads and writes, for the manual page.
const FILES: &[(&str, &str)] = &[
    (
        "$XDG_CONFIG_HOME/savehub/config.toml",
        "the config, unless --config or SAVEHUB_CONFIG names another file; without XDG_CONFIG_HOME, \
         ~/.config/savehub/config.toml",
    ),
    (
        "/etc/xdg/savehub/config.toml",
        "the config if the file above does not exist; XDG_CONFIG_DIRS names other directories than /etc/xdg",
    ),
    (
        "$XDG_STATE_HOME/savehub/savehub.db",
        "the database, unless the config names another file; without XDG_STATE_HOME, \
         ~/.local/state/savehub/savehub.db; SQLite keeps two more files beside it, -wal and -shm, and \
         ticks short-lived ones, -armed-…: which requests have begun, and -last-tick: which tick ended last",
    ),
    ("STOP", "beside the config: while this file exists nothing is sent, even when the database cannot be read"),
];

/// Variables savehub reads, for the manual page.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("SAVEHUB_CONFIG", "the config file; --config wins over it"),
    ("CALL_PROVIDER", "mock or twilio; overrides the config. With it, savehub also runs without a config file"),
    (
        "CALL_TEST_MODE",
        "true: record calls instead of placing them; false: place them, whatever the config says. 1, yes, 0 and no \
         work, too",
    ),
    (
        "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM_NUMBER",
        "the account, its token and the number calls come from; they override the config",
    ),
    ("CALL_WEBHOOK_URL", "passed on to the provider as the address for status callbacks; overrides the config"),
    (
        "CREDENTIALS_DIRECTORY",
        "set by systemd: its file twilio_auth_token is the auth token, when nothing else names one",
    ),
    (
        "HOME, XDG_CONFIG_HOME, XDG_CONFIG_DIRS, XDG_STATE_HOME",
        "where the config and the database are looked for; a relative path in an XDG variable does not count",
    ),
    (
        "TZ",
        "the zone of people without a zone in the config, instead of the system's; where it is no zone that is known, \
         commands with local times refuse to run, and ticks warn",
    ),
    (
        "TZDIR",
        "the directory of the system's time zone data, if it is not /usr/share/zoneinfo; if savehub's own copy is \
         newer, savehub uses that",
    ),
    ("NO_COLOR", "set and not empty: no colours, unless --color always"),
    ("RUST_LOG", "what to log, such as savehub=debug; -v and -q win over it; other libraries never say more than info"),
];

/// Writes every manual page, into one directory or into one for each section, and names the files.
pub fn man(args: &ManArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    for (name, text) in pages()? {
        let section = name.rsplit('.').next().unwrap_or_default();
        let dir = if args.sections { args.dir.join(format!("man{section}")) } else { args.dir.clone() };
        let path = dir.join(name);
        let made = if args.sections { std::fs::create_dir_all(&dir) } else { Ok(()) };
        made.and_then(|()| std::fs::write(&path, text))
            .map_err(|error| UsageError(format!("cannot write {}: {error}", path.display())))?;
        writeln!(out, "{}", path.display())?;
    }
    Ok(Exit::Done)
}

/// Every page by its file name: two are made from the program, one has a table made from it, the others are written by
/// hand and go with it.
fn pages() -> io::Result<[(&'static str, String); 7]> {
    Ok([
        ("savehub.1", page()?),
        ("savehub.toml.5", keys_page::page()),
        ("savehub-calendar.7", include_str!("../../man/savehub-calendar.7").to_owned()),
        ("savehub-channels.7", include_str!("../../man/savehub-channels.7").to_owned()),
        ("savehub-engine.7", include_str!("../../man/savehub-engine.7").to_owned()),
        ("savehub-hear.7", include_str!("../../man/savehub-hear.7").to_owned()),
        ("savehub-twilio.7", codes::page()),
    ])
}

/// The page. It depends on the version alone.
fn page() -> io::Result<String> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let man = Man::new(root.clone());
    let mut page = Page::default();
    page.part(|w| Roff::new().to_writer(w))?;
    page.roff(Roff::new().control("TH", ["savehub", "1", DATE, VERSION, "User commands"]))?;
    page.part(|w| man.render_name_section(w))?;
    page.part(|w| man.render_synopsis_section(w))?;
    page.part(|w| man.render_description_section(w))?;
    page.part(|w| man.render_options_section(w))?;
    page.roff(Roff::new().control("SH", ["COMMANDS"]))?;
    for leaf in leaves(&root) {
        page.command(leaf)?;
    }
    page.roff(&tables())?;
    page.roff(&examples(&root))?;
    page.roff(&see_also())?;
    // An empty line is a vertical space that mandoc's lint refuses.
    Ok(page.0.replace("\n.br\n\n.br\n", "\n.br\n"))
}

/// The other pages.
fn see_also() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(
        "savehub.toml(5), savehub-calendar(7), savehub-channels(7), savehub-engine(7), savehub-hear(7), \
         savehub-twilio(7)",
    )]);
    roff
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// Adds what a renderer writes, without the two lines of preamble that each part repeats.
    fn part(&mut self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut bytes = Vec::new();
        render(&mut bytes)?;
        let first = self.0.is_empty();
        for line in String::from_utf8_lossy(&bytes).lines() {
            if first || !(line.starts_with(".ie \\n(.g") || line.starts_with(".el .ds Aq")) {
                self.0.push_str(line.trim_end());
                self.0.push('\n');
            }
        }
        Ok(())
    }

    fn roff(&mut self, roff: &Roff) -> io::Result<()> {
        self.part(|w| roff.to_writer(w))
    }

    /// One command: what it does, how it is written, and its own options.
    fn command(&mut self, leaf: &Command) -> io::Result<()> {
        let name = leaf.get_bin_name().unwrap_or_else(|| leaf.get_name());
        let mut intro = Roff::new();
        intro.control("SS", [name]);
        if let Some(about) = leaf.get_about() {
            intro.text([roman(format!("{about}."))]);
        }
        for note in after_help(leaf).iter().filter(|block| !block.starts_with("Examples:")) {
            intro.text([roman(note.replace('\n', " "))]);
        }
        intro.control("PP", []);
        self.roff(&intro)?;
        let own = leaf.clone().mut_args(|arg| {
            let shared = arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version");
            arg.hide(shared)
        });
        let man = Man::new(own);
        self.without_heading(|w| man.render_synopsis_section(w))?;
        self.without_heading(|w| man.render_options_section(w))
    }

    /// A section of clap_mangen's as a part of ours.
    fn without_heading(&mut self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut inner = Self(String::from("\n"));
        inner.part(render)?;
        for line in inner.0.lines().skip(1).filter(|line| !line.starts_with(".SH ")) {
            self.0.push_str(line);
            self.0.push('\n');
        }
        Ok(())
    }
}

/// Commands that do something, in the order of the help.
fn leaves(command: &Command) -> Vec<&Command> {
    if !command.has_subcommands() {
        return vec![command];
    }
    command.get_subcommands().flat_map(leaves).collect()
}

fn after_help(command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    text.split("\n\n").filter(|block| !block.is_empty()).map(str::to_owned).collect()
}

/// The sections that are tables in the program, too.
fn tables() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["TIMES"]);
    roff.text([roman(format!(
        "A time is written as {}. A time without a date is today's, in the zone of the person; RFC 3339 names its \
         own offset. A time that daylight saving skips counts as an hour later; a time that happens twice is the \
         first one. A time to come must be in the future.",
        when::FORMS.replace('`', "\"")
    ))]);
    roff.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        entry(&mut roff, &exit.code().to_string(), exit.meaning());
    }
    let fields = "Fields may be added";
    object(&mut roff, "STATUS", "status", fields, status::FIELDS);
    object(&mut roff, "CALENDARS", "calendar check", fields, calendar::FIELDS);
    object(&mut roff, "REPORT", "report", fields, report::FIELDS);
    roff.control("SH", ["CHECKS OF DOCTOR"]);
    list(&mut roff, crate::doctor::CHECKS);
    let checks = "A check may come more than once. Fields and checks may be added";
    object(&mut roff, "DOCTOR", "doctor", checks, doctor::FIELDS);
    object(&mut roff, "EXPLAIN", "explain", fields, explain::FIELDS);
    object(&mut roff, "PLAN", "plan", fields, plan::FIELDS);
    object(&mut roff, "CONFIG", "config check", fields, config::FIELDS);
    roff.text([roman("savehub config show --json prints another.")]);
    list(&mut roff, config::SHOW_FIELDS);
    roff.control("SH", ["FILES"]);
    list(&mut roff, FILES);
    roff.control("SH", ["ENVIRONMENT"]);
    list(&mut roff, ENVIRONMENT);
    roff
}

/// The section about the object that a command prints.
fn object(roff: &mut Roff, what: &str, command: &str, promise: &str, fields: &[(&str, &str)]) {
    roff.control("SH", [format!("{what} AS JSON").as_str()]);
    roff.text([roman(format!("savehub {command} --json prints one object. {promise}; none is renamed."))]);
    list(roff, fields);
}

fn examples(root: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for leaf in leaves(root) {
        for block in after_help(leaf).iter().filter(|block| block.starts_with("Examples:")) {
            for line in block.lines().skip(1) {
                roff.text([roman(line.trim())]);
            }
        }
    }
    roff.control("fi", []);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_committed_manual_pages_are_those_this_version_writes() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
        for (name, text) in pages().unwrap() {
            let committed = std::fs::read_to_string(dir.join(name)).unwrap();
            assert!(text == committed, "run `savehub generate man man` and commit man/{name}");
        }
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), pages().unwrap().len(), "a page is not written");
    }

    #[test]
    fn pages_go_into_one_directory_or_into_one_for_each_section() {
        for (sections, file) in [(false, "savehub.toml.5"), (true, "man5/savehub.toml.5")] {
            let dir = tempfile::tempdir().unwrap();
            let (mut out, args) = (Vec::new(), ManArgs { dir: dir.path().to_owned(), sections });
            assert_eq!(man(&args, &mut out).unwrap(), Exit::Done);
            let named = String::from_utf8(out).unwrap();
            assert_eq!(named.lines().count(), pages().unwrap().len());
            assert!(named.lines().all(|path| Path::new(path).is_file()), "{named}");
            assert!(dir.path().join(file).is_file(), "{named}");
        }
    }

    #[test]
    fn every_page_names_the_same_version_and_the_others_it_names_exist() {
        let pages = pages().unwrap();
        for (name, text) in &pages {
            let title = text.lines().find(|line| line.starts_with(".TH ")).unwrap();
            assert!(title.contains(DATE) && title.contains(VERSION), "{name}: {title}");
            let text = text.replace("\\-", "-").replace("\" (", "(").replace(" (", "(");
            for (at, _) in text.match_indices("savehub-") {
                let rest = &text[at..];
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-.()".contains(c))).unwrap_or(rest.len());
                let Some((page, section)) = rest[..end].split_once('(') else { continue };
                let file = format!("{page}.{}", section.split(')').next().unwrap());
                assert!(pages.iter().any(|(known, _)| *known == file), "{name} names {file}");
            }
        }
    }

    #[test]
    fn the_manual_page_has_every_command_option_and_section_once() {
        let page = page().unwrap();
        for section in [
            "EXIT STATUS",
            "FILES",
            "ENVIRONMENT",
            "EXAMPLES",
            "TIMES",
            "STATUS AS JSON",
            "CALENDARS AS JSON",
            "REPORT AS JSON",
            "CHECKS OF DOCTOR",
            "DOCTOR AS JSON",
            "EXPLAIN AS JSON",
            "PLAN AS JSON",
            "CONFIG AS JSON",
            "COMMANDS",
        ] {
            let heading = format!(".SH \"{section}\"\n");
            let plain = format!(".SH {section}\n");
            assert_eq!(page.matches(&heading).count() + page.matches(&plain).count(), 1, "{section}");
        }
        for command in [
            "savehub tick",
            "savehub meeting add",
            "savehub calendar check",
            "savehub import",
            "savehub report",
            "savehub call-test",
            "savehub generate man",
            "savehub generate vcard",
        ] {
            assert!(page.contains(&format!(".SS \"{command}\"\n")), "{command}");
        }
        assert_eq!(page.matches("\\-\\-config\\fR").count(), 2, "once in the synopsis, once among the options");
    }

    #[test]
    fn a_directory_that_is_not_there_is_a_usage_error() {
        let args = ManArgs { dir: "/nowhere/at/all".into(), sections: false };
        let error = man(&args, &mut Vec::new()).unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Usage);
        assert!(error.to_string().starts_with("cannot write /nowhere/at/all/savehub.1: "), "{error}");
    }
}

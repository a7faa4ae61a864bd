//! The config, what it names on this machine, and who else can read or change that.

use crate::cli::open;
use crate::cli::words::{broken_config, counted};
use crate::config::{
    Config, ConfigError, PartialConfig, Person, Problems, ProviderChoice, Warning, is_handed_over, warnings,
};
use crate::doctor::Check;
use crate::doctor::modes::{FileFacts, FileKind, shown};
use crate::model::{PauseView, Stop, Timestamp, printable};
use crate::node;
use rustix::fs::{Access, access};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// How many mistakes of a config are shown.
const TOLD: usize = 3;

const PROVIDER: &str = "Set call.provider (or the variable CALL_PROVIDER) to twilio when the rehearsal is over";

pub(super) fn config(loaded: &Result<Config, ConfigError>, now: Timestamp) -> Check {
    let name = "config";
    match loaded {
        Ok(Config { broken: Some(broken), people, .. }) => {
            let remedy = "`savehub config check` shows each with its line and what to write instead";
            Check::problem(name, broken_config(broken, people, now), remedy)
        }
        Ok(config) if config.refused.titles().len() > 0 => mistakes(&config.refused),
        Ok(config) => {
            let place = config.file.as_deref().map_or_else(|| "no file, from the environment".to_owned(), shown);
            if config.names_nobody {
                let remedy = "Add a [[person]] with id and phone; config.example.toml explains every key";
                return Check::warning(name, format!("{place}, nobody to call"), remedy);
            }
            Check::ok(name, format!("{place}, {}", counted(config.people.len(), "person")))
        }
        Err(ConfigError::Problems(problems)) => mistakes(problems),
        Err(error @ (ConfigError::Nobody { .. } | ConfigError::Refused { .. })) => {
            Check::problem(name, error.titles().join("; "), "`savehub config check` shows what to write instead")
        }
        Err(ConfigError::Unreadable { path, why }) => {
            let detail = format!("{} cannot be read: {}", shown(path), why.kind());
            Check::problem(name, detail, "Correct its name, or give this user access to it")
        }
        Err(ConfigError::NoConfig { looked_at }) => {
            let places: Vec<String> = looked_at.iter().map(|path| shown(path)).collect();
            let detail = format!("there is none; looked for {}", places.join(", "));
            let remedy = "`savehub init` makes one; a file elsewhere is named with --config or SAVEHUB_CONFIG";
            Check::problem(name, detail, remedy)
        }
    }
}

/// What `config check` refuses, the first of it in words.
fn mistakes(problems: &Problems) -> Check {
    let count = problems.titles().len();
    let mut titles: Vec<String> = problems.titles().take(TOLD).map(printable).collect();
    if count > TOLD {
        titles.push("…".into());
    }
    let detail = format!("{}: {}", counted(count, "mistake"), titles.join("; "));
    Check::problem("config", detail, "`savehub config check` shows each with its line and what to write instead")
}

/// What can never ring with this config.
pub(super) fn never_rings(config: &Config) -> Vec<Check> {
    let told = warnings(config).into_iter();
    told.map(|Warning { warning, help, .. }| Check::warning("config", printable(&warning), capital(&help))).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(super) fn provider(config: &Config) -> Check {
    let name = "provider";
    match &config.provider.twilio {
        _ if config.provider.chosen == ProviderChoice::Mock => {
            Check::warning(name, "the provider is mock: no phone will ring", PROVIDER)
        }
        _ if config.test_mode => {
            Check::warning(name, "test mode: no phone will ring", "Take out call.test_mode and CALL_TEST_MODE")
        }
        Some(twilio) => {
            let from: Vec<String> = twilio.numbers().map(ToString::to_string).collect();
            Check::ok(name, format!("twilio, calls come from {}", from.join(", ")))
        }
        None => Check::ok(name, "twilio"),
    }
}

/// The STOP file, and who is paused.
pub(super) fn brakes(stop: &Stop, pauses: &[PauseView]) -> Vec<Check> {
    let name = "brakes";
    let stop = stop.words().map(|words| {
        let words = printable(&words);
        if stop.is_unknown() {
            let remedy = "Let the user that runs savehub look into that directory, or mend its disk";
            Check::problem(name, format!("{words}; nothing rings until it can be"), remedy)
        } else {
            Check::warning(name, format!("{words}: nothing rings"), "Remove it when phones may ring again")
        }
    });
    let paused = pauses.iter().map(|pause| Check::warning(name, pause.words(), "`savehub resume` ends it"));
    let found: Vec<Check> = stop.into_iter().chain(paused).collect();
    if found.is_empty() { vec![Check::ok(name, "no STOP file, no pause")] } else { found }
}

/// `None`: it is not there, or cannot be looked at.
fn look_at(kind: FileKind, path: &Path) -> Option<FileFacts> {
    let meta = std::fs::metadata(path).ok()?;
    // Another thing where the database should be is reported by its own check; `chmod 600` would do harm to a
    // directory.
    let matters = match kind {
        FileKind::Database => meta.is_file(),
        FileKind::Secret => meta.is_file() && !is_handed_over(path, &open::env),
        FileKind::Config | FileKind::Directory => true,
    };
    if !matters {
        return None;
    }
    let (mode, owner) = (meta.mode() & 0o1777, meta.uid());
    let writable = access(path, Access::WRITE_OK).is_ok();
    Some(FileFacts { kind, path: path.to_owned(), mode, owner, writable })
}

/// Every file that matters, as it is.
pub(super) fn files(partial: &PartialConfig, database: Option<&Path>) -> Vec<FileFacts> {
    let config = partial.file.iter().filter_map(|path| look_at(FileKind::Config, path));
    let secrets = partial.secret_files.iter().filter_map(|path| look_at(FileKind::Secret, path));
    let file = database.into_iter().filter_map(|path| look_at(FileKind::Database, path));
    let directory = database.and_then(Path::parent).map(|dir| if dir == Path::new("") { Path::new(".") } else { dir });
    let directory = directory.into_iter().filter_map(|path| look_at(FileKind::Directory, path));
    config.chain(secrets).chain(file).chain(directory).collect()
}

/// The programs of the config: who uses each, and its words.
fn programs(config: &Config) -> Vec<(String, &[String])> {
    let commands = &config.channels.commands;
    let commands = commands.iter().map(|c| (format!("[command.{}]", printable(&c.name)), &c.argv[..]));
    let presence = |person: &Person| format!("presence_command of {}", printable(&person.id));
    let presence = config.people.iter().filter_map(|p| Some((presence(p), &p.presence_command.as_ref()?[..])));
    commands.chain(presence).collect()
}

/// Nothing where the config has no programs.
pub(super) fn commands(config: &Config) -> Vec<Check> {
    let name = "commands";
    let path = config.channels.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str());
    let programs = programs(config);
    let missing: Vec<Check> = programs
        .iter()
        .filter_map(|(user, argv)| {
            let program = argv.first()?;
            let why = unusable(program, path)?;
            // What stands behind the program may hold a password; the program itself is none.
            let detail = format!("{user}: {} {why}", printable(program));
            Some(Check::problem(name, detail, "Correct the path in the config, or make it executable (chmod +x)"))
        })
        .collect();
    match programs.len() {
        0 => Vec::new(),
        _ if !missing.is_empty() => missing,
        n => vec![Check::ok(name, format!("{}, can be run", counted(n, "program")))],
    }
}

/// The file for Prometheus: its directory must be there and writable, since the file is made anew each time.
pub(super) fn metrics(path: &Path) -> Check {
    let (name, shown) = ("metrics", shown(path));
    let problem = |why: &str, remedy: &str| Check::problem(name, format!("{shown} cannot be written: {why}"), remedy);
    let dir = path.parent().filter(|dir| *dir != Path::new("")).unwrap_or(Path::new("."));
    if path.is_dir() {
        return problem("it is a directory", "Write the path of a file into metrics_file");
    }
    if node::replaceable(path).is_none() {
        let remedy = "Write the path of a file into metrics_file";
        return Check::warning(name, format!("{shown} is a device or a pipe: no collector reads it"), remedy);
    }
    if !dir.is_dir() {
        return problem("there is no such directory", "Make the directory, or correct metrics_file");
    }
    if access(dir, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        let remedy =
            "Let the user who runs the ticks write there; a service of systemd needs ReadWritePaths= for it, too";
        return problem("this user may not write to its directory", remedy);
    }
    if path.extension().is_none_or(|end| end != "prom") {
        let remedy = "Let the name in metrics_file end with .prom";
        return Check::warning(name, format!("{shown}: the collector reads files whose names end with .prom"), remedy);
    }
    Check::ok(name, format!("{shown} can be written"))
}

/// Why a program cannot be run; `None`: it can. It is looked for as it will be when it is run.
fn unusable(program: &str, path: Option<&str>) -> Option<&'static str> {
    let runs = |file: &Path| file.is_file() && access(file, Access::EXEC_OK).is_ok();
    if program.contains('/') {
        let file = Path::new(program);
        return match (file.exists(), runs(file)) {
            (_, true) => None,
            (true, false) => Some("is there, but cannot be run"),
            (false, false) => Some("is not there"),
        };
    }
    let usual = "/bin:/usr/bin";
    let found = path.unwrap_or(usual).split(':').any(|dir| runs(&Path::new(dir).join(program)));
    (!found).then_some("is in no directory of PATH")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    #[test]
    fn a_program_is_looked_for_where_it_will_be_run_from() {
        assert_eq!(unusable("/bin/sh", None), None);
        assert_eq!(unusable("sh", Some("/nowhere:/bin")), None);
        assert_eq!(unusable("sh", Some("/nowhere")), Some("is in no directory of PATH"));
        assert_eq!(unusable("/nowhere/sh", None), Some("is not there"));
        assert_eq!(unusable("/etc/passwd", None), Some("is there, but cannot be run"));
        assert_eq!(unusable("/bin", None), Some("is there, but cannot be run"));
    }

    #[test]
    fn a_metrics_file_has_a_directory_and_a_name_that_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let of = |path: &str| metrics(&dir.path().join(path));
        assert_eq!(of("savehub.prom").status, Status::Ok);
        assert!(!dir.path().join("savehub.prom").exists(), "nothing is made");
        for (path, status, words) in [
            ("", Status::Problem, "it is a directory"),
            ("nowhere/savehub.prom", Status::Problem, "there is no such directory"),
            ("/dev/null", Status::Warning, "is a device or a pipe"),
            ("savehub.txt", Status::Warning, "names end with .prom"),
        ] {
            let found = of(path);
            assert!(found.status == status && found.detail.contains(words), "{found:?}");
        }
    }

    #[test]
    fn a_stop_file_and_each_pause_are_told() {
        let pause = PauseView { person: None, since: crate::cli::testing::NOW, until: None, reason: None };
        let found = brakes(&Stop::There("/x/STOP".into()), &[pause]);
        let told: Vec<_> = found.iter().map(|check| (check.status, check.detail.as_str())).collect();
        let everybody = "everybody is paused until `savehub resume`";
        assert_eq!(told, [(Status::Warning, "/x/STOP exists: nothing rings"), (Status::Warning, everybody)]);
        assert_eq!(brakes(&Stop::Absent, &[])[0].status, Status::Ok);
        let unknown = Stop::Unreadable { path: "/x/STOP".into(), error: "Permission denied".into() };
        let found = brakes(&unknown, &[]).remove(0);
        let words = "/x/STOP cannot be looked at: Permission denied; nothing rings until it can be";
        assert_eq!((found.status, found.detail.as_str()), (Status::Problem, words));
    }
}

//! The config, what it names on this machine, and who else can read or change that.

use super::check::Check;
use crate::config::{Config, ConfigError, Glimpse, Person, ProviderChoice};
use crate::model::{PauseView, printable};
use rustix::fs::{Access, access};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// How many mistakes of a config are told.
const TOLD: usize = 3;

const PROVIDER: &str = "Set call.provider (or the variable CALL_PROVIDER) to twilio when the rehearsal is over";

pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

pub(super) fn config(loaded: &Result<Config, ConfigError>) -> Check {
    let name = "config";
    match loaded {
        Ok(config) => {
            let place = config.file.as_deref().map_or_else(|| "no file, from the environment".to_owned(), shown);
            let people = match config.people.len() {
                0 => {
                    let remedy = "Add a [[person]] with id and phone; config.example.toml explains every key";
                    return Check::warning(name, format!("{place}, nobody to call"), remedy);
                }
                1 => "1 person".to_owned(),
                n => format!("{n} people"),
            };
            Check::ok(name, format!("{place}, {people}"))
        }
        Err(ConfigError::Problems(problems)) => {
            let count = problems.titles().len();
            let mut titles: Vec<String> = problems.titles().take(TOLD).map(printable).collect();
            if count > TOLD {
                titles.push("…".into());
            }
            let noun = if count == 1 { "mistake" } else { "mistakes" };
            let detail = format!("{count} {noun}: {}", titles.join("; "));
            Check::problem(name, detail, "`savehub config check` shows each with its line and what to write instead")
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

/// `stop`: the STOP file, when it is there.
pub(super) fn brakes(stop: Option<&Path>, pauses: &[PauseView]) -> Vec<Check> {
    let name = "brakes";
    let stop = stop.map(|path| {
        Check::warning(name, format!("{} exists: nothing rings", shown(path)), "Remove it when phones may ring again")
    });
    let paused = pauses.iter().map(|pause| Check::warning(name, pause.words(), "`savehub resume` ends it"));
    let found: Vec<Check> = stop.into_iter().chain(paused).collect();
    if found.is_empty() { vec![Check::ok(name, "no STOP file, no pause")] } else { found }
}

/// What a file is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Config,
    Secret,
    Database,
    /// The directory of the database.
    Directory,
}

/// A file as it is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileSeen {
    pub(super) kind: Kind,
    pub(super) path: PathBuf,
    /// With the sticky bit.
    pub(super) mode: u32,
    pub(super) owner: u32,
    /// May we write it?
    pub(super) writable: bool,
}

impl FileSeen {
    /// `None`: it is not there, or cannot be looked at.
    fn at(kind: Kind, path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        // Another thing where the database should be is told by its own check; `chmod 600` would do harm to a directory.
        if kind == Kind::Database && !meta.is_file() {
            return None;
        }
        let (mode, owner) = (meta.mode() & 0o1777, meta.uid());
        let writable = access(path, Access::WRITE_OK).is_ok();
        Some(Self { kind, path: path.to_owned(), mode, owner, writable })
    }
}

/// Every file that matters, as it is.
pub(super) fn files(glimpse: &Glimpse, database: Option<&Path>) -> Vec<FileSeen> {
    let config = glimpse.file.iter().filter_map(|path| FileSeen::at(Kind::Config, path));
    let secrets = glimpse.secret_files.iter().filter_map(|path| FileSeen::at(Kind::Secret, path));
    let file = database.into_iter().filter_map(|path| FileSeen::at(Kind::Database, path));
    let directory = database.and_then(Path::parent).map(|dir| if dir == Path::new("") { Path::new(".") } else { dir });
    let directory = directory.into_iter().filter_map(|path| FileSeen::at(Kind::Directory, path));
    config.chain(secrets).chain(file).chain(directory).collect()
}

/// `me`: the user who asks.
pub(super) fn modes(files: &[FileSeen], me: u32) -> Vec<Check> {
    let name = "modes";
    let mut found: Vec<Check> = files.iter().flat_map(|file| judge(name, file)).collect();
    let foreign = files.iter().find(|file| file.kind == Kind::Database && file.owner != me);
    found.extend(foreign.map(|file| {
        let detail = format!("{} belongs to user {}, and you are user {me}", shown(&file.path), file.owner);
        Check::warning(name, detail, "Run doctor as the user who runs the ticks, to see what they see")
    }));
    if found.is_empty() {
        let seen: Vec<String> = files.iter().map(|file| format!("{} {:03o}", file.kind.word(), file.mode)).collect();
        let detail = if seen.is_empty() { "no file yet".to_owned() } else { seen.join(", ") };
        found.push(Check::ok(name, detail));
    }
    found
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Secret => "secret",
            Self::Database => "database",
            Self::Directory => "its directory",
        }
    }
}

fn judge(name: &'static str, file: &FileSeen) -> Vec<Check> {
    let (path, mode) = (shown(&file.path), file.mode);
    let others_write = mode & 0o022 != 0;
    let mut found = Vec::new();
    match file.kind {
        Kind::Config if others_write => {
            let detail =
                format!("others can change {path} (mode {mode:03o}), and with it who is called and what is run");
            found.push(Check::problem(name, detail, format!("Run: chmod go-w {path}")));
        }
        Kind::Secret if mode & 0o066 != 0 => {
            let detail = format!("{path} holds a secret, and others can read or change it (mode {mode:03o})");
            found.push(Check::problem(name, detail, format!("Run: chmod 600 {path}")));
        }
        Kind::Database if mode & 0o066 != 0 => {
            let detail = format!("others can read or change {path} (mode {mode:03o}), which holds phone numbers");
            found.push(Check::problem(name, detail, format!("Run: chmod 600 {path}*")));
        }
        // Whoever may write there may put another database in its place, unless the sticky bit keeps them off.
        Kind::Directory if others_write && mode & 0o1000 == 0 => {
            let detail = format!("others can change the database's directory {path} (mode {mode:03o})");
            found.push(Check::problem(name, detail, format!("Run: chmod go-w {path}")));
        }
        _ => {}
    }
    if matches!(file.kind, Kind::Database | Kind::Directory) && !file.writable {
        let what = if file.kind == Kind::Database { "the database" } else { "the database's directory" };
        let remedy = "Give it to the user who runs the ticks: SQLite writes the file and two more beside it";
        found.push(Check::problem(name, format!("{what} {path} cannot be written by this user"), remedy));
    }
    found
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
        1 => vec![Check::ok(name, "1 program, can be run")],
        n => vec![Check::ok(name, format!("{n} programs, can be run"))],
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
    use super::super::check::Status;
    use super::*;

    fn file(kind: Kind, mode: u32) -> FileSeen {
        FileSeen { kind, path: "/x/file".into(), mode, owner: 7, writable: true }
    }

    fn status(seen: FileSeen) -> Status {
        modes(&[seen], 7)[0].status
    }

    #[test]
    fn nobody_else_may_change_the_config_or_read_secrets_and_the_database() {
        for (kind, mode, expected) in [
            (Kind::Config, 0o644, Status::Ok),
            (Kind::Config, 0o664, Status::Problem),
            (Kind::Secret, 0o600, Status::Ok),
            (Kind::Secret, 0o400, Status::Ok),
            (Kind::Secret, 0o640, Status::Problem),
            (Kind::Secret, 0o604, Status::Problem),
            (Kind::Database, 0o600, Status::Ok),
            (Kind::Database, 0o644, Status::Problem),
            (Kind::Directory, 0o755, Status::Ok),
            (Kind::Directory, 0o777, Status::Problem),
            (Kind::Directory, 0o1777, Status::Ok),
        ] {
            assert_eq!(status(file(kind, mode)), expected, "{kind:?} {mode:o}");
        }
    }

    #[test]
    fn a_database_must_be_writable_together_with_its_directory() {
        for kind in [Kind::Database, Kind::Directory] {
            assert_eq!(status(FileSeen { writable: false, ..file(kind, 0o600) }), Status::Problem);
        }
        assert_eq!(status(FileSeen { writable: false, ..file(Kind::Secret, 0o400) }), Status::Ok);
    }

    #[test]
    fn somebody_elses_database_is_a_reason_to_ask_as_them() {
        let found = &modes(&[file(Kind::Database, 0o600)], 0)[0];
        assert_eq!(
            (found.status, found.detail.as_str()),
            (Status::Warning, "/x/file belongs to user 7, and you are user 0")
        );
    }

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
            ("savehub.txt", Status::Warning, "names end with .prom"),
        ] {
            let found = of(path);
            assert!(found.status == status && found.detail.contains(words), "{found:?}");
        }
    }

    #[test]
    fn a_stop_file_and_each_pause_are_told() {
        let pause = PauseView { person: None, since: crate::cli::testing::NOW, until: None, reason: None };
        let found = brakes(Some(Path::new("/x/STOP")), &[pause]);
        let told: Vec<_> = found.iter().map(|check| (check.status, check.detail.as_str())).collect();
        let everybody = "everybody is paused until `savehub resume`";
        assert_eq!(told, [(Status::Warning, "/x/STOP exists: nothing rings"), (Status::Warning, everybody)]);
        assert_eq!(brakes(None, &[])[0].status, Status::Ok);
    }
}

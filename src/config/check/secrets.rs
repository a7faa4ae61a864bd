//! Where a secret comes from: the file itself, a variable, another file, or a command. Never says what is in it.

use crate::config::effective::Value;
use crate::config::input::{Env, Input, set};
use crate::config::places;
use crate::config::raw::{Table, problem_at};
use crate::config::screen::Hidden;
use crate::config::show::{CheckReport, Problem};
use crate::model::{others_of_secret, printable};
use crate::program::{Ended, Program};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};
use toml::Spanned;

/// How long a command may take to print a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// The longest secret, in bytes: what comes after it is not read.
const LONGEST: usize = 4096;

/// The keys one secret can be given by, in the order of [`Source`].
pub(super) type Keys = [&'static str; 4];

pub(super) const AUTH_TOKEN: Keys = ["auth_token", "auth_token_env", "auth_token_file", "auth_token_command"];
pub(super) const API_SECRET: Keys =
    ["api_key_secret", "api_key_secret_env", "api_key_secret_file", "api_key_secret_command"];

/// One way to a secret, as it was typed.
pub(super) enum Source<'a> {
    Literal(&'a str),
    Variable(&'a str),
    File(&'a str),
    Command(Vec<&'a str>),
}

/// A source with its key and its place.
pub(super) struct Named<'a> {
    pub(super) key: &'static str,
    pub(super) at: Range<usize>,
    source: Source<'a>,
}

/// The one source written under these keys; a second one is reported.
pub(super) fn source<'a>(table: &Table<'a, '_>, keys: &Keys) -> Option<Named<'a>> {
    let text = |key, make: fn(&'a str) -> Source<'a>| {
        let text: Spanned<&'a str> = table.text(key, "a text in quotes")?;
        Some(Named { key, at: text.span(), source: make(text.into_inner()) })
    };
    let command = table.texts(keys[3], "a program and its arguments, such as [\"pass\", \"show\", \"twilio\"]");
    let command = command.map(|argv| Named {
        key: keys[3],
        at: argv.span(),
        source: Source::Command(argv.into_inner().into_iter().map(Spanned::into_inner).collect()),
    });
    let found = [text(keys[0], Source::Literal), text(keys[1], Source::Variable), text(keys[2], Source::File), command];
    let mut found: Vec<Named<'a>> = found.into_iter().flatten().collect();
    found.sort_by_key(|named| named.at.start);
    for named in &found {
        table.note(named.key, || named.shown(table.input()));
    }
    let mut found = found.into_iter();
    let first = found.next()?;
    for second in found {
        let title = format!("both `{}` and `{}` are given", first.key, second.key);
        table.report.push(problem_at(second.key, &second.at, title).label("keep one of them"));
    }
    Some(first)
}

impl<'a> Named<'a> {
    /// The secret itself, when it stands in the file.
    pub(super) fn literal(&self) -> Option<&'a str> {
        if let Source::Literal(text) = self.source { Some(text) } else { None }
    }

    pub(super) fn is_command(&self) -> bool {
        matches!(self.source, Source::Command(_))
    }

    /// Where it comes from, for `config show`. What was typed where a variable or a file should stand may be the secret, by
    /// mistake: it is shown only when there is such a variable or file.
    fn shown(&self, input: &Input<'_>) -> Value {
        match &self.source {
            Source::Literal(_) => Value::in_the_config(),
            Source::Variable(name) if set(input.env, name).is_some() => {
                Value::Secret(format!("from {}", printable(name)))
            }
            Source::Variable(_) => Value::NotSet(Some("the variable it names is not set")),
            Source::File(path) => match places::expand(path, input.path, input.env).filter(|path| path.is_file()) {
                Some(path) => Value::Secret(format!("from file {}", printable(&path.display().to_string()))),
                None => Value::NotSet(Some("there is no such file")),
            },
            Source::Command(_) => Value::Secret("from a command".into()),
        }
    }

    /// Fetches the secret; otherwise says why not, without a word of what was typed or printed.
    pub(super) fn fetch(&self, input: &Input<'_>) -> Result<SecretString, String> {
        if let Source::File(path) = &self.source {
            places::expand(path, input.path, input.env).ok_or("there is no home directory for `~`")?;
        }
        self.later(input).fetch()
    }

    /// The same source, to be asked when the secret is needed. A variable is read now: the environment does not change.
    pub(super) fn later(&self, input: &Input<'_>) -> Later {
        let env = input.env;
        let from = match &self.source {
            Source::Literal(text) => From::Text((*text).into()),
            Source::Variable(name) => From::Variable((*name).to_owned(), set(env, name).map(SecretString::from)),
            Source::File(path) => {
                From::File(places::expand(path, input.path, env).unwrap_or_else(|| PathBuf::from(path)))
            }
            Source::Command(argv) => From::Command(argv.iter().map(|&word| word.to_owned()).collect()),
        };
        Later { key: self.key, from }
    }
}

/// A secret that is fetched when it is needed, each time anew.
#[derive(Clone)]
pub struct Later {
    key: &'static str,
    from: From,
}

#[derive(Clone)]
enum From {
    Text(SecretString),
    /// Its name, and what it holds.
    Variable(String, Option<SecretString>),
    File(PathBuf),
    Command(Vec<String>),
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Later").field(&self.key).finish()
    }
}

impl Later {
    /// Under which key it was given.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// A secret that is at hand.
    pub fn here(key: &'static str, text: SecretString) -> Self {
        Self { key, from: From::Text(text) }
    }

    /// A secret in the first line of a file.
    pub fn in_file(key: &'static str, file: PathBuf) -> Self {
        Self { key, from: From::File(file) }
    }

    /// A secret in a variable of this name, which holds this.
    pub fn in_variable(key: &'static str, name: String, value: Option<SecretString>) -> Self {
        Self { key, from: From::Variable(name, value) }
    }

    /// Fetches it, a token; otherwise says why not, without a word of what was typed or printed.
    pub fn fetch(&self) -> Result<SecretString, String> {
        usable(&self.read()?)
    }

    /// As [`Later::fetch`], for a secret in which spaces and letters of any language may stand.
    pub fn fetch_line(&self) -> Result<SecretString, String> {
        let text = self.read()?;
        match () {
            () if text.is_empty() => Err("the first line is empty".into()),
            () if text.chars().any(char::is_control) => Err("the first line holds a control character".into()),
            () => Ok(SecretString::from(text)),
        }
    }

    fn read(&self) -> Result<String, String> {
        match &self.from {
            From::Text(text) => Ok(text.expose_secret().to_owned()),
            From::Variable(_, value) => {
                let value = value.as_ref().ok_or("the environment variable it names is not set")?;
                Ok(value.expose_secret().to_owned())
            }
            From::File(path) => line_of(path),
            From::Command(argv) => run(&argv.iter().map(String::as_str).collect::<Vec<_>>(), COMMAND_LIMIT),
        }
    }

    /// Tells this source from every other one, whatever it holds.
    pub(in crate::config) fn identity(&self) -> Vec<u8> {
        let of = |kind: &str, words: &[&[u8]]| [kind.as_bytes(), &words.join(&b"\0"[..])].join(&b"\0"[..]);
        match &self.from {
            From::Text(text) => text.expose_secret().as_bytes().to_owned(),
            From::Variable(name, _) => of("variable", &[name.as_bytes()]),
            From::File(path) => of("file", &[path.as_os_str().as_encoded_bytes()]),
            From::Command(argv) => of("command", &argv.iter().map(String::as_bytes).collect::<Vec<_>>()),
        }
    }
}

impl Source<'_> {
    /// Is there anything to read at all?
    fn is_empty(&self) -> bool {
        match self {
            Self::Literal(text) | Self::Variable(text) | Self::File(text) => text.is_empty(),
            Self::Command(argv) => argv.first().is_none_or(|program| program.is_empty()),
        }
    }
}

/// Is it a file that a service manager hands over? Who may see it is decided by the place, and its mode lets everybody
/// read it there: systemd's credentials, secrets of a container, and a volume of Kubernetes, whose files are links through
/// `..data`.
pub fn is_handed_over(file: &Path, env: &Env<'_>) -> bool {
    let real = fs::canonicalize(file);
    let below = |dir: &Path| file.starts_with(dir) || real.as_ref().is_ok_and(|real| real.starts_with(dir));
    let volume = |dir: &Path| fs::symlink_metadata(dir.join("..data")).is_ok_and(|data| data.is_symlink());
    set(env, "CREDENTIALS_DIRECTORY").is_some_and(|dir| below(Path::new(&dir)))
        || below(Path::new("/run/secrets"))
        || file.ancestors().skip(1).any(volume)
}

/// Reports a file that others can read. What is no file, such as a pipe, has no readers of its own.
fn guard_file(named: &Named<'_>, path: &str, report: &CheckReport<'_>) {
    use std::os::unix::fs::MetadataExt as _;
    let env = report.input.env;
    let Some(path) = places::expand(path, report.input.path, env) else { return };
    let Some(found) = fs::metadata(&path).ok().filter(fs::Metadata::is_file) else { return };
    if others_of_secret(found.mode(), found.uid()) & 0o044 != 0 && !is_handed_over(&path, env) {
        let title = format!("`{}` names a file that others can read (mode {:03o})", named.key, found.mode() & 0o777);
        let help = format!("run: chmod 600 {}", shell_word(&printable(&path.display().to_string())));
        report.push(Problem::new(title).at(&named.at).hide(Hidden::Secret).help(help).only_checked());
    }
}

/// Reports a source that names nothing, and a secret file that others can read. True: it names something.
pub(super) fn names_something(named: &Named<'_>, report: &CheckReport<'_>) -> bool {
    let empty = named.source.is_empty();
    if empty {
        let title = format!("`{}` is empty", named.key);
        report.push(problem_at(named.key, &named.at, title).label("fill it in, or take the line out"));
    } else if let Source::File(path) = named.source {
        guard_file(named, path, report);
    }
    !empty
}

/// The same, and reports a secret that stands in a file that others can read.
pub(super) fn guard(named: &Named<'_>, report: &CheckReport<'_>) {
    if names_something(named, report) && named.literal().is_some() {
        guard_mode(named.key, &named.at, report);
    }
}

/// A secret that stands in a file that others can read is refused, with the command that ends it.
pub(super) fn guard_mode(key: &str, at: &Range<usize>, report: &CheckReport<'_>) {
    if let (Some(mode), Some(path)) = (report.input.mode, report.input.path)
        && mode & 0o044 != 0
    {
        let title = format!("`{key}` stands in a file that others can read (mode {mode:03o})");
        let problem = Problem::new(title).at(at).hide(Hidden::Secret);
        report.push(problem.help(format!("run: chmod 600 {}", shell_word(&path.display().to_string()))));
    }
}

/// A word as a shell reads it back.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,".contains(c);
    if text.chars().all(plain) { text.into() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The credential systemd hands over, when there is one: `LoadCredential=twilio_auth_token:…`.
pub(in crate::config) fn systemd_credential(env: &Env<'_>) -> Option<SecretString> {
    let file = Path::new(&set(env, "CREDENTIALS_DIRECTORY")?).join("twilio_auth_token");
    usable(&read_line(fs::File::open(file).ok()?).ok()?).ok()
}

/// The first line of a file.
fn line_of(path: &Path) -> Result<String, String> {
    use std::os::unix::fs::FileTypeExt as _;
    // Nobody may ever write to a pipe, and a tick would wait for that.
    if fs::metadata(path).map_err(unreadable)?.file_type().is_fifo() {
        return Err("it is a pipe and not a file".into());
    }
    fs::File::open(path).and_then(read_line).map_err(unreadable)
}

/// The reason alone: io errors of files hold no path.
#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
fn unreadable(error: io::Error) -> String {
    format!("the file cannot be read ({})", places::reason(&error))
}

fn usable(text: &str) -> Result<SecretString, String> {
    if text.is_empty() {
        return Err("the first line is empty".into());
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("the first line holds a space or a character that no token has".into());
    }
    Ok(SecretString::from(text))
}

/// The first line, without its end.
fn read_line(from: impl io::Read) -> io::Result<String> {
    let mut text = String::new();
    io::BufRead::read_line(&mut io::BufReader::new(from).take(LONGEST as u64), &mut text)?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    Ok(text)
}

/// Runs a program and takes the first line it prints. Its complaints are thrown away: they may repeat what it was about
/// to print. It may ask a person for a password, so it has our environment and our terminal.
fn run(argv: &[&str], limit: Duration) -> Result<String, String> {
    run_at(argv, limit, fs::File::open("/dev/tty").is_ok())
}

/// Where there is no terminal, the program ends with everything it started. A terminal would stop what reads from it in
/// another group than ours.
fn run_at(argv: &[&str], limit: Duration, terminal: bool) -> Result<String, String> {
    let argv = argv.to_vec();
    let program = Program { argv, env: None, own_group: !terminal, keep_stderr: false, keep: LONGEST, limit };
    let ran = program.run().map_err(|why| format!("the program cannot be started ({})", places::reason(&why)))?;
    match ran.ended {
        Ended::Code(0) => read_line(ran.output.as_slice())
            .map_err(|why| format!("the program cannot be read ({})", places::reason(&why))),
        Ended::Code(code) => Err(format!("the program failed (exit status: {code})")),
        Ended::Signal(signal) => Err(format!("the program failed (signal: {signal})")),
        Ended::Killed => Err(format!("the program did not end within {} s", limit.as_secs_f64())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn the_first_line_of_a_command_is_the_secret_and_no_shell_reads_the_arguments() {
        assert_eq!(run(&["printf", "a$HOME\nb\n"], COMMAND_LIMIT), Ok("a$HOME".into()));
    }

    #[test]
    fn a_command_that_hangs_is_ended_at_its_limit() {
        let limit = Duration::from_millis(100);
        assert_eq!(run(&["sleep", "600"], limit), Err("the program did not end within 0.1 s".into()));
    }

    #[test]
    fn without_a_terminal_a_command_that_hangs_ends_with_everything_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("alive");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let script = format!("exec 3>{}; sleep 1200 & wait", fifo.display());
        // Ends when nobody has it open for writing any more.
        let alive = std::thread::spawn(move || fs::read(fifo).unwrap());
        let limit = Duration::from_secs(2);
        assert_eq!(run_at(&["/bin/sh", "-c", &script], limit, false), Err("the program did not end within 2 s".into()));
        alive.join().unwrap();
    }

    #[test]
    fn a_path_is_quoted_for_the_shell_when_it_must_be() {
        assert_eq!(shell_word("/etc/savehub/config.toml"), "/etc/savehub/config.toml");
        assert_eq!(shell_word("/a b/it's"), "'/a b/it'\\''s'");
    }
}

//! `savehub init`: asks for what savehub needs, writes a config that passes the checker, makes the database, looks whether
//! anything is wrong (`savehub doctor`), and says how to run it. Nothing is written before everything is known to be right.
//!
//! `ask` gets the answers, `text` makes a config of them, `write` puts files where nobody else can read them.

mod ask;
mod text;

use super::args::InitArgs;
use super::ctx::Invocation;
use super::generate::schedule::{SYSTEM_CONFIG, SYSTEM_DATABASE};
use super::print::Screen;
use super::{open, write};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{self, Config, shell_word};
use crate::exit::{Exit, UsageError};
use crate::model::{Phone, printable};
use crate::store::sqlite::Create;
use ask::Asker;
use secrecy::{ExposeSecret as _, SecretString};
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use text::{Answers, Calendar};

/// Where the config and the database go.
struct InitPaths {
    config: PathBuf,
    /// `None`: the usual place.
    database: Option<&'static str>,
    /// Is it the usual place of the config? Then no command needs `--config`.
    usual: bool,
    system: bool,
}

/// Runs the command.
pub(super) fn run(args: &InitArgs, Invocation { file, screen, out }: Invocation<'_>) -> anyhow::Result<Exit> {
    let paths = InitPaths::of(args, file)?;
    if paths.config.symlink_metadata().is_ok() && !args.force {
        return Err(UsageError(format!(
            "there is a config at {}: edit it and run `savehub config check`, or add --force to replace it",
            paths.config.display()
        ))
        .into());
    }
    let stdin = std::io::stdin();
    let terminal = stdin.is_terminal();
    let (mut input, mut questions) = (stdin.lock(), std::io::stderr());
    let asks = terminal && !args.yes;
    let mut asker = Asker { input: &mut input, output: &mut questions, terminal, env: &open::env };
    let answers = if asks { ask::ask(args, &mut asker) } else { ask::without_questions(args, &mut asker) }?;
    let (written, is_new) = set_up(&answers, &paths, args.force)?;
    let config = open::config(Some(&paths.config))?;
    show(&answers, &written, (&config, is_new), out)?;
    writeln!(out, "\n{}", screen.paint.heading("What `savehub doctor` says:"))?;
    // Asking a provider takes a while.
    out.flush()?;
    // What it finds is to be mended, and the config is written all the same.
    let findings = super::doctor::look(Some(&paths.config), args.offline, SystemClock.now());
    out.write_all(super::doctor::text(&findings, screen.paint, true).as_bytes())?;
    out.write_all(next_steps(&paths, screen).as_bytes())?;
    Ok(Exit::Done)
}

/// Checks the config with the checker of every command and makes the database, then writes the config and its secrets.
/// Returns the files it wrote, and whether the database is new.
fn set_up(answers: &Answers, paths: &InitPaths, force: bool) -> anyhow::Result<(Vec<PathBuf>, bool)> {
    let text = text::config(answers, paths.database);
    let token = answers.token();
    // The file of the token is not there yet.
    let env = |name: &str| match (name, token) {
        ("TWILIO_AUTH_TOKEN", Some(token)) => Some(token.expose_secret().to_owned()),
        _ => open::env(name),
    };
    let config = config::from_text(&text, &paths.config, &env)?;
    let beside = |name: &str| paths.config.with_file_name(name);
    let mut secrets: Vec<(PathBuf, &SecretString)> = Vec::new();
    secrets.extend(token.map(|token| (beside(text::TOKEN_FILE), token)));
    if let Some(Calendar::Address(address)) = &answers.calendar {
        secrets.push((beside(&answers.calendar_file()), address));
    }
    if let Some((there, _)) = secrets.iter().find(|(path, _)| !force && path.symlink_metadata().is_ok()) {
        let why = format!("there is a file {} already; add --force to replace it", there.display());
        return Err(UsageError(why).into());
    }
    write::directory(&paths.config)?;
    // First: with a config that is written and no database, this command could not be tried again.
    let is_new = !config.database.exists();
    open::store_or_new(&config, Create::Yes)?;
    for (path, secret) in &secrets {
        write::file(path, &format!("{}\n", secret.expose_secret()), force)?;
    }
    if force {
        write::keep_old(&paths.config)?;
    }
    write::file(&paths.config, &text, force)?;
    let written = std::iter::once(paths.config.clone()).chain(secrets.into_iter().map(|(path, _)| path)).collect();
    Ok((written, is_new))
}

impl InitPaths {
    fn of(args: &InitArgs, file: Option<&Path>) -> anyhow::Result<Self> {
        let own = config::own_file(&open::env);
        if args.system {
            if file.is_some_and(|file| file != Path::new(SYSTEM_CONFIG)) {
                let why = format!("--system writes {SYSTEM_CONFIG}: leave out --config (and SAVEHUB_CONFIG)");
                return Err(UsageError(why).into());
            }
            // The user of the service has no config of its own, so every command finds this one.
            let config = PathBuf::from(SYSTEM_CONFIG);
            return Ok(Self { config, database: Some(SYSTEM_DATABASE), usual: true, system: true });
        }
        let config = file.map(Path::to_owned).or_else(|| own.clone());
        let config = config.ok_or_else(|| UsageError("HOME is not set: say where with --config FILE".into()))?;
        let config = std::path::absolute(&config).unwrap_or(config);
        let usual = own.as_ref() == Some(&config);
        Ok(Self { config, database: None, usual, system: false })
    }
}

fn show(
    answers: &Answers,
    written: &[PathBuf],
    (config, is_new): (&Config, bool),
    out: &mut dyn Write,
) -> std::io::Result<()> {
    for path in written {
        writeln!(out, "wrote {}, which only you can read", path.display())?;
    }
    let database = config.database.display();
    writeln!(out, "{} {database}", if is_new { "made the database" } else { "kept the database" })?;
    let phone = Phone::parse(&answers.phone).map(|phone| phone.masked()).unwrap_or_default();
    let calls = if answers.account.is_some() { "Twilio" } else { "the mock phone, so no phone rings yet" };
    writeln!(out, "{} ({phone}) is called by {calls}", printable(&answers.name))
}

/// What to do now: to try it, and to let it run.
fn next_steps(paths: &InitPaths, screen: Screen) -> String {
    let heading = |text: &str| screen.paint.heading(text);
    let named = if paths.usual {
        String::new()
    } else {
        format!(" --config {}", shell_word(&paths.config.display().to_string()))
    };
    let (sudo, system) = if paths.system { ("sudo -u savehub ", true) } else { ("", false) };
    let try_it = format!(
        "\n{}\n  {sudo}savehub{named} call-test --mock\n  {sudo}savehub{named} meeting add \"Board sync\" --at \"tomorrow \
         9:00\"\n  {sudo}savehub{named} status\n",
        heading("Try it:")
    );
    if system {
        return format!("{try_it}\n{}\n  sudo systemctl enable --now savehub.timer\n", heading("Run it:"));
    }
    format!(
        "{try_it}\n{}\n  {{ crontab -l; savehub{named} generate cron; }} | crontab -\n\n{}\n  \
         mkdir -p ~/.config/systemd/user\n  savehub{named} generate systemd --user --dir ~/.config/systemd/user\n  \
         systemctl --user enable --now savehub.timer\n  loginctl enable-linger\n",
        heading("Run it every 30 seconds, with cron:"),
        heading("or with systemd, also while you are logged out:")
    )
}

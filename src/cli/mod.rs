//! The command line: one small file per command, each against the [`Store`] port and the checked config.
//!
//! The way of every command: parse ([`args`]) -> log -> config -> store (`open`) -> run -> exit code
//! ([`crate::exit`]). Only here does the program meet the process: environment, terminal, clock.

pub mod args;
mod calendar;
mod call_test;
pub mod checkin;
mod config;
mod ctx;
mod db;
mod demo;
pub mod doctor;
pub mod explain;
pub mod generate;
mod import;
mod init;
mod json;
pub mod keypress;
mod local_time;
pub mod meeting;
mod monitoring;
mod open;
pub mod pause;
pub mod pick;
pub mod plan;
pub mod print;
pub mod report;
pub mod resolve;
pub mod resume;
pub mod status;
#[cfg(test)]
mod testing;
mod tick;
pub mod undo;
mod unseen;
pub mod vcard;
mod waits;
mod watchdog;
pub mod words;
mod write;

pub use ctx::Ctx;

use crate::clock::{Clock as _, SystemClock};
use crate::config::{ConfigError, Secrets};
use crate::exit::Exit;
use crate::model::{IncidentId, printable};
use crate::store::Store;
use crate::store::sqlite::Create;
use args::{Cli, ColorWhen, Command, GenerateCommand, MeetingCommand};
use ctx::Invocation;
use print::{BrokenPipeWriter, Paint, Screen};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs a command to its exit code; errors are printed on stderr.
pub fn run(cli: &Cli) -> ExitCode {
    keep_secrets_in();
    let wish = match cli.global.color {
        ColorWhen::Auto => None,
        ColorWhen::Always => Some(true),
        ColorWhen::Never => Some(false),
    };
    let errors = Screen::stderr(wish).paint;
    // The demo tells its story itself; `-v` adds the log of the engine.
    let quiet = cli.global.quiet || (matches!(cli.command, Command::Demo) && cli.global.verbose == 0);
    crate::log::init(cli.global.verbose, quiet, errors.is_on());
    let mut out = BrokenPipeWriter::new(std::io::stdout().lock());
    let file = cli.global.config.as_deref();
    let done = dispatch(cli, Invocation { file, screen: Screen::stdout(wish), out: &mut out }).and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    let exit = done.unwrap_or_else(|error| {
        let exit = Exit::of(&error);
        if exit != Exit::Done {
            // When stderr is gone, there is nowhere to print it.
            let _ = writeln!(std::io::stderr(), "{}", render(&error, errors));
        }
        exit
    });
    exit.into()
}

/// A process that dies must not leave its secrets behind: no core dump, and of a panic only its place.
fn keep_secrets_in() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    // A limit that cannot be lowered is no reason to stop.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        log::error!("internal error at {place}; please report it");
    }));
}

/// A config error brings its own picture; every other error is one line.
fn render(error: &anyhow::Error, paint: Paint) -> String {
    match error.downcast_ref::<ConfigError>() {
        Some(config) => config.render(paint.is_on()),
        None => format!("{} {error:#}", paint.alarm("error:")),
    }
}

fn dispatch(cli: &Cli, io: Invocation<'_>) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Tick(args) => tick::run(args, io),
        Command::Checkin(args) => with_store(cli, io, Create::No, |ctx| checkin::run(args, ctx)),
        Command::Undo(args) => with_store(cli, io, Create::No, |ctx| undo::run(args, ctx)),
        Command::Resolve(args) => with_store(cli, io, Create::No, |ctx| resolve::run(args, ctx)),
        Command::Status(args) => with_store(cli, io, Create::No, |ctx| status::run(args, ctx)),
        Command::Pause(args) => with_store(cli, io, Create::No, |ctx| pause::run(args, ctx)),
        Command::Resume(args) => with_store(cli, io, Create::No, |ctx| resume::run(args, ctx)),
        Command::Report(args) => with_store(cli, io, Create::No, |ctx| report::run(args, ctx)),
        Command::Doctor(args) => doctor::run(args, io),
        Command::Explain(args) => with_store(cli, io, Create::No, |ctx| explain::run(args, ctx)),
        Command::Plan(args) => plan::run(args, cli.global.verbose > 0, io),
        Command::Meeting(command) => {
            // Only `add` makes a database; the other commands say that there is none.
            let add = matches!(command, MeetingCommand::Add(_));
            with_store(cli, io, if add { Create::Yes } else { Create::No }, |ctx| meeting::run(command, ctx))
        }
        Command::Calendar(command) => calendar::run(command, io),
        Command::Import(args) => with_store(cli, io, Create::Yes, |ctx| import::run(args, ctx)),
        Command::CallTest(args) => call_test::run(args, io),
        Command::Db(command) => db::run(command, io),
        Command::Demo => demo::run(io.screen, io.out),
        Command::Generate(GenerateCommand::Man(args)) => generate::man(args, io.out),
        Command::Generate(GenerateCommand::Vcard(args)) => vcard::run(args, &open::config(io.file)?, io.out),
        Command::Generate(GenerateCommand::Systemd(args)) => generate::schedule::systemd(args, io),
        Command::Generate(GenerateCommand::Cron(args)) => generate::schedule::cron(args, io),
        Command::Generate(GenerateCommand::Completions(args)) => generate::completions::run(args, io.out),
        Command::Config(command) => config::run(command, io),
        Command::Init(args) => init::run(args, io),
    }
}

/// Runs a command on the store of the config.
fn with_store(
    cli: &Cli,
    Invocation { file, screen, out }: Invocation<'_>,
    create: Create,
    command: impl FnOnce(&mut Ctx<'_>) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let config = open::config_or_last_good(file, Secrets::NotNeeded, false)?;
    local_time::check(&cli.command, &config)?;
    if let (Some(broken), false) = (&config.broken, matches!(cli.command, Command::Status(_))) {
        log::warn!("{}", words::broken_config(broken, &config.people, SystemClock.now()));
    }
    let store = open::store(&config, create)?;
    let mut hang_up = |incident| hang_up(file, &store, incident);
    let (now, store) = (SystemClock.now(), store.as_ref());
    command(&mut Ctx { now, config: &config, store, screen, out, hang_up: &mut hang_up })
}

/// Hangs up at once the calls that a check-in left. Failures are logged, and every tick tries again.
///
/// Only now is a secret of the provider needed: one that cannot be had must not keep anybody from checking in.
fn hang_up(file: Option<&Path>, store: &Arc<dyn Store>, incident: IncidentId) {
    let config = match open::config_or_last_good(file, Secrets::Needed, false) {
        Ok(config) => Arc::new(config),
        Err(error) => {
            let why = error.titles().join("; ");
            return log::warn!(
                "[CALL] the calls of {incident} are left to the next tick to hang up: {}",
                printable(&why)
            );
        }
    };
    let done = open::world(&config, store, Arc::new(SystemClock))
        .and_then(|world| Ok(crate::tick::hang_up_now(&world, incident)?));
    if let Err(error) = done {
        log::warn!("[CALL] the calls of {incident} are left to the next tick to hang up: {error:#}");
    }
}

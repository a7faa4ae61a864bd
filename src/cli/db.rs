//! `savehub db`: looking after the database.

mod restore;

use super::args::{DbBackupArgs, DbCommand, DbCopyArgs, DbPruneArgs};
use super::ctx::Invocation;
use super::open;
use super::print::toml_text;
use super::words::counted;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, PostgresConfig, PostgresTls, typed_store};
use crate::exit::{Exit, UsageError};
use crate::model::{Authorities, Timestamp, Trust, path_text};
use crate::owner::Owner;
use crate::rules::skew::SkewSample;
use crate::rules::witness::{self, Witnesses};
use crate::store::sqlite::{Create, Replace, SqliteStore};
use crate::store::{Forgotten, Store, StoreError, TickSeen};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Younger rows count for the limits of the last 24 hours.
const YOUNGEST: Duration = Duration::from_secs(24 * 3600);

/// So many of the last ticks are asked what they saw of the time.
const TICKS: usize = 200;

/// Incidents deleted in one transaction at most.
const BATCH: u32 = 2000;

/// The pause between two transactions, in which others get their turn: SQLite's own queue is not fair. In the first 33 ms
/// of its waiting a tick asks at least every 15 ms.
const BREATH: Duration = Duration::from_millis(16);

/// Runs the command.
pub(super) fn run(command: &DbCommand, Invocation { file, out, .. }: Invocation<'_>) -> anyhow::Result<Exit> {
    let config = || open::config(file);
    match command {
        DbCommand::Backup(args) => backup(args, &database(&config()?)?, out),
        DbCommand::Check(_) => {
            let config = config()?;
            check(&database(&config)?, &config, out)
        }
        DbCommand::Restore(args) => {
            let config = config()?;
            is_a_file(&config)?;
            restore::run(args, &config, out)
        }
        DbCommand::Prune(args) => prune(args, &database(&config()?)?, out),
        DbCommand::Copy(DbCopyArgs { from, to: Some(to), ca_file }) => copy_to(from, to, ca_file.as_deref(), out),
        DbCommand::Copy(DbCopyArgs { from, .. }) => copy_to_store(from, &config()?, out),
    }
}

/// The database file.
fn database(config: &Config) -> anyhow::Result<SqliteStore> {
    is_a_file(config)?;
    Ok(SqliteStore::open(&config.database, Create::No)?)
}

/// A server is looked after with its own tools.
fn is_a_file(config: &Config) -> Result<(), UsageError> {
    let Some(server) = &config.store else { return Ok(()) };
    let name = &server.name;
    Err(UsageError(format!("the store is {name}: use the tools of PostgreSQL for it, such as pg_dump and pg_restore")))
}

fn backup(args: &DbBackupArgs, store: &SqliteStore, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let replace = if args.force { Replace::Yes } else { Replace::No };
    let bytes = store.backup(&args.file, replace)?;
    writeln!(out, "backed up: {}, {bytes} bytes, checked", args.file.display())?;
    Ok(Exit::Done)
}

fn check(store: &SqliteStore, config: &Config, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let wrong = store.check()?;
    for line in &wrong {
        writeln!(out, "{line}")?;
    }
    if wrong.is_empty() {
        let path = path_text(&config.database);
        writeln!(out, "ok: {path} is whole, and keeps to the {} rules of the engine", SqliteStore::rules())?;
        return Ok(Exit::Done);
    }
    log::error!(
        "the database is not as it must be: stop the ticks, and put a backup in its place with `savehub db restore FILE`; \
         it keeps what is there now under another name"
    );
    Ok(Exit::NotDone)
}

fn prune(args: &DbPruneArgs, store: &dyn Store, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if args.older_than < YOUNGEST {
        return Err(UsageError("--older-than: at least 1d; what is younger counts for the daily caps".into()).into());
    }
    let until = SystemClock.now().minus(args.older_than);
    if args.dry_run {
        writeln!(out, "would delete {}", words(&store.forgettable(until)?))?;
        return Ok(Exit::Done);
    }
    if let Some(clock) = contradicted_by(store)? {
        log::error!(
            "nothing was deleted: {clock} contradicts this machine's clock by more than 30 s, so nobody knows what is old; \
             set the clock by NTP (timedatectl set-ntp true), or try again when ticks have run by it for ten minutes"
        );
        return Ok(Exit::NotDone);
    }
    let mut all = Forgotten::default();
    loop {
        let some = store.forget(until, BATCH)?;
        all = all.and(some);
        if some.is_nothing() {
            break;
        }
        SystemClock.sleep(BREATH);
    }
    writeln!(out, "deleted {}", words(&all))?;
    Ok(Exit::Done)
}

/// Who contradicts this machine's clock, as ticks would ask before they delete.
fn contradicted_by(store: &dyn Store) -> Result<Option<&'static str>, StoreError> {
    let (clock, me) = (SystemClock, Owner::me());
    // Whatever the clock says now, the last ticks are the newest rows.
    let ticks = store.recent_ticks(Timestamp::from_ms(i64::MIN), TICKS)?;
    let real = || ticks.iter().filter(|tick| !tick.turned);
    let at = |tick: &TickSeen| (tick.started_at, tick.boottime_ms);
    let sample = |tick: &TickSeen| {
        tick.skew_ms.map(|skew_ms| SkewSample { skew_ms, at: at(tick), same_boot: tick.owner.same_boot(&me) })
    };
    Ok(witness::contradicted_by(&Witnesses {
        now: (clock.now(), clock.boottime_ms()),
        ticks: &real().filter(|tick| tick.owner.same_boot(&me)).map(at).collect::<Vec<_>>(),
        provider: &real().filter_map(sample).collect::<Vec<_>>(),
        synchronised: clock.synchronised(),
    }))
}

fn words(forgotten: &Forgotten) -> String {
    let Forgotten { incidents, meetings, test_calls, pauses } = *forgotten;
    let parts = [(incidents, "incident"), (meetings, "meeting"), (test_calls, "test call"), (pauses, "pause")];
    parts.map(|(n, what)| counted(n, what)).join(", ")
}

/// `savehub db copy` to the store of the config, whose address may hold a password.
fn copy_to_store(from: &Path, config: &Config, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let Some(server) = &config.store else {
        let why = "the config names no `store` to copy to; write store = \"postgres://…\" into it, name another config \
                   with --config, or an address without a password with --to";
        return Err(UsageError(why.into()).into());
    };
    let path = copy(from, server, out)?;
    writeln!(out, "From now on tick with this config alone. Keep {} until you trust it.", path.display())?;
    Ok(Exit::Done)
}

/// `savehub db copy --to`: it needs no config, and says what belongs into one.
fn copy_to(from: &Path, to: &str, ca_file: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let ca_file = ca_file.map(std::path::absolute).transpose()?;
    let server = typed_store(to, ca_file).map_err(|why| UsageError(format!("--to: {why}")))?;
    let path = copy(from, &server, out)?;
    writeln!(
        out,
        "Write this at the top of the config of every host, in the place of `database` if that stands there:"
    )?;
    writeln!(out, "  store = {}", toml_text(to))?;
    if let PostgresTls::Full(Trust { authorities: Authorities::File(file), .. }) = &server.tls {
        writeln!(out, "  store_ca_file = {}", toml_text(&file.display().to_string()))?;
    }
    writeln!(out, "From now on tick with such a config alone. Keep {} until you trust it.", path.display())?;
    Ok(Exit::Done)
}

/// Copies, and says how much. Returns the file it came from.
fn copy(from: &Path, server: &PostgresConfig, out: &mut dyn Write) -> anyhow::Result<PathBuf> {
    let path = from.to_str().and_then(|path| path.strip_prefix("sqlite:")).map_or(from.to_owned(), PathBuf::from);
    let rows = open::take_over(server, &SqliteStore::open(&path, Create::No)?)?;
    writeln!(out, "{rows} rows went to {}", server.name)?;
    Ok(path)
}

//! Looking after the database.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// `savehub db`.
#[derive(Debug, Clone, Subcommand)]
pub enum DbCommand {
    /// Copy the database to a file while ticks go on
    Backup(DbBackupArgs),
    /// Check that the database is whole and keeps to the rules
    Check(DbCheckArgs),
    /// Put a backup in the place of the database
    Restore(DbRestoreArgs),
    /// Delete what is over and old
    Prune(DbPruneArgs),
    /// Move a running installation from its file to a PostgreSQL database
    ///
    /// It copies everything as it is: meetings, open incidents, calls under way, history. The target is the `store` of the
    /// config, or the database that --to names; it must be empty. Stop the scheduler first. Start it again with a config
    /// that names the new store.
    Copy(DbCopyArgs),
}

/// `savehub db backup`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub db backup ~/savehub.backup
  savehub db backup --force /mnt/backup/savehub.db

The copy is one file of mode 0600, because it holds whole phone numbers. When the command ends, the copy is checked and \
on the disk; when it fails, there is none. `savehub db restore` goes back to it.")]
pub struct DbBackupArgs {
    /// The file to write; it must not exist yet
    pub file: PathBuf,
    /// Replace the file
    #[arg(long)]
    pub force: bool,
}

/// `savehub db check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub db check

It looks at the file and at the log beside it (-wal). Exits with 1 when something is wrong, and says what. Nothing is \
changed, and ticks go on.")]
pub struct DbCheckArgs {}

/// `savehub db restore`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub db restore ~/savehub.backup
  savehub db restore --check-in ~/savehub.backup

Stop the scheduler first, and start it again afterwards. The backup is checked before anything is changed; it may be of an \
older savehub. The old file is kept beside the database, its name ends in .aside- and the time, and its log with it. Do not \
copy a backup over the database by hand: SQLite would read it together with the log of the old one.

The backup does not know who has checked in since. A meeting that starts within 12 hours and has ended since \
is listed, and nothing is restored without --check-in or --yes. Ticks ask the provider which calls were made since.")]
pub struct DbRestoreArgs {
    /// The backup
    pub file: PathBuf,
    /// Check in for each meeting that has ended since the backup and starts within 12 hours
    #[arg(long, conflicts_with = "yes")]
    pub check_in: bool,
    /// Let phones ring for these meetings again
    #[arg(long)]
    pub yes: bool,
}

/// `savehub db prune`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub db prune --older-than 365d --dry-run
  savehub db prune --older-than 365d

It deletes incidents that ended before that, with everything that belongs to them, and earlier test calls and pauses. It \
keeps what is open, may still ring, or is to be hung up. It deletes nothing while another clock contradicts this \
machine's. It works in small steps, so ticks go on. The file does not become smaller: its space is used again. With `retention` under [engine] ticks do the same by themselves.")]
pub struct DbPruneArgs {
    /// How old, such as 365d; at least 1d
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    pub older_than: Duration,
    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `savehub db copy`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub db copy --from sqlite:/var/lib/savehub/savehub.db
  savehub db copy --config new.toml --from ~/.local/state/savehub/savehub.db
  savehub db copy --from sqlite:/var/lib/savehub/savehub.db --to postgres://savehub@%2Frun%2Fpostgresql/savehub

Everybody on this host can read a command line, so --to takes no password. Use it for a server that asks for none, such as \
over its unix socket. Otherwise write the address into the config (store_file, store_env, store_command, store) and leave \
out --to.")]
pub struct DbCopyArgs {
    /// The database file; sqlite: before it is optional
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// The database to copy to: postgres://USER@HOST/DATABASE without a password (default: the `store` of the config)
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
    /// PEM file with the authority of that server's certificate, like store_ca_file in a config
    #[arg(long, value_name = "FILE", requires = "to")]
    pub ca_file: Option<PathBuf>,
}

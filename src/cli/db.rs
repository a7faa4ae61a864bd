//! `savehub db`: looking after the database.

use super::args::DbCopyArgs;
use super::open;
use crate::exit::{Exit, UsageError};
use crate::store::sqlite::{Create, SqliteStore};
use std::io::Write;
use std::path::{Path, PathBuf};

/// `savehub db copy`. The target is the store of the config: an address on the command line could be read by everybody on
/// this host.
pub(super) fn copy(args: &DbCopyArgs, file: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let config = open::config(file)?;
    let Some(server) = &config.store else {
        let why = "the config names no `store` to copy to; write store = \"postgres://…\" into it, or name another \
                   config with --config";
        return Err(UsageError(why.into()).into());
    };
    let path =
        args.from.to_str().and_then(|path| path.strip_prefix("sqlite:")).map_or(args.from.clone(), PathBuf::from);
    let from = SqliteStore::open(&path, Create::No)?;
    let rows = open::take_over(server, &from)?;
    writeln!(out, "{rows} rows went to {}", server.name)?;
    writeln!(out, "From now on tick with this config alone. Keep {} until you trust it.", path.display())?;
    Ok(Exit::Done)
}

//! `db backup`: the whole database in a file of its own, while ticks go on.

use super::engine::SqliteStore;
use super::file::{copy_whole, reason};
use crate::node;
use crate::store::{Result, StoreError};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// May a file that is there be replaced?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Yes.
    Yes,
    /// No: it is an error.
    No,
}

impl SqliteStore {
    /// Copies the database as it is now to `to`, which only its owner can read: complete, checked and on the disk, or not
    /// there at all. Ticks read and write meanwhile. The copy is one file, without `-wal` and `-shm`. Its size in bytes.
    ///
    /// # Errors
    /// `Conflict` when `to` is there already, is the database itself or no regular file, or cannot be written.
    pub fn backup(&self, to: &Path, replace: Replace) -> Result<u64> {
        let fail = |why: String| StoreError::Conflict(format!("no backup was made: {why}"));
        if self.engine.path.as_deref().is_some_and(|own| is_one_of_ours(own, to)) {
            return Err(fail(format!("{} belongs to the database itself", to.display())));
        }
        let place = node::replaceable(to).ok_or_else(|| fail(format!("{} is no regular file", to.display())))?;
        let taken = || fail(format!("{} is there already; --force replaces it", to.display()));
        if replace == Replace::No && fs::symlink_metadata(to).is_ok() {
            return Err(taken());
        }
        let cannot = |error: &io::Error| fail(format!("{} cannot be written: {}", to.display(), error.kind()));
        let beside = beside(&place).ok_or_else(|| fail(format!("{} is no name of a file", to.display())))?;
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
        let file = made.map_err(|error| cannot(&error))?;
        let done = self
            .copy_to(&beside)
            .map_err(|error| {
                fail(match error.sqlite_error_code() {
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                        "the database is damaged; `savehub db check` says where".into()
                    }
                    _ => format!("{} cannot be written: {}", to.display(), reason(&error)),
                })
            })
            .and_then(|()| {
                finish(&file, &beside, &place, replace).map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => taken(),
                    _ => cannot(&error),
                })
            });
        if done.is_err() {
            // Where it was moved it is no longer there.
            let _ = fs::remove_file(&beside);
        }
        done
    }

    /// Copies in one step, which is one snapshot. Several steps would start over whenever a tick writes.
    fn copy_to(&self, to: &Path) -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut copy = Connection::open_with_flags(to, flags)?;
        copy_whole(&self.engine.lock(), &mut copy)?;
        // Makes it one file that can be read where nothing can be written. It becomes a WAL again when savehub opens
        // it.
        copy.pragma_update(None, "journal_mode", "delete")?;
        let whole: String = copy.query_row("pragma quick_check(1)", [], |r| r.get(0))?;
        if whole == "ok" {
            return Ok(());
        }
        let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        Err(rusqlite::Error::SqliteFailure(damaged, Some(whole)))
    }
}

/// Syncs the file to the disk, then gives it its name in one step.
fn finish(file: &File, beside: &Path, to: &Path, replace: Replace) -> io::Result<u64> {
    file.sync_all()?;
    match replace {
        Replace::Yes => fs::rename(beside, to)?,
        // Unlike a rename, a link does not replace what somebody has made there meanwhile.
        Replace::No => fs::hard_link(beside, to).and_then(|()| fs::remove_file(beside))?,
    }
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()?;
    Ok(file.metadata()?.len())
}

pub(super) fn beside(to: &Path) -> Option<PathBuf> {
    let name = to.file_name()?.to_string_lossy().into_owned();
    Some(to.with_file_name(format!(".{name}.{}.tmp", std::process::id())))
}

/// The database, a link to it, or a file that SQLite keeps beside it.
pub(super) fn is_one_of_ours(own: &Path, to: &Path) -> bool {
    ["", "-wal", "-shm", ".lock"].iter().any(|end| {
        let mut file = own.as_os_str().to_owned();
        file.push(end);
        let of = |path: &Path| fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
        Path::new(&file) == to || of(to).is_some_and(|there| of(Path::new(&file)) == Some(there))
    })
}

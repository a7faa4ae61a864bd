//! The file: made, opened, copied and locked, and what SQLite says about it in words.

use crate::model::{path_text, without_address};
use crate::node::with_ending;
use crate::store::{Result, StoreError};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// `SAVH`, in the file's header (PRAGMA application_id).
pub(super) const APPLICATION_ID: i32 = 0x5341_5648;

/// A log longer than this, in bytes, is checkpointed: each process reads the log when it opens the database.
pub(super) const LONG_LOG: u64 = 128 * 1024;

/// May opening make a database that is not there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// `tick`, `meeting add`, `import`, `init`.
    Yes,
    /// Everything else: a missing database is an error that names the path.
    No,
}

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).and_then(keeping_plans)
}

/// A prepared statement keeps its plan when other values are bound to it. Otherwise SQLite prepares it again for each
/// value of a comparison, to use statistics that this database does not have. That was half the cost of a call.
pub(super) fn keeping_plans(connection: Connection) -> rusqlite::Result<Connection> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// Waits for the lock file beside the database. It goes with the process that holds it; the empty file stays.
pub(super) fn lock_beside(path: &Path) -> Result<fs::File> {
    let name = with_ending(path, ".lock");
    let fail = |error: std::io::Error| StoreError::Unusable(format!("cannot lock {}: {error}", path_text(&name)));
    let file = open_lock(&name, path).map_err(fail)?;
    file.lock().map_err(fail)?;
    Ok(file)
}

fn open_lock(name: &Path, database: &Path) -> std::io::Result<fs::File> {
    let open = || fs::OpenOptions::new().write(true).open(name);
    match open() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // Root made it once: where we may, we make one that is ours.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => fs::remove_file(name)?,
        opened => return opened,
    }
    let file = match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return open(),
        made => made?,
    };
    if let Ok(database) = fs::metadata(database) {
        // Only root can, and only root has to: the next one to lock it is the owner of the database.
        let _ = fchown(&file, Some(database.uid()), Some(database.gid()));
    }
    Ok(file)
}

/// SQLite's error, with what to do about it.
pub(super) fn reason(error: &rusqlite::Error) -> String {
    let hint = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full; free some space, no call is made until then",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "it cannot be written; check the owner and mode of the file and of its directory"
        }
        Some(ErrorCode::DatabaseCorrupt) => "the file is damaged; `savehub db restore FILE` puts a backup in its place",
        Some(ErrorCode::NotADatabase) => "the file is not an SQLite database",
        Some(ErrorCode::CannotOpen) => "it cannot be opened; check that its directory exists and can be written",
        Some(ErrorCode::SystemIoFailure) => "reading or writing failed; check the disk",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process keeps it locked",
        _ => return without_address(&error.to_string()),
    };
    format!("{hint} ({})", without_address(&error.to_string()))
}

/// Makes an empty file that only its owner can read, before SQLite opens it; `-wal` and `-shm` inherit the mode.
pub(super) fn make_file(path: &Path) -> Result<()> {
    let fail = |what: &str, at: &Path, error: &std::io::Error| {
        StoreError::Unusable(format!("cannot {what} {}: {error}", path_text(at)))
    };
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty() && !p.exists()) {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(parent);
        made.map_err(|e| fail("make the directory", parent, &e))?;
    }
    if !path.exists() {
        let made = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        made.map_err(|e| fail("make the database", path, &e))?;
    }
    Ok(())
}

/// Copies everything in one step. Waits for the lock of a process that is writing.
pub(super) fn copy_whole(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    let code = match Backup::new(from, to)?.step(-1)? {
        StepResult::Done => return Ok(()),
        StepResult::Locked => rusqlite::ffi::SQLITE_LOCKED,
        _ => rusqlite::ffi::SQLITE_BUSY,
    };
    Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_lock_that_this_user_may_not_open_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("savehub.db.lock");
        fs::write(&lock, "").unwrap();
        fs::set_permissions(&lock, fs::Permissions::from_mode(0o000)).unwrap();
        drop(lock_beside(&dir.path().join("savehub.db")).unwrap());
    }

    #[test]
    fn the_lock_belongs_to_the_owner_of_the_database_whoever_makes_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("savehub.db");
        fs::write(&path, "").unwrap();
        if std::os::unix::fs::chown(&path, Some(65_534), Some(65_534)).is_err() {
            eprintln!("NOT TESTED: only root can give a file away");
        }
        let lock = lock_beside(&path).unwrap().metadata().unwrap();
        let database = fs::metadata(&path).unwrap();
        assert_eq!((lock.uid(), lock.gid()), (database.uid(), database.gid()));
    }
}

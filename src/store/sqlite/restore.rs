//! `db restore`: a backup takes the place of the database.
//!
//! A file that is merely copied there would be read together with the log of the one before, which SQLite keeps beside it:
//! a mixture of both, or a damaged database.

use super::backup::{beside, is_one_of_ours};
use super::engine::{BUSY_TIMEOUT, SqliteStore};
use super::file::{connect, copy_whole, lock_beside, make_file, reason};
use super::health::{DatabaseOwner, Integrity};
use super::migrations;
use crate::node::with_ending;
use crate::store::{Result, StoreError};
use rusqlite::ErrorCode;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the pages of a backup may be checked.
const WITHIN: Duration = Duration::from_secs(3600);

/// What SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// A checked copy of a backup, beside the database that it is to replace.
#[derive(Debug)]
pub struct Restorable {
    copy: PathBuf,
    place: PathBuf,
}

impl SqliteStore {
    /// Checks a backup, and copies it beside the database, where it gets the present schema. The database stays as it is.
    ///
    /// # Errors
    /// `NotFound` when there is no such file; `Conflict` when it is no whole database of savehub, or the database itself.
    pub fn restorable(database: &Path, backup: &Path) -> Result<Restorable> {
        let fail = |why: String| StoreError::Conflict(format!("nothing was restored: {}: {why}", backup.display()));
        // Whoever links the database elsewhere keeps the link.
        let place = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        if is_one_of_ours(&place, backup) {
            return Err(fail("it belongs to the database itself".into()));
        }
        check(backup, &fail)?;
        let copy = beside(&place).ok_or_else(|| fail(format!("{} is no name of a file", place.display())))?;
        if let Some(dir) = place.parent().filter(|dir| !dir.as_os_str().is_empty() && !dir.exists()) {
            // Makes the directory as a tick would.
            make_file(&dir.join(copy.file_name().unwrap_or_default()))?;
            let _ = fs::remove_file(&copy);
        }
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy);
        made.map_err(|error| fail(format!("{} cannot be written: {}", copy.display(), error.kind())))?;
        let restorable = Restorable { copy, place };
        let done = || -> rusqlite::Result<()> {
            let mut to = connect(&restorable.copy)?;
            copy_whole(&connect(backup)?, &mut to)?;
            to.pragma_update(None, "journal_mode", "delete")
        };
        done().map_err(|error| fail(reason(&error)))?;
        let mut connection = connect(&restorable.copy).map_err(|error| fail(reason(&error)))?;
        migrations::migrate(&mut connection, None, "the backup")?;
        Ok(restorable)
    }
}

/// Is it a whole database of this savehub?
fn check(backup: &Path, fail: &dyn Fn(String) -> StoreError) -> Result<()> {
    let health = match SqliteStore::inspect(backup, WITHIN) {
        Ok((health, _)) => health,
        Err(StoreError::Missing(path)) => return Err(StoreError::NotFound(format!("there is no {}", path.display()))),
        Err(error) => return Err(fail(error.to_string())),
    };
    match (health.owner, health.integrity) {
        (DatabaseOwner::Ours, Integrity::Sound) if health.schema <= health.known => Ok(()),
        (DatabaseOwner::Ours, Integrity::Sound) => Err(fail(format!(
            "it was written by a newer savehub (schema {}, this one knows {})",
            health.schema, health.known
        ))),
        (DatabaseOwner::Ours, Integrity::Damaged(why)) => Err(fail(format!("it is damaged: {why}"))),
        (DatabaseOwner::Ours, Integrity::NotFinished) => Err(fail("it could not be checked in an hour".into())),
        (DatabaseOwner::Nobody | DatabaseOwner::Another, _) => Err(fail("it is no database of savehub".into())),
    }
}

impl Restorable {
    /// The copy, to be read.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn store(&self) -> Result<SqliteStore> {
        let (_, store) = SqliteStore::inspect(&self.copy, Duration::ZERO)?;
        store.ok_or_else(|| StoreError::Unusable("the copy of the backup cannot be read".into()))
    }

    /// Puts it in the place of the database, with the same owner and mode. The old file and its log get this ending; nothing
    /// of them stays beside the new one. Returns where the old file is now.
    ///
    /// # Errors
    /// `Unusable`: a file cannot be moved. `Busy`: somebody writes all the time.
    pub fn put_in_place(self, ending: &str) -> Result<Option<PathBuf>> {
        let fail = |error: io::Error| {
            StoreError::Unusable(format!("cannot put the backup in the place of {}: {error}", self.place.display()))
        };
        let _lock = lock_beside(&self.place)?;
        let old = fs::metadata(&self.place).ok();
        let file = File::open(&self.copy).map_err(fail)?;
        if let Some(old) = &old {
            let meta = file.metadata().map_err(fail)?;
            if (meta.uid(), meta.gid()) != (old.uid(), old.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid())).map_err(fail)?;
            }
            file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777)).map_err(fail)?;
        }
        file.sync_all().map_err(fail)?;
        // Nobody writes while the files change places.
        let writer = self.wait_for_writers()?;
        let aside = old.map(|_| with_ending(&self.place, ending));
        if let Some(aside) = &aside {
            fs::rename(&self.place, aside).map_err(fail)?;
        }
        for end in BESIDE {
            let own = with_ending(&self.place, end);
            let moved = match &aside {
                // Its log is a part of the old file.
                Some(aside) => fs::rename(&own, with_ending(aside, end)),
                None => fs::remove_file(&own),
            };
            moved
                .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
                .map_err(fail)?;
        }
        fs::rename(&self.copy, &self.place).map_err(fail)?;
        let dir = self.place.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(fail)?;
        drop(writer);
        Ok(aside)
    }

    /// Holds the old database's lock for writers, if it is one that can be locked.
    fn wait_for_writers(&self) -> Result<Option<rusqlite::Connection>> {
        let Ok(connection) = connect(&self.place) else { return Ok(None) };
        let locked = connection.busy_timeout(BUSY_TIMEOUT).and_then(|()| connection.execute_batch("begin immediate"));
        match locked.map_err(|error| error.sqlite_error_code()) {
            Ok(()) => Ok(Some(connection)),
            Err(Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => Err(StoreError::Busy(BUSY_TIMEOUT)),
            // What is damaged cannot be locked.
            Err(_) => Ok(None),
        }
    }
}

impl Drop for Restorable {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            // After the move it is no longer there.
            let _ = fs::remove_file(with_ending(&self.copy, end));
        }
    }
}

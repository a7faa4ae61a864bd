//! Files that only their owner can read, whole or not at all.

use crate::exit::UsageError;
use crate::node::{self, Wait};
use rustix::fs::{CWD, RenameFlags, renameat, renameat_with};
use rustix::io::Errno;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes the directory of a file, and those above it that are missing, for their owner alone.
pub(super) fn directory(file: &Path) -> anyhow::Result<()> {
    let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) else { return Ok(()) };
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| UsageError(format!("cannot make the directory {}: {}", dir.display(), error.kind())).into())
}

/// Writes a file of mode 0600. It appears whole; one that is there stays, unless it may be replaced.
pub(super) fn file(path: &Path, text: &str, replace: bool) -> anyhow::Result<()> {
    let done = whole(path, text, replace);
    done.map_err(|error| UsageError(format!("cannot write {}: {}", path.display(), error.kind())))?;
    if let Some(dir) = path.parent() {
        // A directory that cannot be synced loses the file with the power, at worst.
        let _ = File::open(dir).and_then(|dir| dir.sync_all());
    }
    Ok(())
}

/// Writes a file of mode 0600 in the place of one that may be there. Who opens it sees the old one or the new one, and
/// never a part. A device or a pipe is written into.
pub(super) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    if path.file_name().is_none() {
        return Err(UsageError(format!("{} is no file name", path.display())).into());
    }
    whole(path, text, true).map_err(|error| UsageError(format!("cannot write {}: {error}", path.display())).into())
}

fn whole(path: &Path, text: &str, replace: bool) -> std::io::Result<()> {
    let place = if replace { node::replaceable(path) } else { Some(path.to_owned()) };
    let Some(path) = &place else { return node::write_into(path, text, Wait::Yes) };
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = Path::new(&name);
    let done = fill(draft, text).and_then(|()| rename(draft, path, replace));
    if done.is_err() {
        // What could not be put in its place is of no use to anybody.
        let _ = std::fs::remove_file(draft);
    }
    done
}

fn fill(draft: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn rename(draft: &Path, path: &Path, replace: bool) -> std::io::Result<()> {
    if replace {
        return Ok(renameat(CWD, draft, CWD, path)?);
    }
    match renameat_with(CWD, draft, CWD, path, RenameFlags::NOREPLACE) {
        // A file system without it: nobody else is likely to write here in this instant.
        Err(Errno::INVAL | Errno::NOSYS) if path.symlink_metadata().is_err() => Ok(renameat(CWD, draft, CWD, path)?),
        other => Ok(other?),
    }
}

/// Keeps a copy of the config that is about to be replaced, as `config.toml.old`.
pub(super) fn keep_old(path: &Path) -> anyhow::Result<()> {
    let mut old = path.as_os_str().to_owned();
    old.push(".old");
    match std::fs::copy(path, &old) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(UsageError(format!("cannot keep {}: {}", Path::new(&old).display(), error.kind())).into()),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_for_its_owner_alone_in_directories_for_their_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b/config.toml");
        directory(&path).unwrap();
        file(&path, "x = 1\n", false).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&home.path().join("a")), mode(&home.path().join("a/b"))), (0o600, 0o700, 0o700));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "x = 1\n");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a draft is left");
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_may_be_replaced() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        std::fs::write(&path, "old").unwrap();
        let refused = file(&path, "new", false).unwrap_err();
        assert!(format!("{refused:#}").starts_with(&format!("cannot write {}: ", path.display())), "{refused:#}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "a draft is left");
        keep_old(&path).unwrap();
        file(&path, "new", true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_to_string(home.path().join("config.toml.old")).unwrap(), "old");
    }

    #[test]
    fn the_page_replaces_the_old_one_whole_and_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("report.html");
        std::fs::write(&file, "a longer page of yesterday").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        replace(&file, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named_and_nothing_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        for file in [taken.clone(), dir.path().join("nowhere/report.html")] {
            let error = replace(&file, "new").unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot write {}: ", file.display())), "{error}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

//! The page as a file: whole or not at all, for its owner alone.

use crate::exit::UsageError;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Puts the text where `file` is, with mode 0600; what was there is replaced, since cron writes the same report again. It is
/// written beside it first: who opens the page sees the old one or the new one, and never a part.
pub(in crate::cli::report) fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let name = file.file_name().ok_or_else(|| UsageError(format!("{} is no file name", file.display())))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(beside);
    let done = put(&beside, text).and_then(|()| fs::rename(&beside, file));
    done.map_err(|error| {
        // What cannot be removed was perhaps never made.
        let _ = fs::remove_file(&beside);
        UsageError(format!("cannot write {}: {error}", file.display())).into()
    })
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_page_replaces_the_old_one_whole_and_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("report.html");
        fs::write(&file, "a longer page of yesterday").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        write(&file, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named_and_nothing_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).unwrap();
        for file in [taken.clone(), dir.path().join("nowhere/report.html")] {
            let error = write(&file, "new").unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot write {}: ", file.display())), "{error}");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

//! Calendars in files.
//!
//! A file is looked at by every tick, so it is read only when the file system says that it changed: its stamp is the
//! device, the inode, the size, and the times of the last change of content and of anything.
//!
//! File systems count time in steps (4 ms on Linux, up to 2 s elsewhere): a second write in the step of the first leaves
//! the stamp as it is. So a stamp is believed only when two looks in a row saw it, the second of which read the file
//! again: what is written in between is read then. Every look compares the stamps before and after reading, too.

use super::{Feed, FetchFailure, Fetched, copy};
use crate::model::{Validators, printable};
use rustix::fs::{Mode, OFlags};
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// In front of a stamp that one look has seen.
const ONCE: &str = "once ";

/// A calendar in a file.
pub(super) struct File {
    path: PathBuf,
    max_bytes: usize,
}

impl File {
    pub(super) fn new(path: PathBuf, max_bytes: usize) -> Self {
        Self { path, max_bytes }
    }

    fn look(&self, last: &Validators, whole: bool) -> Result<Fetched, String> {
        let before = self.stamp(&fs::metadata(&self.path).map_err(|error| self.unreadable(&error))?)?;
        if !whole && last.stamp.as_ref() == Some(&before) {
            return Ok(Fetched::Unchanged(last.clone()));
        }
        let (body, after) = self.read().map_err(|error| self.unreadable(&error))?;
        if body.len() > self.max_bytes {
            return Err(format!("{} is longer than {} bytes", self.shown(), self.max_bytes));
        }
        let stamp = (before == self.stamp(&after)?).then(|| seen(before, last));
        let new = Validators { stamp, ..Validators::default() };
        copy::judge(body, new, last).map_err(|flaw| format!("{}: {flaw}", self.shown()))
    }

    /// Reads it, up to a byte more than is allowed. A pipe that took the file's place does not hold this up.
    fn read(&self) -> io::Result<(Vec<u8>, Metadata)> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = fs::File::from(rustix::fs::open(&self.path, flags, Mode::empty())?);
        let limit = u64::try_from(self.max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        let mut body = Vec::new();
        (&file).take(limit).read_to_end(&mut body)?;
        Ok((body, file.metadata()?))
    }

    /// What changes when the file does.
    fn stamp(&self, of: &Metadata) -> Result<String, String> {
        if !of.is_file() {
            return Err(format!("{} is not a file that can be read as a calendar", self.shown()));
        }
        let (content, any) = ((of.mtime(), of.mtime_nsec()), (of.ctime(), of.ctime_nsec()));
        Ok(format!("{} {} {} {}.{:09} {}.{:09}", of.dev(), of.ino(), of.size(), content.0, content.1, any.0, any.1))
    }

    fn unreadable(&self, error: &io::Error) -> String {
        match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file {}", self.shown()),
            kind => format!("{} cannot be read: {kind}", self.shown()),
        }
    }

    fn shown(&self) -> String {
        printable(&self.path.to_string_lossy())
    }
}

impl Feed for File {
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched {
        self.look(last, whole).unwrap_or_else(|why| Fetched::Failed(FetchFailure::from(why)))
    }
}

/// A stamp to keep: bare once it has been seen by the last look too.
fn seen(stamp: String, last: &Validators) -> String {
    let before = last.stamp.as_deref().map(|last| last.strip_prefix(ONCE).unwrap_or(last));
    if before == Some(&stamp) { stamp } else { format!("{ONCE}{stamp}") }
}

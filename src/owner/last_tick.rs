//! The last tick that ended here, in a file beside the database: it tells a database that went on from one that was lost.
//!
//! A database that was removed, restored from a backup or copied back does not hold the tick that this file names. One
//! that holds it has lost nothing since, so it knows every call of ours: a call that only the provider knows is another
//! program's. Where the file is missing, is a copy, or names another tick, nobody can say, and savehub asks the provider
//! as it would for a lost database. So nothing relies on this file, and nothing is synced.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

/// A file is read up to this many bytes.
const LONGEST: u64 = 256;

/// A tick that ended. Times by the wall clock, milliseconds UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedTick {
    /// Its row.
    pub id: i64,
    /// Its end.
    pub at_ms: i64,
    /// The start of the first tick since which each one found the one before.
    pub since_ms: i64,
}

/// Which tick ended last.
#[derive(Debug)]
pub struct LastTick {
    place: Place,
    /// Since when the tick under way knows that its database went on.
    since_ms: Mutex<Option<i64>>,
}

/// Where that stands.
#[derive(Debug)]
enum Place {
    File(PathBuf),
    /// Here: of a database that lives in this process only.
    Here(Mutex<Option<EndedTick>>),
    Nowhere,
}

impl LastTick {
    /// In this file, if there is a place for one.
    pub fn in_file(path: Option<PathBuf>) -> Self {
        Self::at(path.map_or(Place::Nowhere, Place::File))
    }

    /// For a database in memory.
    pub const fn in_memory() -> Self {
        Self::at(Place::Here(Mutex::new(None)))
    }

    const fn at(place: Place) -> Self {
        Self { place, since_ms: Mutex::new(None) }
    }

    /// The tick that ended last, if no other has begun since, as far as this is known.
    pub fn read(&self) -> Option<EndedTick> {
        match &self.place {
            Place::File(path) => parse(&File::open(path).ok()?),
            Place::Here(ended) => *lock(ended),
            Place::Nowhere => None,
        }
    }

    /// A tick begins, and knows that its database went on since then. Until it ends, others know nothing.
    pub fn begins(&self, since_ms: i64) {
        *lock(&self.since_ms) = Some(since_ms);
        match &self.place {
            Place::File(path) => {
                let emptied = OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(0));
                tell(emptied);
            }
            Place::Here(ended) => *lock(ended) = None,
            Place::Nowhere => {}
        }
    }

    /// The tick that began last has ended at `at_ms`.
    pub fn ends(&self, id: i64, at_ms: i64) {
        let Some(since_ms) = lock(&self.since_ms).take() else { return };
        let tick = EndedTick { id, at_ms, since_ms };
        match &self.place {
            Place::File(path) => tell(write(path, tick)),
            Place::Here(ended) => *lock(ended) = Some(tick),
            Place::Nowhere => {}
        }
    }
}

/// Nothing relies on the file. Its path may hold a password that somebody wrote into the wrong place.
fn tell(written: io::Result<()>) {
    match written {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            log::debug!("the note of the last tick cannot be written: {error}");
        }
        _ => {}
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(path: &Path, tick: EndedTick) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let text = line(tick, &file).ok_or_else(|| io::Error::other("this file system keeps no time of birth"))?;
    file.write_all_at(text.as_bytes(), 0)
}

/// The tick of this file; `None`: it is a copy, or not whole.
fn parse(file: &File) -> Option<EndedTick> {
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    let mut numbers = text.split(' ').map_while(|word| word.parse().ok());
    let tick = EndedTick { id: numbers.next()?, at_ms: numbers.next()?, since_ms: numbers.next()? };
    (line(tick, file)? == text).then_some(tick)
}

/// The tick, and which file this is: a copy of it has another number, or another time of birth.
fn line(tick: EndedTick, file: &File) -> Option<String> {
    let found = file.metadata().ok()?;
    let born = found.created().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let EndedTick { id, at_ms, since_ms } = tick;
    Some(format!("{id} {at_ms} {since_ms} {}:{} {}\n", found.dev(), found.ino(), born.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const TICK: EndedTick = EndedTick { id: 7, at_ms: 1_795_338_000_000, since_ms: 1_795_000_000_000 };

    /// The tick begins and ends.
    fn runs(last: &LastTick, tick: EndedTick) {
        last.begins(tick.since_ms);
        last.ends(tick.id, tick.at_ms);
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("savehub.db-last-tick");
        (dir, path)
    }

    #[test]
    fn the_tick_that_ended_is_known_until_another_begins() {
        let (_dir, path) = place();
        for last in [LastTick::in_file(Some(path)), LastTick::in_memory()] {
            assert_eq!(last.read(), None);
            runs(&last, TICK);
            runs(&last, EndedTick { id: 8, ..TICK });
            assert_eq!(last.read(), Some(EndedTick { id: 8, ..TICK }));
            last.begins(TICK.since_ms);
            assert_eq!(last.read(), None);
        }
    }

    #[test]
    fn a_copy_of_the_file_says_nothing() {
        let (dir, path) = place();
        let last = LastTick::in_file(Some(path.clone()));
        runs(&last, TICK);
        let copy = dir.path().join("copy");
        fs::copy(&path, &copy).unwrap();
        assert_eq!(LastTick::in_file(Some(copy.clone())).read(), None);
        fs::rename(&copy, &path).unwrap();
        assert_eq!(last.read(), None);
    }

    #[test]
    fn a_file_that_is_cut_or_strange_says_nothing() {
        let (_dir, path) = place();
        let last = LastTick::in_file(Some(path.clone()));
        runs(&last, TICK);
        let whole = fs::read_to_string(&path).unwrap();
        for text in ["", "7", "7 1795338000000", &whole[..whole.len() - 1], &format!("{whole}more"), "words of others"]
        {
            fs::write(&path, text).unwrap();
            assert_eq!(last.read(), None, "{text}");
        }
        fs::write(&path, [0xff; 300]).unwrap();
        assert_eq!(last.read(), None);
    }

    #[test]
    fn where_there_is_no_place_nothing_is_known() {
        let last = LastTick::in_file(None);
        runs(&last, TICK);
        assert_eq!(last.read(), None);
    }
}

//! The log beside the file (the WAL): is it whole, and does it belong to the file?
//!
//! SQLite reads a log whatever file lies beside it, and stops without a word at the first frame that is not whole.
//! <https://www.sqlite.org/fileformat2.html#walformat>

use crate::node::with_ending;
use std::fs;
use std::io;
use std::path::Path;

const HEADER: usize = 32;
const FRAME: usize = 24;

/// What is wrong with the log of this database; `None`: nothing, or there is none.
pub(super) fn fault(database: &Path) -> Option<String> {
    let path = with_ending(database, "-wal");
    let log = match fs::read(&path) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(format!("the log {} cannot be read: {}", path.display(), error.kind())),
    };
    let size = fs::metadata(database).map_or(0, |file| file.len());
    let why = judge(&log, size)?;
    Some(format!("the log {} {why}", path.display()))
}

fn judge(log: &[u8], file_size: u64) -> Option<String> {
    let header = log.get(..HEADER)?;
    let page = word(header, 2);
    let frame = FRAME + usize::try_from(page).ok()?;
    let big = match word(header, 0) {
        0x377f_0682 => false,
        0x377f_0683 => true,
        _ => return Some("is no log of SQLite".into()),
    };
    let mut sum = checksum(&header[..24], (0, 0), big);
    if sum != (word(header, 6), word(header, 7)) || !page.is_power_of_two() {
        // A log whose header was never written whole holds nothing.
        return None;
    }
    let own = |frame: &[u8]| (word(frame, 2), word(frame, 3)) == (word(header, 4), word(header, 5));
    let (mut named, mut waiting, mut pages) = (Vec::new(), Vec::new(), 0);
    for (n, bytes) in log[HEADER..].chunks_exact(frame).enumerate() {
        if !own(bytes) {
            break;
        }
        sum = checksum(&bytes[FRAME..], checksum(&bytes[..8], sum, big), big);
        if sum != (word(bytes, 4), word(bytes, 5)) {
            let rest = log[HEADER + n * frame..].chunks_exact(frame);
            // A power cut leaves the end of the log half written; what was committed stands before that.
            let lost = rest.skip(1).any(|later| own(later) && word(later, 1) > 0);
            return lost.then(|| format!("is damaged in frame {}: what was written after it is lost", n + 1));
        }
        waiting.push(word(bytes, 0));
        if word(bytes, 1) > 0 {
            named.append(&mut waiting);
            pages = word(bytes, 1);
        }
    }
    let in_file = u32::try_from(file_size / u64::from(page)).unwrap_or(u32::MAX);
    let missing = (in_file.saturating_add(1)..=pages).any(|page| !named.contains(&page));
    missing.then(|| {
        format!(
            "belongs to another file: it speaks of {pages} pages, and the database has {in_file}; was it copied over?"
        )
    })
}

/// The big-endian number at this place, counted in numbers.
fn word(bytes: &[u8], at: usize) -> u32 {
    let bytes: Option<[u8; 4]> = bytes.get(at * 4..at * 4 + 4).and_then(|four| four.try_into().ok());
    bytes.map_or(0, u32::from_be_bytes)
}

/// SQLite's checksum over pairs of numbers, whose order of bytes the log's first number tells.
fn checksum(bytes: &[u8], (mut a, mut b): (u32, u32), big: bool) -> (u32, u32) {
    for pair in bytes.chunks_exact(8) {
        let number = |at| if big { word(pair, at) } else { word(pair, at).swap_bytes() };
        a = a.wrapping_add(number(0)).wrapping_add(b);
        b = b.wrapping_add(number(1)).wrapping_add(a);
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;
    use rusqlite::config::DbConfig;

    /// A log with two transactions in it, and its database.
    fn log_of(dir: &Path, name: &str, rows: u32) -> (Vec<u8>, u64) {
        let path = dir.join(name);
        let connection = Connection::open(&path).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        let rows = format!(
            "pragma journal_mode = wal; create table t as with recursive n(i) as (select 1 union all select i + 1 from n \
             where i < {rows}) select hex(randomblob(200)) as x from n; pragma wal_checkpoint(truncate); \
             create table one(x); create table two(x);"
        );
        connection.execute_batch(&rows).unwrap();
        (fs::read(with_ending(&path, "-wal")).unwrap(), fs::metadata(&path).unwrap().len())
    }

    #[test]
    fn a_log_that_belongs_to_its_file_is_whole_also_when_its_end_was_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let (log, size) = log_of(dir.path(), "x.db", 500);
        assert_eq!(judge(&log, size), None);
        assert_eq!(judge(&log[..log.len() - 100], size), None);
        assert_eq!(judge(&[], size), None);
    }

    #[test]
    fn a_log_beside_a_smaller_file_belongs_to_another_one() {
        let dir = tempfile::tempdir().unwrap();
        let (log, size) = log_of(dir.path(), "x.db", 500);
        let (_, small) = log_of(dir.path(), "y.db", 5);
        // Its two tables have a page each.
        let (pages, has) = (size / 4096 + 2, small / 4096);
        let said = format!(
            "belongs to another file: it speaks of {pages} pages, and the database has {has}; was it copied over?"
        );
        assert_eq!(judge(&log, small), Some(said));
    }

    #[test]
    fn a_log_that_is_damaged_before_something_committed_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, size) = log_of(dir.path(), "x.db", 500);
        log[HEADER + FRAME + 10] ^= 1;
        assert_eq!(judge(&log, size), Some("is damaged in frame 1: what was written after it is lost".into()));
        assert_eq!(judge(b"nonsense that is longer than a header", size), Some("is no log of SQLite".into()));
    }
}

//! Which requests have begun, in a file that others can read when this process is gone.
//!
//! A process that dies between the written attempt and its request leaves a doubt: did it ring? So before an attempt is
//! written, its process arms an entry in a file of its own, and the attempt names that file. Right before the request
//! leaves, the entry becomes "begun". An entry that is still armed although its process has ended is a positive proof
//! that nothing left. Whatever else is found, or is not found, proves nothing.
//!
//! The proof holds as long as the machine runs, since the kernel keeps what a killed process wrote; so nothing is
//! synced. The file is locked as long as its process lives, so that nobody takes a living one for dead.

use crate::node::names;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// Length of an entry: none lies across two pages, so that a write is whole or was none.
const ENTRY: usize = 64;

const ARMED: &str = "armed";
const BEGUN: &str = "begun";

/// A file is read up to this many bytes; a tick writes far fewer.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The entry of this attempt in this state; `None`: its token does not fit.
fn entry(state: &str, token: &str) -> Option<[u8; ENTRY]> {
    let text = format!("{state} {token}");
    let is_fit = text.len() < ENTRY && !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    let mut bytes = [b' '; ENTRY];
    bytes[ENTRY - 1] = b'\n';
    is_fit.then(|| bytes[..text.len()].copy_from_slice(text.as_bytes()))?;
    Some(bytes)
}

/// The entries of this process.
#[derive(Debug, Default)]
pub struct Armory {
    /// What the path of every file begins with; `None`: nothing is armed.
    beside: Option<PathBuf>,
    file: Option<Arc<ArmedFile>>,
    /// Entries that were armed.
    used: u64,
    /// Those among them that no attempt names: they are used again.
    free: Vec<u64>,
    /// A file could not be made: it is not tried again.
    unable: bool,
}

#[derive(Debug)]
struct ArmedFile {
    file: File,
    mark: Mark,
}

/// An armed entry.
#[derive(Debug, Clone)]
pub struct Entry {
    file: Arc<ArmedFile>,
    at: u64,
}

/// The file of an attempt, as the attempt names it: `device:inode:pid namespace:ending`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    device: u64,
    inode: u64,
    pid_namespace: u64,
    /// What the file's path ends with.
    ending: String,
}

impl Armory {
    /// Files whose paths begin so.
    pub fn new(beside: Option<PathBuf>) -> Self {
        Self { beside, ..Self::default() }
    }

    /// Arms an entry for the attempt with this token. `None`: it cannot be proved later that its request never began.
    pub fn arm(&mut self, token: &str) -> Option<Entry> {
        let bytes = entry(ARMED, token)?;
        if self.file.is_none() && !self.unable {
            self.file = self.beside.as_deref().and_then(|beside| make(beside, token).ok()).map(Arc::new);
            self.unable = self.file.is_none();
        }
        let place = self.free.pop().unwrap_or(self.used);
        let armed = Entry { file: Arc::clone(self.file.as_ref()?), at: place * ENTRY as u64 };
        armed.file.file.write_all_at(&bytes, armed.at).ok()?;
        self.used = self.used.max(place + 1);
        Some(armed)
    }

    /// No attempt came to name this entry: it is used again.
    pub fn give_back(&mut self, entry: &Entry) {
        self.free.push(entry.at / ENTRY as u64);
    }

    /// The endings of files whose processes are gone.
    pub fn leftovers(&self) -> Vec<String> {
        let Some((dir, start)) = self.beside.as_deref().and_then(split) else { return Vec::new() };
        let endings = names(dir).into_iter().filter_map(|name| name.strip_prefix(start).map(str::to_owned));
        endings.filter(|ending| self.path(ending).is_some_and(|path| is_free(&path))).collect()
    }

    /// Removes the files with these endings that no attempt names any more, and the own one when none does.
    pub fn clear(&mut self, leftovers: &[String], named: &[Mark]) {
        let own = self.file.as_ref().map(|file| file.mark.ending.clone());
        for ending in leftovers.iter().chain(&own).filter(|ending| named.iter().all(|mark| mark.ending != **ending)) {
            let _ = self.path(ending).map(fs::remove_file);
        }
    }

    /// Was a file made?
    pub const fn is_used(&self) -> bool {
        self.file.is_some()
    }

    fn path(&self, ending: &str) -> Option<PathBuf> {
        path(self.beside.as_deref()?, ending)
    }
}

impl Entry {
    /// The request begins: from now on nothing is proved any more. An error: it must not begin.
    pub fn begin(&self) -> io::Result<()> {
        self.file.file.write_all_at(BEGUN.as_bytes(), self.at)
    }

    /// The file, for the attempt.
    pub fn mark(&self) -> &Mark {
        &self.file.mark
    }
}

impl Mark {
    /// Does the file still say that the request of the attempt with this `token` is to come, and has its process let go
    /// of it? Its path begins with `beside`.
    pub(super) fn proves(&self, token: &str, beside: &Path) -> bool {
        let here = pid_namespace() == Some(self.pid_namespace);
        here && read(beside, self).is_some_and(|entries| is_armed(&entries, token))
    }
}

/// The entries of the file that this mark names, if its process has let go of it.
fn read(beside: &Path, mark: &Mark) -> Option<Vec<u8>> {
    let file = File::open(path(beside, &mark.ending)?).ok()?;
    let found = file.metadata().ok()?;
    if (found.dev(), found.ino()) != (mark.device, mark.inode) || found.len() > LONGEST {
        return None;
    }
    // The lock of a process goes with its last thread.
    file.try_lock_shared().ok()?;
    let mut entries = Vec::new();
    (&file).take(LONGEST).read_to_end(&mut entries).ok()?;
    Some(entries)
}

/// Is there one entry of this attempt, and is it armed? Another file in the place of this one does not have it.
fn is_armed(entries: &[u8], token: &str) -> bool {
    let (Some(armed), Some(begun)) = (entry(ARMED, token), entry(BEGUN, token)) else { return false };
    let count = |wanted: &[u8]| entries.chunks(ENTRY).filter(|found| *found == wanted).count();
    count(&armed) == 1 && count(&begun) == 0
}

/// A new file, locked by this process.
fn make(beside: &Path, token: &str) -> io::Result<ArmedFile> {
    let unknown = || io::Error::other("the pid namespace is not known");
    let pid_namespace = pid_namespace().ok_or_else(unknown)?;
    let path = path(beside, token).ok_or_else(unknown)?;
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    file.try_lock()?;
    let made = file.metadata()?;
    let mark = Mark { device: made.dev(), inode: made.ino(), pid_namespace, ending: token.to_owned() };
    Ok(ArmedFile { file, mark })
}

/// Does no process hold this file?
fn is_free(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock_shared().is_ok())
}

fn path(beside: &Path, ending: &str) -> Option<PathBuf> {
    if ending.is_empty() || !ending.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return None;
    }
    let mut name = beside.as_os_str().to_owned();
    name.push(ending);
    Some(name.into())
}

/// The directory of these files, and what their names begin with.
fn split(beside: &Path) -> Option<(&Path, &str)> {
    let dir = beside.parent().map(|dir| if dir.as_os_str().is_empty() { Path::new(".") } else { dir });
    Some((dir?, beside.file_name()?.to_str()?))
}

/// The namespace in which process ids of this process mean something; `None`: it cannot be told here.
fn pid_namespace() -> Option<u64> {
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    link.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?.parse().ok()
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.device, self.inode, self.pid_namespace, self.ending)
    }
}

impl FromStr for Mark {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("`{s}` names no file (device:inode:pid namespace:ending)");
        let mut parts = s.splitn(4, ':');
        let mut number = || parts.next().and_then(|part| part.parse().ok()).ok_or_else(bad);
        let (device, inode, pid_namespace) = (number()?, number()?, number()?);
        Ok(Self { device, inode, pid_namespace, ending: parts.next().ok_or_else(bad)?.to_owned() })
    }
}

#[cfg(test)]
mod tests;

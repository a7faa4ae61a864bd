//! A directory on a disk of which the power may fail: what is safe, and what is still on its way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One call of a trace that matters to a disk.
#[derive(Debug, Clone)]
pub enum Op {
    Write {
        file: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: String,
        len: usize,
    },
    Create {
        file: String,
    },
    Remove {
        file: String,
    },
    Sync {
        file: String,
    },
    SyncDirectory,
    /// Bytes to a socket.
    Sent(Vec<u8>),
}

/// The files of one directory, but for `-shm`: SQLite never trusts that after a crash.
#[derive(Debug, Clone)]
pub struct Disk {
    dir: PathBuf,
    /// Contents that are safe, whether the name is or not.
    contents: BTreeMap<String, Vec<u8>>,
    /// Names that are safe.
    names: Vec<String>,
    /// What no `fsync` has reached yet, in order.
    pending: Vec<Op>,
}

impl Disk {
    /// What is there now is safe.
    pub fn read(dir: &Path) -> Self {
        let mut disk = Self { dir: dir.to_owned(), contents: BTreeMap::new(), names: Vec::new(), pending: Vec::new() };
        for name in ["savehub.db", "savehub.db-wal"] {
            if let Ok(bytes) = std::fs::read(dir.join(name)) {
                disk.contents.insert(name.into(), bytes);
                disk.names.push(name.into());
            }
        }
        disk
    }

    /// How many changes no `fsync` has reached.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The file of this directory that a path names, if it is one of the database's.
    fn file(&self, path: &[u8]) -> Option<String> {
        let path = Path::new(std::str::from_utf8(path).ok()?);
        let name = path.strip_prefix(&self.dir).ok()?.to_str()?;
        (name.starts_with("savehub.db") && !name.ends_with("-shm")).then(|| name.to_owned())
    }

    /// Reads one line of `strace -y -xx`.
    pub fn op(&self, call: &str) -> Option<Op> {
        let (name, rest) = call.split_once('(')?;
        // `5</path>`, in hexadecimal.
        let target = || unhex(rest.split_once('<')?.1.split_once('>')?.0);
        let text = || unhex(rest.split_once('"')?.1.split_once('"')?.0);
        let numbers = || {
            let tail = rest.rsplit_once('"').or(rest.split_once('>')).map_or(rest, |(_, tail)| tail);
            // A call that another thread's line cuts in two has all its arguments in the first half.
            let tail = tail.split([')', '<']).next().unwrap_or_default();
            tail.split(", ").filter_map(|n| n.trim().parse::<usize>().ok()).collect::<Vec<_>>()
        };
        match name {
            "pwrite64" => {
                let file = self.file(&target()?)?;
                let (at, bytes) = (numbers()[1], text().expect("what was written"));
                Some(Op::Write { file, at, bytes })
            }
            "ftruncate" => {
                let file = self.file(&target()?)?;
                Some(Op::Truncate { file, len: *numbers().last().expect("a length") })
            }
            "fsync" | "fdatasync" if target()? == self.dir.as_os_str().as_encoded_bytes() => Some(Op::SyncDirectory),
            "fsync" | "fdatasync" => Some(Op::Sync { file: self.file(&target()?)? }),
            "openat" if call.contains("O_CREAT") => {
                let file = self.file(&text()?)?;
                (!self.has(&file)).then_some(Op::Create { file })
            }
            "unlink" => Some(Op::Remove { file: self.file(&text()?)? }),
            "sendto" => Some(Op::Sent(text()?)),
            "write" => {
                assert!(self.file(&target()?).is_none(), "a file is written in a way this does not know: {call}");
                None
            }
            _ => None,
        }
    }

    fn has(&self, file: &str) -> bool {
        let last = self.pending.iter().rev().find_map(|op| match op {
            Op::Create { file: f } if f == file => Some(true),
            Op::Remove { file: f } if f == file => Some(false),
            _ => None,
        });
        last.unwrap_or_else(|| self.names.iter().any(|n| n == file))
    }

    /// It is done, and safe only when it says so.
    pub fn apply(&mut self, op: Op) {
        match op {
            Op::Sync { file } => self.settle(|op| match op {
                Op::Write { file: f, .. } | Op::Truncate { file: f, .. } => *f == file,
                _ => false,
            }),
            Op::SyncDirectory => self.settle(|op| matches!(op, Op::Create { .. } | Op::Remove { .. })),
            Op::Sent(_) => {}
            other => self.pending.push(other),
        }
    }

    fn settle(&mut self, now_safe: impl Fn(&Op) -> bool) {
        let (safe, pending) = std::mem::take(&mut self.pending).into_iter().partition(|op| now_safe(op));
        self.pending = pending;
        for op in safe {
            self.make(op, usize::MAX);
        }
    }

    fn make(&mut self, op: Op, upto: usize) {
        match op {
            Op::Write { file, at, bytes } => {
                let content = self.contents.entry(file).or_default();
                let bytes = &bytes[..bytes.len().min(upto)];
                content.resize(content.len().max(at + bytes.len()), 0);
                content[at..at + bytes.len()].copy_from_slice(bytes);
            }
            Op::Truncate { file, len } => self.contents.entry(file).or_default().resize(len, 0),
            Op::Create { file } => self.names.push(file),
            Op::Remove { file } => self.names.retain(|n| *n != file),
            Op::Sync { .. } | Op::SyncDirectory | Op::Sent(_) => {}
        }
    }

    /// The disk when the power fails now. `fate` says of each pending change, with its length, how many of its bytes
    /// are there; none: it is gone as a whole.
    pub fn cut(&self, mut fate: impl FnMut(usize, usize) -> Option<usize>) -> Self {
        let mut disk = Self { pending: Vec::new(), ..self.clone() };
        for (i, op) in self.pending.iter().enumerate() {
            let len = if let Op::Write { bytes, .. } = op { bytes.len() } else { 0 };
            if let Some(upto) = fate(i, len) {
                disk.make(op.clone(), upto);
            }
        }
        disk
    }

    /// Puts its files into a directory.
    pub fn write(&self, dir: &Path) {
        for name in &self.names {
            std::fs::write(dir.join(name), self.contents.get(name).map_or(&[][..], Vec::as_slice)).unwrap();
        }
    }
}

/// `\x2f\x74` in bytes.
fn unhex(text: &str) -> Option<Vec<u8>> {
    text.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
}

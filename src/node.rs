//! What stands under the name of a file that is to be written: a device or a pipe is written into, and never replaced.

use rustix::fs::{Dir, Mode, OFlags};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Names of files that this process has open, whatever they are.
const OPEN_FILES: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];

/// Where a new file goes to take the place of the old one; behind a link, so that the link stays. `None`: a device or a
/// pipe stands there, or a file that is open already.
pub fn replaceable(path: &Path) -> Option<PathBuf> {
    let is_open = || std::path::absolute(path).is_ok_and(|path| OPEN_FILES.iter().any(|open| path.starts_with(open)));
    match fs::metadata(path) {
        Ok(there) if there.is_file() && !is_open() => Some(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())),
        // Whoever tries to replace a directory is told why not.
        Ok(there) if !there.is_dir() => None,
        _ => Some(path.to_owned()),
    }
}

/// The same path with more at its end.
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The names in a directory; none when it cannot be read. The standard library panics when closing a directory fails, as on a
/// broken disk.
pub fn names(dir: &Path) -> Vec<String> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(dir, flags, Mode::empty()).and_then(Dir::new);
    let found =
        opened.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str().map(str::to_owned).ok());
    found.filter(|name| name != "." && name != "..").collect()
}

/// May writing wait until somebody reads?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Yes.
    Yes,
    /// No: then it is an error.
    No,
}

/// Writes a text into what stands there.
///
/// # Errors
/// When it cannot be opened, or does not take the whole text.
pub fn write_into(path: &Path, text: &str, wait: Wait) -> io::Result<()> {
    let flags = if wait == Wait::No { OFlags::NOCTTY | OFlags::NONBLOCK } else { OFlags::NOCTTY };
    let mut file = OpenOptions::new().append(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn files_are_replaced_also_behind_links_and_nothing_else_is() {
        let temp = tempfile::tempdir().unwrap();
        let dir = fs::canonicalize(temp.path()).unwrap();
        let at = |name: &str| dir.join(name);
        fs::write(at("file"), "old").unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
        mknodat(CWD, at("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for (name, place) in [("file", "file"), ("link", "file"), ("new", "new"), ("dangling", "dangling")] {
            assert_eq!(replaceable(&at(name)), Some(at(place)));
        }
        assert_eq!(replaceable(&dir), Some(dir.clone()));
        for node in [&at("fifo"), Path::new("/dev/null"), Path::new("/dev/stdout"), Path::new("/proc/self/fd/1")] {
            assert_eq!(replaceable(node), None, "{}", node.display());
        }
        let nobody = write_into(&at("fifo"), "text", Wait::No).unwrap_err();
        assert_eq!(nobody.raw_os_error(), Some(rustix::io::Errno::NXIO.raw_os_error()));
    }
}

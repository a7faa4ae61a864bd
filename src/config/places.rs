//! Where the config and the database are: the XDG places, `~`, and paths beside the config.

use super::input::{Env, set};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a config may take to come through a pipe.
const PIPE_LIMIT: Duration = Duration::from_secs(30);

/// A config file as it was read.
pub(super) struct FoundFile {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    /// Unix permission bits, of the very file that was read.
    pub(super) mode: Option<u32>,
}

/// The file that was named, or the first one in the XDG places; `Ok(None)` when none was named and none is there. An error
/// comes with the file it is of.
pub(super) fn find(file: Option<&Path>, env: &Env<'_>) -> Result<Option<FoundFile>, (PathBuf, io::Error)> {
    if let Some(path) = file {
        return read(path).map(Some).map_err(|why| (path.to_owned(), why));
    }
    for path in looked_at(env) {
        match read(&path) {
            Ok(found) => return Ok(Some(found)),
            Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(why) => return Err((path, why)),
        }
    }
    Ok(None)
}

/// Reads a config. Nobody may ever write to a pipe, or end what they write: that is not waited for for long.
fn read(path: &Path) -> io::Result<FoundFile> {
    if std::fs::metadata(path)?.is_file() { read_whole(path) } else { read_within(path, PIPE_LIMIT) }
}

fn read_within(path: &Path, limit: Duration) -> io::Result<FoundFile> {
    let (tell, found) = mpsc::channel();
    let path = path.to_owned();
    // Nobody may be left to tell: then the process is about to end.
    thread::Builder::new().spawn(move || tell.send(read_whole(&path)))?;
    found.recv_timeout(limit).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn read_whole(path: &Path) -> io::Result<FoundFile> {
    let mut file = File::open(path)?;
    let mode = mode_of(&file.metadata()?);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(FoundFile { path: path.to_owned(), bytes, mode })
}

/// Why a file or program cannot be used, in plain words and without its name.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is none".into(),
        io::ErrorKind::TimedOut => "it does not come to its end in time".into(),
        kind => kind.to_string(),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "there are no such bits elsewhere")]
fn mode_of(meta: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(meta.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode_of(_: &std::fs::Metadata) -> Option<u32> {
    None
}

/// The places of a config nobody named, in the order they are looked at.
pub(super) fn looked_at(env: &Env<'_>) -> Vec<PathBuf> {
    let system = set(env, "XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".into());
    let system = system.split(':').map(PathBuf::from).filter(|dir| dir.is_absolute());
    own_dir(env).into_iter().chain(system.map(|dir| dir.join("savehub"))).map(|dir| dir.join("config.toml")).collect()
}

/// The user's own config directory of savehub.
pub(super) fn own_dir(env: &Env<'_>) -> Option<PathBuf> {
    xdg(env, "XDG_CONFIG_HOME", ".config")
}

/// The directories in which state may be kept, the best first: the user's own, and what systemd gives a service.
pub(super) fn state_dirs(env: &Env<'_>) -> Vec<PathBuf> {
    let given = set(env, "STATE_DIRECTORY").and_then(|dirs| dirs.split(':').next().map(PathBuf::from));
    let given = given.filter(|dir| dir.is_absolute());
    xdg(env, "XDG_STATE_HOME", ".local/state").into_iter().chain(given).collect()
}

/// The database of a config that names none.
pub(super) fn database(env: &Env<'_>) -> Option<PathBuf> {
    xdg(env, "XDG_STATE_HOME", ".local/state").map(|dir| dir.join("savehub.db"))
}

/// `~/x` below the home directory, a relative path beside the config: cron runs in another directory than the shell.
/// `None` when there is a `~` and no home.
pub(super) fn expand(path: &str, config: Option<&Path>, env: &Env<'_>) -> Option<PathBuf> {
    if path == "~" {
        return home(env);
    }
    if let Some(rest) = path.strip_prefix("~/") {
        return home(env).map(|home| home.join(rest));
    }
    Some(config.and_then(Path::parent).unwrap_or(Path::new("")).join(path))
}

/// Relative values do not count (XDG base directory specification).
fn xdg(env: &Env<'_>, name: &str, below_home: &str) -> Option<PathBuf> {
    let named = set(env, name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    named.or_else(|| home(env).map(|home| home.join(below_home))).map(|dir| dir.join("savehub"))
}

fn home(env: &Env<'_>) -> Option<PathBuf> {
    set(env, "HOME").map(PathBuf::from).filter(|dir| dir.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn a_config_from_a_pipe_is_read_to_its_end_and_waited_for_only_so_long() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = |name: &str| {
            let pipe = dir.path().join(name);
            mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
            pipe
        };
        let (whole, endless) = (pipe("whole"), pipe("endless"));
        let writer = thread::spawn({
            let pipe = whole.clone();
            move || std::fs::write(pipe, "x = 1\n").unwrap()
        });
        assert_eq!(read(&whole).unwrap().bytes, b"x = 1\n");
        writer.join().unwrap();
        let _writer = std::fs::OpenOptions::new().read(true).write(true).open(&endless).unwrap();
        for pipe in [endless, pipe("unwritten")] {
            let late = read_within(&pipe, Duration::from_millis(50)).err().unwrap();
            assert_eq!(reason(&late), "it does not come to its end in time");
        }
    }
}

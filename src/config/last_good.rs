//! The last good config. While the file is broken, missing or names nobody, ticks go on with a copy of what it held.
//!
//! The copy is made by each tick that reads a good config, if it changed. It holds what the file held, literal secrets
//! too, so nobody but its owner may read it; every other secret is fetched anew. It is of one host and one path, and is
//! read as if it stood there: what is beside the config (STOP, secrets, the database) is looked for beside the config.

use super::broken::Broken;
use super::input::Env;
use super::places::{self, FoundFile};
use super::{Config, ConfigError, Secrets, Sources, broken_file, find, nobody, read_found};
use crate::model::{Timestamp, fnv1a, printable};
use crate::node::names;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Below the directory of savehub's state. The units of `generate systemd` name it, too.
pub const LAST_GOOD: &str = "last-good";

/// So many copies of configs are kept: each new container may be a new host.
const KEPT: usize = 32;

/// How a config is read that may be broken.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The name of this machine.
    pub host: &'a str,
    /// Wall time.
    pub now: Timestamp,
    /// Are the secrets of providers needed?
    pub secrets: Secrets,
    /// A tick that is no rehearsal: it is to [`keep`] the copy of a good config, and notes since when one is broken.
    pub keeps: bool,
}

/// Reads the config, or its last good copy while it is broken, missing or names nobody; [`Config::broken`] says so.
///
/// # Errors
/// As [`super::load`], where there is no copy that can be used. A config that names nobody is an error only for what
/// keeps copies, which is a tick.
pub fn load_or_last_good(sources: &Sources<'_>, reading: &Reading<'_>) -> Result<Config, ConfigError> {
    let (found, read) = match find(sources) {
        Ok(found) => {
            let read = read_found(found.as_ref(), sources.env, reading.secrets);
            (found, read)
        }
        Err(error) => (None, Err(error)),
    };
    let files = candidates(sources, found.as_ref(), &read);
    let mut copies =
        files.iter().filter(|file| can_be_kept(file)).map(|file| Copy::of(file, sources.env, reading.host));
    match read {
        Ok(mut good) if !good.names_nobody && good.provider.locked().is_none() => {
            good.to_keep = found.filter(|_| reading.keeps && copies.next().is_some()).map(|found| found.bytes.into());
            Ok(good)
        }
        read => match copies
            .find_map(|copy| copy.read(found.as_ref(), sources, reading).filter(|it| is_better(it, &read, reading)))
        {
            Some((config, broken)) => {
                let error = Arc::new(read.map_or_else(|error| error, why_not));
                Ok(Config { broken: Some(Arc::new(Broken { error, ..broken })), ..config })
            }
            None => match read {
                Ok(config) if config.names_nobody && reading.keeps && config.file.is_some() => Err(nobody(&config)),
                read => read,
            },
        },
    }
}

/// A config whose secret is locked does all that needs none, so a copy must do more than that.
fn is_better((copy, broken): &(Config, Broken), read: &Result<Config, ConfigError>, reading: &Reading<'_>) -> bool {
    let does_something = read.as_ref().is_ok_and(|config| !config.names_nobody);
    !does_something || (copy.provider.locked().is_none() && !broken.is_over(reading.now))
}

/// Why a config that could be read is not the one to go on with.
fn why_not(config: Config) -> ConfigError {
    if config.names_nobody { nobody(&config) } else { ConfigError::Problems(config.refused) }
}

/// Keeps the copy of a good config that was read to be kept, and forgets that it was broken.
///
/// # Errors
/// Why there is no copy.
pub fn keep(config: &Config, env: &Env<'_>, host: &str) -> Result<(), String> {
    let (Some(file), Some(bytes)) = (&config.file, &config.to_keep) else { return Ok(()) };
    Copy::of(file, env, host).keep(bytes, config.last_good_config)
}

/// The files whose copy may stand in: the one that was read, or those that should have been.
fn candidates(sources: &Sources<'_>, found: Option<&FoundFile>, read: &Result<Config, ConfigError>) -> Vec<PathBuf> {
    match (found, sources.file, read) {
        (Some(found), ..) => vec![found.path.clone()],
        (None, Some(named), _) => vec![named.to_owned()],
        (None, None, Err(ConfigError::Unreadable { path, .. })) => vec![path.clone()],
        (None, None, _) => places::looked_at(sources.env),
    }
}

/// A pipe, or what stands behind the number of an open file, is another config each time.
fn can_be_kept(file: &Path) -> bool {
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let special = |path: &Path| path.starts_with("/dev") || path.starts_with("/proc");
    let is_file = fs::metadata(file).map_or(true, |meta| meta.is_file() || meta.is_dir());
    is_file && !special(&whole) && !fs::canonicalize(file).is_ok_and(|path| special(&path))
}

/// The copy of one config on this host.
struct Copy {
    /// The config.
    file: PathBuf,
    /// Where the copy is, or may be, the best place first.
    places: Vec<PathBuf>,
}

impl Copy {
    fn of(file: &Path, env: &Env<'_>, host: &str) -> Self {
        let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
        let host: String = host.chars().map(plain).take(64).collect();
        let name = format!("{:016x}.{host}.toml", fnv1a(&whole.to_string_lossy()));
        let places = places::state_dirs(env).into_iter().map(|dir| dir.join(LAST_GOOD).join(&name)).collect();
        Self { file: file.to_owned(), places }
    }

    /// What stands above the config in its copy.
    fn header(&self) -> String {
        format!("# A copy of {}, made by savehub tick.\n", printable(&self.file.display().to_string()))
    }

    /// Since when ticks have seen that the config is broken.
    fn note(place: &Path) -> PathBuf {
        place.with_extension("broken")
    }

    /// Where the copy is.
    fn place(&self) -> Option<&PathBuf> {
        let changed = |place: &PathBuf| fs::metadata(place).and_then(|meta| meta.modified()).ok();
        self.places.iter().filter(|place| place.is_file()).max_by_key(|place| changed(place))
    }

    /// Keeps the text of a good config, if it is not there yet. For no time: there is no copy.
    fn keep(&self, bytes: &[u8], lasts: Duration) -> Result<(), String> {
        // It may never have been there.
        self.places.iter().for_each(|place| drop(fs::remove_file(Self::note(place))));
        if lasts.is_zero() {
            self.places.iter().for_each(|place| drop(fs::remove_file(place)));
            return Ok(());
        }
        let wanted = [self.header().as_bytes(), bytes].concat();
        if self.place().and_then(|place| fs::read(place).ok()).is_some_and(|kept| kept == wanted) {
            return Ok(());
        }
        let mut failed = "there is no directory for it: neither HOME nor XDG_STATE_HOME is set".to_owned();
        for place in &self.places {
            match replace(place, &wanted) {
                Ok(()) => return Ok(()),
                Err(error) => failed = format!("{}: {}", place.display(), places::reason(&error)),
            }
        }
        Err(failed)
    }

    /// The copy, if there is one that can be used.
    fn read(
        &self,
        found: Option<&FoundFile>,
        sources: &Sources<'_>,
        reading: &Reading<'_>,
    ) -> Option<(Config, Broken)> {
        let place = self.place()?;
        let bytes = fs::read(place).ok()?;
        let text = bytes.strip_prefix(self.header().as_bytes()).unwrap_or(&bytes);
        // The same text: what is wrong is not in it, and asking again for a secret would take its time once more.
        let same = |found: &FoundFile| found.bytes == text && found.mode.is_none_or(|mode| mode & 0o044 == 0);
        if found.is_some_and(same) {
            return None;
        }
        let copy = FoundFile { path: self.file.clone(), bytes: text.to_owned(), mode: None };
        let mut config = read_found(Some(&copy), sources.env, reading.secrets).ok()?;
        if let Some(held) = found.and_then(|found| std::str::from_utf8(&found.bytes).ok()) {
            broken_file::hold_back(&mut config, held, sources.env);
        }
        let (since, lasts) = (since(&Self::note(place), reading), config.last_good_config);
        // The error is put in by whoever has it.
        let error = Arc::new(nobody(&config));
        Some((config, Broken { file: self.file.clone(), error, since, lasts }))
    }
}

/// Since when the config is broken; a tick notes it. A time ahead of now was written by a wrong clock.
fn since(note: &Path, reading: &Reading<'_>) -> Option<Timestamp> {
    let noted = fs::read_to_string(note).ok().and_then(|text| text.trim().parse().ok()).map(Timestamp::from_ms);
    let noted = noted.filter(|since| *since <= reading.now);
    if noted.is_none() && reading.keeps {
        // Where it cannot be written, ticks go on: a disk that is full must not silence phones.
        drop(replace(note, reading.now.ms().to_string().as_bytes()));
        return Some(reading.now);
    }
    noted
}

/// Replaces a file in one step, for its owner alone.
fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = place.parent().unwrap_or(Path::new(""));
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let beside = place.with_extension(format!("{}.tmp", std::process::id()));
    // Left by a process that was killed and had the same id.
    drop(fs::remove_file(&beside));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
    let written = written.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    let done = written.and_then(|()| fs::rename(&beside, place));
    if done.is_err() {
        drop(fs::remove_file(&beside));
    }
    done.map(|()| forget_oldest(dir))
}

/// Deletes what is beyond the newest copies.
fn forget_oldest(dir: &Path) {
    let entries = names(dir).into_iter().map(|name| dir.join(name));
    let mut copies: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    if copies.len() > KEPT {
        copies.sort_by_key(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok());
        let old = copies.len() - KEPT;
        copies.iter().take(old).for_each(|path| drop(fs::remove_file(path)));
    }
}

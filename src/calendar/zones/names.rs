//! What a zone's name may mean that is neither an IANA name as it stands nor one of the calendar's own zones.

use super::time_zone::TimeZone;
use crate::calendar::value;
use crate::calendar::vtimezone::Rules;
use crate::model::Timestamp;
use crate::zone::Zone;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

/// Windows names and some display names, and their IANA zones.
const WINDOWS: &str = include_str!("windows.tsv");

/// An IANA zone by its name as it stands.
pub(super) fn exact(name: &str) -> Option<TimeZone> {
    Zone::named(name).filter(|zone| zone.name() == name).map(TimeZone::Iana)
}

/// IANA names that say an offset and no place, besides `Etc/…`.
const MERE_OFFSETS: [&str; 12] =
    ["GMT", "UTC", "EST", "MST", "HST", "GMT0", "GMT+0", "GMT-0", "Greenwich", "UCT", "Universal", "Zulu"];

/// Is an IANA name that of an offset? Who writes one over rules with daylight time means the rules.
pub(super) fn is_mere_offset(name: &str) -> bool {
    name.starts_with("Etc/") || MERE_OFFSETS.contains(&name)
}

/// The place a name means: a Windows name, a display name of Outlook, an IANA name in another case, the last parts of a
/// path; a remark behind it in parentheses does not count. What a display name says of its offset must hold around `at`.
pub(super) fn guessed(name: &str, at: Timestamp) -> Option<TimeZone> {
    let (offset, phrase) = display(name);
    let fits = |place: &TimeZone| offset.is_none_or(|offset| has_offset(place, offset, at));
    let bare = name.split(" (").next().unwrap_or(name);
    let parts: Vec<&str> = bare.trim_matches('/').split('/').collect();
    let ends = [3, 2, 1].into_iter().filter_map(|n| Some(parts.get(parts.len().checked_sub(n)?..)?.join("/")));
    windows(name)
        .or_else(|| windows_of_display(phrase))
        .filter(fits)
        .or_else(|| town(phrase, fits))
        .or_else(|| iana(bare))
        .or_else(|| ends.into_iter().find_map(|end| iana(&end).or_else(|| iana(&end.replacen('_', "/", 1)))))
        .or_else(|| town(parts.last()?, |_| true))
}

/// An offset that is all a name tells, in seconds: `UTC+1`, `GMT-05:00`, `+0530`, `Z`. Behind `UTC` and `GMT`, plus is
/// east, other than in `Etc/GMT+5`.
pub(super) fn fixed(name: &str) -> Option<i32> {
    let name = name.trim().to_ascii_uppercase();
    match ["UTC", "GMT"].iter().find_map(|start| name.strip_prefix(start)) {
        Some(digits) => offset_of(digits),
        None if name == "Z" => Some(0),
        None => offset_of(&name).filter(|_| !name.is_empty()),
    }
}

/// The offset that a display name tells, in seconds.
pub(super) fn offset(name: &str) -> Option<i32> {
    display(name).0
}

/// The zone whose name is spelt nearly so, and what to call it: with a number behind (Exchange counts zones that are
/// there twice), with `Daylight` or `Summer` for `Standard`, with `-` for `/` or a blank for `_`; or an offset behind a path
/// (`Etc/UTC-2`).
pub(super) fn spelt_alike(name: &str) -> Option<(TimeZone, String)> {
    let numbered = name.rsplit_once(' ').filter(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()));
    let name = numbered.map_or(name, |(name, _)| name).trim();
    let standard = ["Daylight", "Summer"].into_iter().find_map(|season| {
        let before = name.strip_suffix(" Time")?.strip_suffix(season)?;
        Some(format!("{before}Standard Time"))
    });
    let underscored = name.replace(' ', "_");
    let place = windows(name)
        .or_else(|| windows(standard.as_deref()?))
        .or_else(|| iana(&underscored))
        .or_else(|| iana(&underscored.replacen('-', "/", 1)))
        .or_else(|| iana(&underscored.replace('-', "/")));
    if let Some(TimeZone::Iana(zone)) = place {
        let called = format!("\"{}\"", zone.name());
        return Some((TimeZone::Iana(zone), called));
    }
    let offset = name.rsplit('/').next().filter(|last| last.to_ascii_uppercase().starts_with("UTC")).and_then(fixed)?;
    Some((TimeZone::Own(Rules::fixed(offset)), "the offset in its name".to_owned()))
}

/// An IANA zone, whatever the case of its name.
fn iana(name: &str) -> Option<TimeZone> {
    Zone::named(name.trim()).map(TimeZone::Iana)
}

/// A Windows name, such as `W. Europe Standard Time`.
pub(super) fn windows(name: &str) -> Option<TimeZone> {
    /// By the name in small letters.
    static ZONES: LazyLock<HashMap<String, &str>> = LazyLock::new(|| {
        let rows = WINDOWS.lines().filter_map(|row| row.split_once('\t'));
        rows.map(|(windows, name)| (windows.to_ascii_lowercase(), name)).collect()
    });
    ZONES.get(&name.trim().to_ascii_lowercase()).and_then(|name| iana(name))
}

/// A display name without towns: `Eastern Time (US & Canada)`, `Azores`, `Coordinated Universal Time-11`.
fn windows_of_display(phrase: &str) -> Option<TimeZone> {
    let short = phrase.split('(').next().unwrap_or_default().trim();
    let named = short.strip_suffix(" Time").unwrap_or(short);
    windows(phrase)
        .or_else(|| windows(&format!("{named} Standard Time")))
        .or_else(|| windows(&format!("UTC{}", short.strip_prefix("Coordinated Universal Time")?)))
}

/// The fitting zone of the first town in a list that has one.
fn town(towns: &str, fits: impl Fn(&TimeZone) -> bool) -> Option<TimeZone> {
    /// The names of zones by their last part, in lower case.
    static TOWNS: LazyLock<HashMap<String, Vec<&str>>> = LazyLock::new(|| {
        let mut towns = HashMap::<_, Vec<_>>::new();
        for name in Zone::names() {
            towns.entry(name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase()).or_default().push(name);
        }
        towns
    });
    towns.split([',', ';', ':']).find_map(|town| {
        let names = TOWNS.get(&town.trim().replace(' ', "_").to_ascii_lowercase())?;
        names.iter().filter_map(|name| iana(name)).find(|place| fits(place))
    })
}

/// Is this the zone's offset in winter, in the half year before `at`?
fn has_offset(place: &TimeZone, offset: i32, at: Timestamp) -> bool {
    let earlier = at.minus(Duration::from_secs(183 * 86_400));
    [at, earlier].iter().filter_map(|at| place.offset(*at)).min() == Some(i64::from(offset))
}

/// The offset and the rest of a display name such as `(UTC+01:00) Amsterdam, Berlin` or `(GMT -05.00) …`.
fn display(name: &str) -> (Option<i32>, &str) {
    let name = name.trim();
    let (offset, rest) = match name.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
        Some((offset, rest)) => (offset.trim(), rest.trim()),
        None => (name, name),
    };
    let digits = offset.strip_prefix("UTC").or_else(|| offset.strip_prefix("GMT"));
    (digits.and_then(offset_of), rest)
}

/// What stands behind `UTC` in a name: `+01:00`, `-05.00`, `+1`, or nothing.
fn offset_of(digits: &str) -> Option<i32> {
    let digits = digits.trim().replace('.', ":");
    let Some((sign, digits)) = digits.split_at_checked(1) else { return digits.is_empty().then_some(0) };
    let one_digit = digits.find(':').unwrap_or(digits.len()) == 1;
    value::offset(&format!("{sign}{}{digits}", if one_digit { "0" } else { "" }))
}

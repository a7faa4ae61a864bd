//! The zone somebody probably meant.

use super::data;
use crate::near::nearest;

/// Abbreviations are near each other and hours apart, as `EDT` and `EET` are: none is taken for another.
const ABBREVIATION: usize = 5;

/// `did you mean "Europe/Berlin"?`: the zone with nearly this name, or of the city with this name (people write `Berlin`
/// and `New York`), or with this offset. Never one of another offset than the one that was typed.
pub fn did_you_mean(typed: &str) -> Option<String> {
    let (names, city) = (data::names(), typed.trim().replace(' ', "_"));
    if city.contains(|c: char| c.is_ascii_digit()) {
        let hours = hours_east(&city)?;
        let sign = if hours < 0 { '+' } else { '-' };
        let name = if hours == 0 { "Etc/GMT".to_owned() } else { format!("Etc/GMT{sign}{}", hours.abs()) };
        return names.contains(&name.as_str()).then(|| {
            format!("did you mean \"{name}\"? That is UTC{hours:+}, the sign is turned round there, and it has no summer time")
        });
    }
    let is_city = |name: &&str| name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city));
    let is_word = city.len() > ABBREVIATION;
    let near = || nearest(&city, names.iter().copied()).filter(|_| is_word);
    names.iter().copied().find(is_city).or_else(near).map(|near| format!("did you mean \"{near}\"?"))
}

/// The whole hours of `GMT+1`, `UTC-05:00` or `+0200`: plus is east, as people write it.
fn hours_east(typed: &str) -> Option<i32> {
    let upper = typed.to_ascii_uppercase();
    let offset = ["UTC", "GMT"].iter().find_map(|start| upper.strip_prefix(start)).unwrap_or(&upper).trim_matches('_');
    let east = offset.starts_with('+');
    let digits = offset.strip_prefix(['+', '-'])?.replace(':', "");
    let hours = if digits.len() > 2 { digits.strip_suffix("00")? } else { &digits };
    let hours: i32 = hours.parse().ok().filter(|_| hours.bytes().all(|b| b.is_ascii_digit()))?;
    Some(if east { hours } else { -hours })
}

#[cfg(test)]
mod tests {
    use super::super::{Civil, Zone};
    use super::*;

    #[test]
    fn an_offset_is_never_answered_with_a_zone_of_another_offset() {
        let noon = Civil { date: (2026, 7, 1), time: (12, 0, 0) };
        for (typed, utc) in [
            ("GMT+1", "11:00"),
            ("UTC+01:00", "11:00"),
            ("gmt-5", "17:00"),
            ("+0200", "10:00"),
            ("UTC+14", "22:00"),
            ("UTC-0", "12:00"),
        ] {
            let told = did_you_mean(typed).unwrap();
            let zone = Zone::named(told.split('"').nth(1).unwrap()).unwrap();
            assert_eq!(Zone::utc().clock_text(zone.instant(noon).unwrap()), utc, "{typed}: {told}");
        }
        for typed in ["GMT+15", "UTC+5:30", "UTC+", "CEST-2", "GMT+1x", "EST+5", "GMT++1", "Etc/GMT+99"] {
            assert_eq!(did_you_mean(typed), None, "{typed}");
        }
    }

    #[test]
    fn an_abbreviation_is_never_answered_with_a_near_one() {
        for typed in ["EDT", "CEST", "AEST", "PDT", "MEZ", "BST", "IST"] {
            assert_eq!(did_you_mean(typed), None, "{typed}");
        }
        for (typed, name) in
            [("Berlin", "Europe/Berlin"), ("new york", "America/New_York"), ("Europe/Berln", "Europe/Berlin")]
        {
            assert_eq!(did_you_mean(typed), Some(format!("did you mean \"{name}\"?")));
        }
    }
}

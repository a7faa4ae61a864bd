//! The age of the time zone data.

use super::Check;
use crate::model::printable;
use crate::zone::{SystemZone, ZoneData};

/// How old the time zone data is, in a year such as 2026.
pub fn judge(data: &ZoneData, year: i16) -> Check {
    let (version, from) = (printable(&data.version), data.from);
    let age = version.get(..4).and_then(|text| text.parse::<i16>().ok()).map(|of| year.saturating_sub(of));
    match age {
        // Rules change several times a year; a year old is worth a look.
        Some(age) if age > 1 => Check::warning(
            "zones",
            format!("the time zone data is {version} ({from}): countries have changed their clocks since"),
            "Update the package tzdata, or savehub; the newer one is used",
        ),
        Some(_) => Check::ok("zones", format!("{version}, {from}")),
        None => Check::warning("zones", "the version of the time zone data is not known", "Update the package tzdata"),
    }
}

/// The same, with the system's zone and what names it. `used`: somebody has no zone in the config.
pub fn zones(age: Check, zone: &SystemZone, used: bool) -> Vec<Check> {
    let told = match zone.trouble() {
        Some(trouble) if used => Check::problem("zones", trouble, "Until then commands with local times refuse to run"),
        Some(trouble) => Check::warning("zones", trouble, "Everybody has a zone in the config, so that it is not used"),
        None => return vec![Check { detail: format!("{}; the system's zone is {}", age.detail, zone.words()), ..age }],
    };
    vec![age, told]
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn zone_data_of_two_years_ago_is_old() {
        let of = |version: &str, year| judge(&ZoneData { version: version.into(), from: "system" }, year).status;
        assert_eq!([of("2026e", 2026), of("2025b", 2026), of("2027a", 2026)], [Status::Ok; 3]);
        assert_eq!([of("2024b", 2026), of("unknown", 2026), of("", 2026)], [Status::Warning; 3]);
    }
}

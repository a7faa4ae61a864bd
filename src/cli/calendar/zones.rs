//! Where the zones of a calendar came from, in words. Pure.

use crate::calendar::{ZoneBy, ZoneUse};

/// By what its zones were found: `Europe/Berlin (IANA name), Custom (the calendar's own)`.
pub(in crate::cli) fn zones_words(zones: &[ZoneUse]) -> String {
    if zones.is_empty() { "UTC alone".into() } else { zones.iter().map(zone_words).collect::<Vec<_>>().join(", ") }
}

fn zone_words(zone: &ZoneUse) -> String {
    let iana = zone.zone.as_deref();
    let by = match (zone.by, iana) {
        (ZoneBy::Iana, _) => "IANA name".to_owned(),
        (ZoneBy::Windows, Some(iana)) => format!("Windows name of {iana}"),
        (ZoneBy::Guess, Some(iana)) => format!("read as {iana}"),
        (ZoneBy::Floating, Some(iana)) => format!("those of {iana}"),
        (ZoneBy::Offset, _) => "an offset".to_owned(),
        (ZoneBy::Unknown, _) => "unknown, so its times are without a zone".to_owned(),
        (ZoneBy::Own | ZoneBy::Windows | ZoneBy::Guess | ZoneBy::Floating, _) => "the calendar's own".to_owned(),
    };
    format!("{} ({by})", zone.name.as_deref().unwrap_or("times without a zone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_zone_is_told_with_where_its_rules_came_from() {
        let of = |name: &str, by, zone: &str| ZoneUse {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            by,
            zone: Some(zone.to_owned()).filter(|zone| !zone.is_empty()),
        };
        let zones = [
            of("Europe/Berlin", ZoneBy::Iana, "Europe/Berlin"),
            of("Tokyo Standard Time", ZoneBy::Windows, "Asia/Tokyo"),
            of("Custom", ZoneBy::Own, ""),
            of("UTC+1", ZoneBy::Offset, ""),
            of("Eastern", ZoneBy::Guess, "America/New_York"),
            of("Mars/Olympus", ZoneBy::Unknown, ""),
            of("", ZoneBy::Floating, "Europe/Paris"),
        ];
        assert_eq!(
            zones_words(&zones),
            "Europe/Berlin (IANA name), Tokyo Standard Time (Windows name of Asia/Tokyo), Custom (the calendar's own), \
             UTC+1 (an offset), Eastern (read as America/New_York), Mars/Olympus (unknown, so its times are without a \
             zone), times without a zone (those of Europe/Paris)"
        );
        assert_eq!(zones_words(&[]), "UTC alone");
    }
}

//! The zone of the system, and what names it.

use super::{Zone, did_you_mean};
use crate::model::{cut, printable};

/// The zone of the system, as a link to its file or the file itself (localtime(5)).
const LOCALTIME: &str = "/etc/localtime";

impl Zone {
    /// The system's zone (`TZ`, then `/etc/localtime`), or UTC when it cannot be told.
    pub fn system() -> Self {
        SystemZone::here().zone
    }
}

/// What names the system's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneOrigin {
    /// The variable `TZ`.
    Variable,
    /// `/etc/localtime`.
    Localtime,
    /// Neither: it is UTC.
    Nothing,
    /// `TZ`, with a text that means no zone: UTC stands in for it.
    Unknown(String),
}

/// The system's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemZone {
    /// The zone.
    pub zone: Zone,
    /// What names it.
    pub origin: ZoneOrigin,
}

impl SystemZone {
    /// The zone that is in force in this process.
    pub fn here() -> Self {
        let variable = std::env::var_os("TZ");
        Self::of(variable.as_ref().map(|text| text.to_string_lossy()).as_deref())
    }

    fn of(variable: Option<&str>) -> Self {
        let (zone, origin) = if let Some(text) = variable {
            let zone = Zone::of_variable(text);
            let unknown = || ZoneOrigin::Unknown(text.to_owned());
            let origin = zone.as_ref().map_or_else(unknown, |_| ZoneOrigin::Variable);
            (zone, origin)
        } else {
            let link = std::fs::read_link(LOCALTIME).ok();
            let zone = link.and_then(|link| Zone::of_path(link.to_str()?)).or_else(|| Zone::of_file(LOCALTIME));
            let origin = zone.as_ref().map_or(ZoneOrigin::Nothing, |_| ZoneOrigin::Localtime);
            (zone, origin)
        };
        Self { zone: zone.unwrap_or_else(Zone::utc), origin }
    }

    /// What is wrong with `TZ`, and what to write instead; `None`: nothing.
    pub fn trouble(&self) -> Option<String> {
        let ZoneOrigin::Unknown(text) = &self.origin else { return None };
        let help = did_you_mean(text).unwrap_or_else(|| "set it to an IANA name, such as Europe/Berlin".to_owned());
        Some(format!(
            "TZ={} is no time zone that savehub knows, and would be UTC without a word; {help}",
            cut(&printable(text), 40)
        ))
    }

    /// `Europe/Berlin, from TZ`.
    pub fn words(&self) -> String {
        let name = self.zone.name();
        match &self.origin {
            ZoneOrigin::Variable => format!("{name}, from TZ"),
            ZoneOrigin::Localtime => format!("{name}, from {LOCALTIME}"),
            ZoneOrigin::Nothing => format!("UTC, since neither TZ nor {LOCALTIME} names a zone"),
            ZoneOrigin::Unknown(_) => "UTC, since TZ names no zone".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tz_that_is_no_zone_is_told_with_the_one_that_was_meant() {
        for (text, words) in [
            (
                "Europe/Berln",
                "TZ=Europe/Berln is no time zone that savehub knows, and would be UTC without a word; did \
                              you mean \"Europe/Berlin\"?",
            ),
            ("\u{1b}[2J", "set it to an IANA name"),
            ("CEST", "set it to an IANA name"),
        ] {
            let told = SystemZone::of(Some(text)).trouble().unwrap();
            assert!(told.contains(words) && !told.contains('\u{1b}'), "{told}");
        }
    }

    #[test]
    fn names_files_and_rules_in_tz_are_fine_and_said() {
        for (text, words) in [
            ("", "UTC, from TZ"),
            (":Asia/Tokyo", "Asia/Tokyo, from TZ"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "local, from TZ"),
            ("<+03>-3", "local, from TZ"),
        ] {
            let zone = SystemZone::of(Some(text));
            assert_eq!((zone.trouble(), zone.words().as_str()), (None, words), "{text}");
        }
    }
}

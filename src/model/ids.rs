//! Short, typable identifiers: row numbers with a letter in front (`m3`, `i7`).

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&format!(concat!($prefix, "{}"), self.0))
            }
        }

        impl $name {
            /// Reads the id with or without its letter; anything else is `None`.
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix($prefix).unwrap_or(text);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                digits.parse().ok().map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
    };
}

id!(
    /// A meeting: `m3`.
    MeetingId, "m"
);
id!(
    /// An incident: `i7`.
    IncidentId, "i"
);
id!(
    /// A step of an incident: `s12`.
    StepId, "s"
);
id!(
    /// An attempt to reach the provider: `a5`.
    AttemptId, "a"
);
id!(
    /// One run of `savehub tick`: `t99`.
    TickId, "t"
);
id!(
    /// A calendar of a person: `c2`.
    CalendarId, "c"
);

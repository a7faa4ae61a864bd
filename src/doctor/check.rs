//! One line of the doctor: what was looked at, how it is, and what to do.

use serde::Serialize;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Not looked at; the detail says why.
    Skipped,
    /// It works, and something about it should be known.
    Warning,
    /// Phones may not ring as they should.
    Problem,
}

impl Status {
    /// Every one, mildest first.
    #[cfg(test)]
    const ALL: [Self; 4] = [Self::Ok, Self::Skipped, Self::Warning, Self::Problem];

    /// As it stands in text and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What is looked at, in the order in which it is shown, and what that means. A new check is a line here, a function that
/// judges what was seen, and whoever looks (`cli::doctor`).
pub const CHECKS: &[(&str, &str)] = &[
    ("config", "the config is found, has no mistakes, and keeps no phone from ever ringing"),
    ("provider", "calls are real"),
    ("brakes", "neither a STOP file nor a pause holds phones back"),
    ("modes", "nobody else can change the config, or read secrets and the database"),
    ("database", "the database opens, is sound, of this schema, and on a local disk with room; a server answers"),
    ("zones", "the time zone data is not old; which zone local times are in, and from where"),
    ("ticks", "ticks run every 30 s, from one scheduler, and end in time"),
    ("pace", "every call of the next 24 hours can start before its meeting, at the provider's pace"),
    ("commands", "programs of the config are there and can be run"),
    ("metrics", "metrics_file can be written, and is one that is read"),
    ("clock", "this machine's clock agrees with the provider's"),
    ("account", "the provider takes the credentials, and the account is active"),
    ("balance", "there is money left"),
    ("from", "the from number belongs to the account, can do what the ladder needs, and does not rest after a refusal"),
    ("countries", "the account may call the countries of everybody's number"),
    ("verified", "a trial account knows everybody's number"),
    ("messages", "what doctor cannot ask about text messages"),
    (
        "calendar",
        "each calendar can be read, and its copy is fresh; how it is read, what it cannot show, its time zones",
    ),
    ("mail", "the mail server takes the login"),
    ("webhook", "the server of each webhook can be reached; nothing is sent to it"),
    ("key_bin", "the TwiML Bin holds what the manual says"),
    ("heartbeat", "the server of heartbeat_url can be reached; it is not pinged"),
];

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// One of [`CHECKS`].
    pub check: &'static str,
    /// How it is.
    pub status: Status,
    /// What was seen. Clean; no secret, no whole number.
    pub detail: String,
    /// What to do.
    pub remedy: Option<String>,
}

impl Check {
    /// As it should be.
    pub fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, detail: detail.into(), remedy: None }
    }

    /// Not looked at.
    pub fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Self { check, status: Status::Skipped, detail: why.into(), remedy: None }
    }

    /// Something to know, and what to do about it.
    pub fn warning(check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    /// Something wrong, and what to do about it.
    pub fn problem(check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, status: Status::Problem, detail: detail.into(), remedy: Some(remedy.into()) }
    }
}

/// All lines.
#[derive(Debug, Serialize)]
pub struct Findings {
    /// In the order of [`CHECKS`].
    pub checks: Vec<Check>,
    /// How many problems.
    pub problems: usize,
    /// How many warnings.
    pub warnings: usize,
}

impl Findings {
    /// Puts lines in their order, makes one of many that are fine, and counts.
    pub fn of(mut checks: Vec<Check>) -> Self {
        checks.sort_by_key(|check| CHECKS.iter().position(|(name, _)| *name == check.check));
        let checks = folded(checks);
        let count = |status| checks.iter().filter(|check| check.status == status).count();
        let (problems, warnings) = (count(Status::Problem), count(Status::Warning));
        Self { checks, problems, warnings }
    }
}

/// More lines than this of one check that need nobody's eye become one: a company has thousands of calendars.
const MANY: usize = 10;

fn folded(checks: Vec<Check>) -> Vec<Check> {
    let mut counts: Vec<(&'static str, Status, usize)> = Vec::new();
    for check in &checks {
        match counts.iter_mut().find(|(name, status, _)| (*name, *status) == (check.check, check.status)) {
            Some((.., count)) => *count += 1,
            None => counts.push((check.check, check.status, 1)),
        }
    }
    let many = |check: &Check| {
        let quiet = matches!(check.status, Status::Ok | Status::Skipped);
        let is_it = |(name, status, _): &&(&str, Status, usize)| (*name, *status) == (check.check, check.status);
        counts.iter().find(is_it).map(|(.., count)| *count).filter(|count| quiet && *count > MANY)
    };
    let mut kept: Vec<Check> = Vec::new();
    for check in checks {
        match many(&check) {
            None => kept.push(check),
            Some(_) if kept.iter().any(|seen| (seen.check, seen.status) == (check.check, check.status)) => {}
            Some(count) => kept.push(Check { detail: format!("{}; and {} more", check.detail, count - 1), ..check }),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_lines_that_are_fine_one_is_shown_and_of_those_that_are_not_all() {
        let fine = (0..500).map(|n| Check::ok("calendar", format!("p{n}/work, 1 event")));
        let bad = (0..20).map(|n| Check::problem("calendar", format!("q{n}/work cannot be read"), "Correct it"));
        let findings = Findings::of(fine.chain(bad).collect());
        assert_eq!((findings.checks.len(), findings.problems), (21, 20));
        assert_eq!(findings.checks[0].detail, "p0/work, 1 event; and 499 more");
    }

    #[test]
    fn a_status_is_one_word_in_text_and_json() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.word());
        }
    }
}

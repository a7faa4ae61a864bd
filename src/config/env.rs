//! The six environment variables that override the file, each under exactly one name.

use super::ProviderChoice;
use super::check::{account_sid, web};
use super::input::{Env, Secrets, set};
use super::show::{CheckReport, Problem};
use crate::model::Phone;
use secrecy::SecretString;

/// A value that may be missing, or written and wrong (and then reported).
#[derive(Debug, Clone)]
pub(super) enum Given<T> {
    Absent,
    Bad,
    Good(T),
}

impl<T> Given<T> {
    /// This value, or the other one where this was not given.
    pub(super) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if matches!(self, Self::Absent) { other() } else { self }
    }

    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Given<U> {
        match self {
            Self::Absent => Given::Absent,
            Self::Bad => Given::Bad,
            Self::Good(value) => Given::Good(change(value)),
        }
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(super) fn good(self) -> Option<T> {
        if let Self::Good(value) = self { Some(value) } else { None }
    }
}

/// What the environment says. An empty variable says nothing.
pub(super) struct Overrides {
    pub(super) provider: Given<ProviderChoice>,
    pub(super) test_mode: Given<bool>,
    pub(super) account_sid: Given<String>,
    pub(super) auth_token: Given<SecretString>,
    pub(super) from: Given<Phone>,
    pub(super) webhook_url: Given<String>,
}

impl Overrides {
    /// Reads them all. No message shows a value: a variable may hold what was meant for another.
    pub(super) fn read(report: &CheckReport<'_>) -> Self {
        let env = report.input.env;
        Self {
            provider: one(env, report, "CALL_PROVIDER", "set it to mock or twilio", ProviderChoice::named),
            test_mode: one(env, report, "CALL_TEST_MODE", "set it to true or false (1, 0, yes and no do too)", yes_no),
            account_sid: one(env, report, "TWILIO_ACCOUNT_SID", account_sid::HELP, account_sid::parse),
            auth_token: if report.input.secrets == Secrets::NotNeeded {
                Given::Absent
            } else {
                one(env, report, "TWILIO_AUTH_TOKEN", "set it to the token alone", |text| {
                    text.bytes().all(|b| b.is_ascii_graphic()).then(|| SecretString::from(text))
                })
            },
            from: one(env, report, "TWILIO_FROM_NUMBER", "set it to a number such as +12025550100", |text| {
                Phone::parse(text).ok()
            }),
            webhook_url: one(
                env,
                report,
                "CALL_WEBHOOK_URL",
                "set it to an address that starts with https://",
                |text| web::address(text).is_ok().then(|| text.to_owned()),
            ),
        }
    }
}

fn one<T>(
    env: &Env<'_>,
    report: &CheckReport<'_>,
    name: &str,
    help: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Given<T> {
    let Some(text) = set(env, name) else { return Given::Absent };
    if let Some(value) = parse(&text) {
        return Given::Good(value);
    }
    report.push(Problem::new(format!("the environment variable {name} has a value savehub cannot use")).help(help));
    Given::Bad
}

fn yes_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

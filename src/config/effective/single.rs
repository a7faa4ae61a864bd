//! Settings of tables of which there is one.

use super::written::{Written, mail, phone, sid};
use super::{Around, Origin, Shown, Value};
use crate::config::check::policy;
use crate::config::raw::spoken;
use crate::config::{CALLS_PER_SECOND, ProviderChoice, Security, WebhookFormat};
use crate::model::printable;
use crate::rules::message::DEFAULT_MESSAGE;
use std::time::Duration;

pub(super) fn duration(value: Duration) -> Value {
    Value::Text(spoken(value))
}

pub(super) const fn number(value: u32) -> Value {
    Value::Number(value as u64)
}

fn count(value: usize) -> Value {
    Value::Number(u64::try_from(value).unwrap_or(u64::MAX))
}

/// So many in a second; a whole number as one.
pub(super) fn rate(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number, at most 1000")]
    match value {
        whole if whole.fract() == 0.0 && (0.0..=1000.0).contains(&whole) => Value::Number(whole as u64),
        part => Value::Rate(part),
    }
}

pub(super) fn text(value: &str) -> Value {
    Value::Text(printable(value))
}

pub(super) fn maybe(value: Option<&str>) -> Value {
    value.map_or(Value::NotSet(None), text)
}

fn size(bytes: usize) -> Value {
    let in_units =
        |unit: usize, name: &str| bytes.is_multiple_of(unit).then(|| Value::Text(format!("{} {name}", bytes / unit)));
    in_units(1_000_000, "MB").or_else(|| in_units(1000, "kB")).unwrap_or_else(|| count(bytes))
}

impl Around<'_> {
    /// The setting of this key. A key that this does not know is shown as it was typed.
    pub(super) fn single(&self, path: &'static str, key: &'static str, root: Written<'_, '_>) -> Shown {
        let table = root.at(path);
        match path {
            "" => self.top(key, table),
            "call" => self.call(key, table),
            "guards" => self.guards(key, table),
            "engine" => self.engine(key, table),
            "calendar" => self.calendar(key, table),
            "hear" => self.hear(key, table),
            "provider.mock" => self.mock(key, table),
            "provider.twilio" => self.twilio(key, table),
            "email" => self.email(key, table),
            _ => table.typed(key, Value::NotSet(None)),
        }
    }

    /// Keys outside of all tables.
    fn top(&self, key: &str, table: Written<'_, '_>) -> Shown {
        match key {
            "database" if self.config.store.is_some() => {
                (Value::NotSet(Some("the store is a server")), Origin::Default)
            }
            "database" => table.shown(key, text(&self.config.database.display().to_string())),
            "store_ca_file" | "metrics_file" => table.path(key, self.path, self.env),
            // `store` and `heartbeat_url`, in all their ways.
            _ => table.secret(key, self.path, self.env),
        }
    }

    fn mock(&self, key: &str, table: Written<'_, '_>) -> Shown {
        match key {
            "calls_per_second" => {
                table.shown(key, self.config.provider.mock.calls_per_second.map_or(Value::NotSet(None), rate))
            }
            _ if !table.has(key) => (Value::List(vec!["no-answer".into()]), Origin::Default),
            _ => table.typed_list(key),
        }
    }

    fn call(&self, key: &str, table: Written<'_, '_>) -> Shown {
        let config = self.config;
        let over = |name, value: Value| {
            self.variable(name).map_or_else(|| table.shown(key, value.clone()), |(_, at)| (value.clone(), at))
        };
        match key {
            "provider" => over(
                "CALL_PROVIDER",
                text(match config.provider.chosen {
                    ProviderChoice::Mock => "mock",
                    ProviderChoice::Twilio => "twilio",
                }),
            ),
            "test_mode" => over("CALL_TEST_MODE", Value::Flag(config.test_mode)),
            // It may hold a token.
            "webhook_url" => match self.variable("CALL_WEBHOOK_URL") {
                Some((_, at)) => (Value::Secret("from CALL_WEBHOOK_URL".into()), at),
                None => table.secret(key, self.path, self.env),
            },
            "message" => table.message(key, DEFAULT_MESSAGE),
            "language" => table.typed(key, text("en-US")),
            "repeat" => table.shown(key, text(config.repeat.as_str())),
            "machine_detection" => table.shown(key, Value::Flag(config.machine_detection)),
            _ => table.typed(key, Value::NotSet(None)),
        }
    }

    fn guards(&self, key: &str, table: Written<'_, '_>) -> Shown {
        let guards = &self.config.guards;
        let value = match key {
            "critical_window" => duration(guards.critical_window),
            "max_calls" => number(guards.max_calls),
            "max_calls_per" => duration(guards.max_calls_per),
            "max_sms" => number(guards.max_sms),
            "daily_cap_per_person" => number(guards.daily_cap_per_person),
            "daily_cap" => number(guards.daily_cap),
            "number_gap" => duration(guards.number_gap),
            "allowed_prefixes" => Value::List(guards.allowed_prefixes.clone()),
            _ => return table.typed(key, Value::NotSet(None)),
        };
        table.shown(key, value)
    }

    fn engine(&self, key: &str, table: Written<'_, '_>) -> Shown {
        let engine = &self.config.engine;
        let value = match key {
            "ring_timeout" => duration(engine.ring_timeout),
            "request_timeout" => duration(engine.request_timeout),
            "hard_timeout" => duration(engine.hard_timeout),
            "lease" => duration(engine.lease),
            "settle" => duration(engine.settle),
            "tick_limit" => duration(engine.tick_limit),
            "parallel" => count(engine.parallel),
            "grace" => duration(engine.grace),
            "retention" => engine.retention.map_or(Value::NotSet(None), duration),
            "preflight" => Value::Flag(engine.preflight),
            "on_unknown" => text(engine.on_unknown.as_str()),
            _ => return table.typed(key, Value::NotSet(None)),
        };
        table.shown(key, value)
    }

    fn calendar(&self, key: &str, table: Written<'_, '_>) -> Shown {
        let calendar = &self.config.calendar;
        let value = match key {
            "refresh" => duration(calendar.refresh),
            "timeout" => duration(calendar.timeout),
            "max_size" => size(calendar.max_bytes),
            "parallel" => count(calendar.parallel),
            "allow_http" => Value::Flag(calendar.allow_http),
            "allow_private" => Value::Flag(calendar.allow_private),
            "user_agent" => maybe(calendar.user_agent.as_deref()),
            _ => return policy_of(key, table),
        };
        table.shown(key, value)
    }

    fn hear(&self, key: &str, table: Written<'_, '_>) -> Shown {
        let hear = &self.config.hear;
        match key {
            "replies" => table.shown(key, Value::Flag(hear.replies)),
            "call_back" => table.shown(key, Value::Flag(hear.call_back)),
            // Whoever has it can answer for others.
            "key_bin" => table.secret(key, self.path, self.env),
            _ => table.typed_list(key),
        }
    }

    fn twilio(&self, key: &str, table: Written<'_, '_>) -> Shown {
        let token = self.variable("TWILIO_AUTH_TOKEN").map(|(_, at)| at);
        let loses = "TWILIO_AUTH_TOKEN wins over it";
        match (key, token) {
            ("account_sid", _) => match self.variable("TWILIO_ACCOUNT_SID") {
                Some((value, at)) => (sid(&value), at),
                None => table.shown(key, table.text(key).map_or(Value::NotSet(None), sid)),
            },
            ("from", _) => match self.variable("TWILIO_FROM_NUMBER") {
                Some((value, at)) => (phone(&value), at),
                None => table.phones(key),
            },
            ("calls_per_second" | "calls_per_second_per_number", _) => self.pace(key, table),
            ("auth_token", Some(at)) => (Value::Secret("from TWILIO_AUTH_TOKEN".into()), at),
            (key, Some(_)) if is_credential(key) && table.has(key) => table.shown(key, Value::NotSet(Some(loses))),
            ("auth_token", None) if !CREDENTIALS.iter().any(|key| table.has(key)) => self.credential(),
            ("api_key_sid", _) => table.shown(key, table.text(key).map_or(Value::NotSet(None), sid)),
            ("base_url", _) => table.typed(key, text("https://api.twilio.com")),
            ("ca_file", _) => table.path(key, self.path, self.env),
            // `proxy` may hold a login.
            _ => table.secret(key, self.path, self.env),
        }
    }

    fn pace(&self, key: &str, table: Written<'_, '_>) -> Shown {
        let twilio = self.config.provider.twilio.as_ref();
        let value = match key {
            "calls_per_second" => Some(twilio.map_or(CALLS_PER_SECOND, |twilio| twilio.calls_per_second)),
            _ => twilio.and_then(|twilio| twilio.calls_per_second_per_number),
        };
        // An account that is not complete is not in the config, and its pace is that of no account.
        let is_typed_in_vain = twilio.is_none() && table.has(key);
        if is_typed_in_vain { table.rate(key) } else { table.shown(key, value.map_or(Value::NotSet(None), rate)) }
    }

    /// What systemd hands over where nothing else names a token.
    fn credential(&self) -> Shown {
        let there = crate::config::check::secrets::systemd_credential(self.env).is_some();
        let told = Value::Secret("from the systemd credential twilio_auth_token".into());
        (if there { told } else { Value::NotSet(None) }, Origin::Default)
    }

    fn email(&self, key: &str, table: Written<'_, '_>) -> Shown {
        let Some(email) = &self.config.channels.email else { return (Value::NotSet(None), Origin::Default) };
        let value = match key {
            "host" => text(&email.host),
            "port" => Value::Number(email.port.into()),
            "security" => text(word(&Security::WORDS, email.security)),
            "user" => maybe(email.login.as_ref().map(|login| mail(&login.user)).as_deref()),
            "from" => text(&email.from.masked()),
            "timeout" => duration(email.timeout),
            "ca_file" => return table.path(key, self.path, self.env),
            _ => return table.secret(key, self.path, self.env),
        };
        table.shown(key, value)
    }
}

const CREDENTIALS: [&str; 9] = [
    "auth_token",
    "auth_token_env",
    "auth_token_file",
    "auth_token_command",
    "api_key_sid",
    "api_key_secret",
    "api_key_secret_env",
    "api_key_secret_file",
    "api_key_secret_command",
];

fn is_credential(key: &str) -> bool {
    CREDENTIALS.contains(&key)
}

/// The keys that a person may have, too. The config keeps them in other forms.
pub(super) fn policy_of(key: &str, table: Written<'_, '_>) -> Shown {
    match key {
        "include" if !table.has(key) => {
            (Value::List(policy::standard_include().map(str::to_owned).collect()), Origin::Default)
        }
        "include" | "skip_titles" => table.typed_list(key),
        "min_attendees" => table.count(key),
        "need_link" => table.flag(key),
        _ => table.typed(key, Value::NotSet(None)),
    }
}

fn word<T: PartialEq + Copy>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, meaning)| *meaning == value).map_or("", |(word, _)| *word)
}

pub(super) fn format_word(format: WebhookFormat) -> &'static str {
    word(&WebhookFormat::WORDS, format)
}

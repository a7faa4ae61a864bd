//! `[provider.*]`: who places calls, and with which account.

use super::common::{route, unknown_in_list};
use super::pool::{self, Pool};
use super::secrets::{self, API_SECRET, AUTH_TOKEN, Named};
use super::{account_sid, web};
use crate::config::effective::{Origin, Value};
use crate::config::env::{Given, Overrides};
use crate::config::input::set;
use crate::config::raw::{Table, problem_at};
use crate::config::screen::quoted;
use crate::config::show::{CheckReport, Problem};
use crate::config::{MockConfig, ProviderChoice, ProviderConfig, Secrets, TwilioAuth, TwilioConfig};
use crate::model::{Authorities, MockOutcome, Route, is_private_host};
use crate::near::nearest;
use secrecy::SecretString;
use std::ops::Range;

/// Where Twilio's REST API is.
const TWILIO: &str = "https://api.twilio.com";

const TOKEN_HELP: &str =
    "write auth_token_file = \"…\" (or _env, _command) under [provider.twilio], or set TWILIO_AUTH_TOKEN";
const KEY_HELP: &str =
    "write api_key_sid = \"SK…\" under [provider.twilio], or set TWILIO_AUTH_TOKEN instead of the API key";
const KEY_SECRET_HELP: &str = "write api_key_secret_file = \"…\" (or _env, _command) under [provider.twilio], or set \
                               TWILIO_AUTH_TOKEN instead of the API key";

/// The choice and the place in the file where it was made.
struct Chosen {
    provider: ProviderChoice,
    at: Option<Range<usize>>,
}

/// Everything about providers. `overrides` is taken apart: what the environment says wins.
pub(super) fn providers(
    call: &Table<'_, '_>,
    provider: &Table<'_, '_>,
    overrides: Overrides,
    usual: &Authorities,
) -> ProviderConfig {
    let mock = mock(&provider.table("mock", "provider.mock"));
    let twilio = provider.table("twilio", "provider.twilio");
    let chosen = chosen(call, &twilio, &overrides);
    call.note_over("provider", "CALL_PROVIDER", || Value::text(chosen.provider.as_str()));
    let status_callback = webhook_url(call, &overrides);
    let draft = Draft::read(&twilio, overrides, usual);
    let status_callback = status_callback.filter(|written| draft.may_call_back(written, call));
    let status_callback = status_callback.map(|written| written.address);
    twilio.show(None);
    ProviderConfig { chosen: chosen.provider, mock, twilio: draft.finish(&chosen, &twilio, status_callback) }
}

fn chosen(call: &Table<'_, '_>, twilio: &Table<'_, '_>, overrides: &Overrides) -> Chosen {
    let report = call.report;
    let written = call.text("provider", "one of \"mock\", \"twilio\"");
    let at = written.as_ref().map(toml::Spanned::span);
    let named = written.as_ref().map(|w| (w, ProviderChoice::named(w.get_ref())));
    if let Some((typed, None)) = &named {
        let problem = Problem::new(format!("unknown provider {}", quoted(typed.get_ref()))).at(&typed.span());
        report.push(match nearest(typed.get_ref(), ["mock", "twilio"].into_iter()) {
            Some(near) => problem.label(format!("did you mean \"{near}\"?")),
            None => problem.label("known providers: \"mock\", \"twilio\""),
        });
    }
    match (&overrides.provider, named) {
        (Given::Good(provider), _) => return Chosen { provider: *provider, at: None },
        (_, Some((_, Some(provider)))) => return Chosen { provider, at },
        // An account in the file and nobody who uses it: a mock that looks like the real thing is worse than an error.
        (Given::Absent, None) if twilio.is_written() && !call.has("provider") => {
            let label = "write provider = \"twilio\" (or \"mock\") under [call], or set CALL_PROVIDER";
            report.wrong(twilio.header(), "[provider.twilio] is here, but no provider is chosen", label);
        }
        _ => {}
    }
    Chosen { provider: ProviderChoice::Mock, at: None }
}

fn mock(table: &Table<'_, '_>) -> MockConfig {
    let typed = table.texts("outcomes", "[\"no-answer\", \"answered\"]");
    if typed.is_none() {
        table.note("outcomes", || Value::texts([MockOutcome::NoAnswer.as_str()]));
    }
    let mut outcomes = Vec::new();
    for text in typed.iter().flat_map(toml::Spanned::get_ref) {
        if let Ok(outcome) = text.get_ref().parse() {
            outcomes.push(outcome);
            continue;
        }
        let known = MockOutcome::ALL.iter().map(|outcome| outcome.as_str());
        unknown_in_list(("unknown outcome", "known outcomes"), text, known, table.report);
    }
    let calls_per_second = pool::rate(table);
    table.show(None);
    MockConfig { outcomes, calls_per_second }
}

/// `webhook_url`, and where it stands in the file.
struct Callback {
    address: String,
    at: Option<Range<usize>>,
}

fn webhook_url(call: &Table<'_, '_>, overrides: &Overrides) -> Option<Callback> {
    let written = call.text("webhook_url", "an address in quotes");
    let from_file = written.and_then(|text| {
        // It may hold a token.
        call.note("webhook_url", Value::in_the_config);
        let wrong = web::address(text.get_ref()).err();
        if let Some(why) = wrong {
            call.report.push(problem_at("webhook_url", &text.span(), "`webhook_url` is not a web address").label(why));
        }
        wrong.is_none().then(|| Callback { at: Some(text.span()), address: text.into_inner().to_owned() })
    });
    let from_env = overrides.webhook_url.clone().good().map(|address| Callback { address, at: None });
    if from_env.is_some() {
        call.note_over("webhook_url", "CALL_WEBHOOK_URL", || Value::Secret("from CALL_WEBHOOK_URL".into()));
    }
    from_env.or(from_file)
}

/// `[provider.twilio]` and its variables, before it is known whether they are complete.
struct Draft<'a> {
    account_sid: Given<String>,
    from: Given<Pool>,
    pace: (f64, Option<f64>),
    token_from_env: Given<SecretString>,
    token: Option<Named<'a>>,
    uses_api_key: bool,
    api_sid: Given<String>,
    api_secret: Option<Named<'a>>,
    base_url: String,
    route: Route,
}

impl<'a> Draft<'a> {
    fn read(table: &Table<'a, '_>, overrides: Overrides, usual: &Authorities) -> Self {
        let account = sid(table, "account_sid", "AC");
        let from = pool::numbers(table);
        let api_key_written = table.has("api_key_sid") || table.has_any(&API_SECRET);
        let draft = Self {
            uses_api_key: overrides.auth_token.is_absent() && !table.has_any(&AUTH_TOKEN) && api_key_written,
            account_sid: overrides.account_sid.or_else(|| account),
            // The variable means one number, whatever stands in the file.
            from: overrides.from.map(|number| (number, Vec::new())).or_else(|| from),
            pace: pool::pace(table),
            token_from_env: overrides.auth_token,
            token: secrets::source(table, &AUTH_TOKEN),
            api_sid: sid(table, "api_key_sid", "SK"),
            api_secret: secrets::source(table, &API_SECRET),
            base_url: base_url(table),
            route: route(table, ("ca_file", "proxy"), "`ca_file` under [provider.twilio]", usual),
        };
        draft.show(table);
        draft.check_sources(table.report);
        draft
    }

    /// What variables win over, and where a token comes from that the file does not name.
    fn show(&self, table: &Table<'_, '_>) {
        if !table.report.collects_settings() {
            return;
        }
        let env = table.input().env;
        if let Given::Good(account) = &self.account_sid {
            table.note_over("account_sid", "TWILIO_ACCOUNT_SID", || Value::sid(account));
        }
        if let (Given::Good((from, _)), Some(_)) = (&self.from, set(env, "TWILIO_FROM_NUMBER")) {
            table.note_over("from", "TWILIO_FROM_NUMBER", || Value::Text(from.masked()));
        }
        let credentials = || AUTH_TOKEN.into_iter().chain(["api_key_sid"]).chain(API_SECRET);
        if matches!(self.token_from_env, Given::Good(_)) {
            for key in credentials().filter(|key| table.has(key)) {
                table.note(key, || Value::NotSet(Some("TWILIO_AUTH_TOKEN wins over it")));
            }
            table.note_over("auth_token", "TWILIO_AUTH_TOKEN", || Value::Secret("from TWILIO_AUTH_TOKEN".into()));
        } else if !credentials().any(|key| table.has(key)) && secrets::systemd_credential(env).is_some() {
            let from = "from the systemd credential twilio_auth_token".to_owned();
            table.note_at("auth_token", Origin::Default, || Value::Secret(from));
        }
    }

    /// Can the provider reach this address? One in the same private network can.
    fn may_call_back(&self, callback: &Callback, call: &Table<'_, '_>) -> bool {
        let is_private = |url: &str| web::address(url).is_ok_and(|address| is_private_host(address.host));
        if !is_private(&callback.address) || is_private(&self.base_url) {
            return true;
        }
        let title =
            "Twilio cannot reach the host of `webhook_url`: it is private, and calls with it are refused (21609)";
        let help = "write an address of the public internet, or take the line out: savehub asks Twilio by itself";
        let problem = match &callback.at {
            Some(at) => problem_at("webhook_url", at, title),
            None => Problem::new(title.replace("`webhook_url`", "CALL_WEBHOOK_URL")),
        };
        call.report.push(problem.help(help).only_checked());
        false
    }

    fn check_sources(&self, report: &CheckReport<'_>) {
        for named in self.token.iter().chain(&self.api_secret) {
            secrets::guard(named, report);
        }
        if let (Some(token), Some(secret)) = (&self.token, &self.api_secret) {
            let later = if token.at.start < secret.at.start { secret } else { token };
            let title = format!("both `{}` and `{}` are given", token.key, secret.key);
            report.push(problem_at(later.key, &later.at, title).label("keep the auth token or the API key"));
        }
    }

    /// The account, when it is complete. Incomplete while it is chosen: one problem that names all that is missing.
    fn finish(self, chosen: &Chosen, table: &Table<'_, '_>, status_callback: Option<String>) -> Option<TwilioConfig> {
        if table.input().secrets == Secrets::NotNeeded {
            return None;
        }
        let is_chosen = chosen.provider == ProviderChoice::Twilio;
        let auth = self.auth(is_chosen, table);
        if is_chosen {
            self.missing(&auth, chosen, table);
        }
        let (account_sid, auth, (from, more_from)) = (self.account_sid.good()?, auth.good()?, self.from.good()?);
        Some(TwilioConfig {
            account_sid,
            auth,
            from,
            more_from,
            calls_per_second: self.pace.0,
            calls_per_second_per_number: self.pace.1,
            base_url: self.base_url,
            route: self.route,
            status_callback,
        })
    }

    /// How requests are signed. While another provider is chosen no command is run and no failure is reported.
    fn auth(&self, is_chosen: bool, table: &Table<'_, '_>) -> Given<TwilioAuth> {
        match &self.token_from_env {
            Given::Good(token) => return Given::Good(TwilioAuth::Token(token.clone())),
            Given::Bad => return Given::Bad,
            Given::Absent => {}
        }
        let fetch = |named| fetch(named, is_chosen, table.report);
        if self.uses_api_key {
            return match (&self.api_sid, &self.api_secret) {
                (Given::Good(sid), Some(named)) => {
                    signed(fetch(named), |secret| TwilioAuth::ApiKey { sid: sid.clone(), secret })
                }
                (Given::Bad, Some(_)) => Given::Bad,
                _ => Given::Absent,
            };
        }
        match &self.token {
            Some(named) => signed(fetch(named), TwilioAuth::Token),
            None if table.has_any(&AUTH_TOKEN) => Given::Bad,
            None => {
                let token = secrets::systemd_credential(table.input().env).map_or(Given::Absent, Given::Good);
                token.map(TwilioAuth::Token)
            }
        }
    }

    fn missing(&self, auth: &Given<TwilioAuth>, chosen: &Chosen, table: &Table<'_, '_>) {
        let mut missing: Vec<(&str, &str)> = Vec::new();
        if self.account_sid.is_absent() {
            missing.push((
                "account_sid",
                "write account_sid = \"AC…\" under [provider.twilio], or set TWILIO_ACCOUNT_SID",
            ));
        }
        if auth.is_absent() && !self.uses_api_key {
            missing.push(("auth_token", TOKEN_HELP));
        } else if self.uses_api_key && self.api_sid.is_absent() {
            missing.push(("api_key_sid", KEY_HELP));
        } else if self.uses_api_key && !table.has_any(&API_SECRET) {
            missing.push(("api_key_secret", KEY_SECRET_HELP));
        }
        if self.from.is_absent() {
            missing.push(("from", "write from = \"+12025550100\" under [provider.twilio], or set TWILIO_FROM_NUMBER"));
        }
        let names: Vec<String> = missing.iter().map(|(key, _)| format!("`{key}`")).collect();
        let Some((last, others)) = names.split_last() else { return };
        let list = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
        let verb = if others.is_empty() { "is" } else { "are" };
        let title = format!("the provider twilio is chosen, but {list} {verb} missing");
        let problem = Problem::new(title).maybe_at(chosen.at.as_ref());
        table.report.push(missing.iter().fold(problem, |p, (key, how)| p.help(format!("{key}: {how}"))));
    }
}

/// The secret, or why it cannot be had, where a tick goes on without it.
fn fetch(named: &Named<'_>, is_chosen: bool, report: &CheckReport<'_>) -> Given<Result<SecretString, String>> {
    // Where something else is wrong, no program is run: it may ask a person for a password in vain.
    if !report.is_empty() || (named.is_command() && !is_chosen) {
        return Given::Bad;
    }
    let why = match named.fetch(report.input) {
        Ok(secret) => return Given::Good(Ok(secret)),
        Err(why) => why,
    };
    if !is_chosen {
        return Given::Bad;
    }
    let title = format!("no secret comes from `{}`: {why}", named.key);
    let problem = problem_at(named.key, &named.at, title.clone());
    if report.input.secrets == Secrets::MayBeLocked {
        report.push(problem.only_checked());
        return Given::Good(Err(title));
    }
    report.push(problem);
    Given::Bad
}

fn signed(
    fetched: Given<Result<SecretString, String>>,
    with: impl FnOnce(SecretString) -> TwilioAuth,
) -> Given<TwilioAuth> {
    fetched.map(|secret| secret.map_or_else(TwilioAuth::Locked, with))
}

fn sid(table: &Table<'_, '_>, key: &'static str, prefix: &str) -> Given<String> {
    let Some(text) = table.text(key, &format!("\"{prefix}…\"")) else {
        return if table.has(key) { Given::Bad } else { Given::Absent };
    };
    if let Some(sid) = account_sid::with_prefix(prefix, text.get_ref()) {
        table.note(key, || Value::sid(&sid));
        return Given::Good(sid);
    }
    let title = format!("`{key}` must be {prefix} and letters or digits");
    table.report.push(problem_at(key, &text.span(), title).label("copy it from the Twilio console"));
    Given::Bad
}

fn base_url(table: &Table<'_, '_>) -> String {
    table.note("base_url", || Value::text(TWILIO));
    let Some(text) = table.text("base_url", &format!("\"{TWILIO}\"")) else { return TWILIO.into() };
    let why = match web::address(text.get_ref()) {
        Err(why) => Some(why),
        Ok(a) if a.has_login || a.has_query => Some("an address without login, `?` and `#`"),
        Ok(a) if a.scheme == "http" && !a.is_loopback() => Some("https:// is needed: the credentials travel with it"),
        Ok(_) => None,
    };
    if let Some(why) = why {
        table.report.push(problem_at("base_url", &text.span(), "`base_url` cannot be used").label(why));
    }
    text.get_ref().trim_end_matches('/').to_owned()
}

//! The provider's account: asked in one go, judged apart from the asking.

use super::check::Check;
use crate::config::Config;
use crate::model::{Phone, RungKind, Timestamp, Whom, printable};
use crate::provider::ProviderError;
use crate::provider::checkup::{Account, AccountTold, Balance, Checkup, Sender};
use crate::rules::country::country;
use crate::rules::skew::ALARM_MS;
use std::collections::BTreeMap;

/// Apart by more than this, a clock is worth a word (milliseconds): the provider's counts whole seconds.
const CLOCK_MS: i64 = 5_000;

/// Less than this is a low balance, whatever the currency.
const LOW: f64 = 5.0;

/// A balance should be enough for so many calls.
const CALLS: f64 = 100.0;

/// How many numbers of a trial account are asked about: it knows five.
const TRIAL_MAX: usize = 20;

/// What the account is needed for.
#[derive(Debug, Clone)]
pub(super) struct Need {
    /// The from numbers.
    pub(super) from: Vec<Phone>,
    /// Everybody who is called or texted: who, and where.
    pub(super) reached: Vec<(String, Phone)>,
    /// Rungs that call.
    pub(super) calls: bool,
    /// Rungs that text.
    pub(super) texts: bool,
    /// The dearest call of the last days.
    pub(super) price: Option<f64>,
    /// Calls the meetings of the next day can take.
    pub(super) calls_ahead: usize,
}

impl Need {
    /// `None`: the config has no account.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let twilio = config.provider.twilio.as_ref()?;
        let from = [&twilio.from].into_iter().chain(&twilio.more_from).cloned().collect();
        let by_phone = |kind: RungKind| matches!(kind, RungKind::Call | RungKind::Sms);
        let people = config.people.iter().map(|person| (printable(&person.id), person.phone.clone()));
        let mut reached: Vec<(String, Phone)> = people.collect();
        for rung in config.ladder.iter().filter(|rung| by_phone(rung.action.kind)) {
            if let Whom::Contact(name) = &rung.action.to
                && let Some(phone) = config.contact(name).and_then(|contact| contact.phone.clone())
                && !reached.iter().any(|(who, _)| *who == printable(name))
            {
                reached.push((printable(name), phone));
            }
        }
        let any = |kind| config.ladder.iter().any(|rung| rung.action.kind == kind);
        let (calls, texts) = (any(RungKind::Call), any(RungKind::Sms));
        Some(Self { from, reached, calls, texts, price: None, calls_ahead: 0 })
    }

    /// Who is in which country, and who is in none that is known.
    fn countries(&self) -> (BTreeMap<&'static str, Vec<&str>>, Vec<&str>) {
        let (mut countries, mut nowhere) = (BTreeMap::<_, Vec<&str>>::new(), Vec::new());
        for (who, phone) in &self.reached {
            match country(phone) {
                Some(iso) => countries.entry(iso).or_default().push(who),
                None => nowhere.push(who.as_str()),
            }
        }
        (countries, nowhere)
    }
}

/// What can be done with the credentials.
#[derive(Debug, Clone, PartialEq)]
enum Access {
    Whole(Account),
    /// A key that may not read the account, but calls.
    Limited,
    None(ProviderError),
}

type Told<T> = Result<T, ProviderError>;

/// Everything the provider told.
struct Seen {
    skew_ms: Option<i64>,
    access: Access,
    /// `None`: not asked, since the account is out of reach.
    rest: Option<Rest>,
}

struct Rest {
    balance: Told<Balance>,
    senders: Vec<FromTold>,
    countries: Vec<(&'static str, Told<bool>)>,
    /// Of a trial account: who has been verified.
    verified: Vec<(String, Told<bool>)>,
}

/// What was told about a from number.
struct FromTold {
    phone: Phone,
    sender: Told<Option<Sender>>,
    /// When it is no number of the account.
    verified: Option<Told<bool>>,
}

/// Asks, and judges.
pub(super) fn checks(checkup: &dyn Checkup, need: &Need, now: Timestamp) -> Vec<Check> {
    judge(&ask(checkup, need, now), need)
}

fn ask(checkup: &dyn Checkup, need: &Need, now: Timestamp) -> Seen {
    let AccountTold { account, skew_ms } = checkup.account(now);
    let access = match account {
        Ok(account) => Access::Whole(account),
        // A limited key is refused here and may still place calls.
        Err(refused @ ProviderError::Refused(_)) => match checkup.reads_calls() {
            Ok(()) => Access::Limited,
            Err(_) => Access::None(refused),
        },
        Err(error) => Access::None(error),
    };
    let trial = matches!(&access, Access::Whole(account) if account.trial);
    let rest = (!matches!(access, Access::None(_))).then(|| ask_rest(checkup, need, trial));
    Seen { skew_ms, access, rest }
}

fn ask_rest(checkup: &dyn Checkup, need: &Need, trial: bool) -> Rest {
    let countries = || {
        let (countries, _) = need.countries();
        countries.into_keys().map(|iso| (iso, checkup.may_call(iso))).collect()
    };
    let verified = || {
        let asked = need.reached.iter().take(if trial { TRIAL_MAX } else { 0 });
        asked.map(|(who, phone)| (format!("{who} {phone}"), checkup.is_verified(phone))).collect()
    };
    let sender = |phone: &Phone| {
        let sender = checkup.sender(phone);
        let verified = matches!(sender, Ok(None)).then(|| checkup.is_verified(phone));
        FromTold { phone: phone.clone(), sender, verified }
    };
    // Beside each other; a thread that cannot be had, or that ended badly, told nothing.
    std::thread::scope(|scope| {
        let balance = scope.spawn(|| checkup.balance());
        let countries = scope.spawn(countries);
        let verified = scope.spawn(verified);
        let senders = need.from.iter().map(sender).collect();
        let lost = || Err(ProviderError::Transient("nobody asked".into()));
        Rest {
            balance: balance.join().unwrap_or_else(|_| lost()),
            senders,
            countries: countries.join().unwrap_or_default(),
            verified: verified.join().unwrap_or_default(),
        }
    })
}

fn judge(seen: &Seen, need: &Need) -> Vec<Check> {
    let mut checks = vec![clock(seen.skew_ms), account(&seen.access)];
    if let Some(rest) = &seen.rest {
        checks.push(balance(&rest.balance, need));
        checks.extend(rest.senders.iter().map(|from| sender(from, need)));
        checks.extend(countries(&rest.countries, need));
        checks.extend(verified(&rest.verified, need.reached.len()));
    }
    if need.texts {
        let why = "whether text messages reach a country, and registration in the US (A2P 10DLC), can be seen in the \
                   provider's console only";
        checks.push(Check::skipped("messages", why));
    }
    checks
}

fn clock(skew_ms: Option<i64>) -> Check {
    let name = "clock";
    let Some(skew) = skew_ms else { return Check::skipped(name, "the provider told no time") };
    let apart = crate::when::span(skew.unsigned_abs());
    let detail = format!("this machine is {apart} {} the provider", if skew > 0 { "behind" } else { "ahead of" });
    let remedy = "Set it by NTP (timedatectl set-ntp true): a call is as early or late as the clock";
    match skew.abs() {
        0..=CLOCK_MS => Check::ok(name, "agrees with the provider's"),
        _ if skew.abs() <= ALARM_MS => Check::warning(name, detail, remedy),
        _ => Check::problem(name, detail, remedy),
    }
}

fn account(access: &Access) -> Check {
    let name = "account";
    match access {
        Access::Limited => Check::ok(name, "the credentials are taken; this key may not read the account itself"),
        Access::Whole(account) if account.status != "active" => {
            let remedy = "Nothing will ring: the provider's console says why (money, terms), and how to reactivate it";
            Check::problem(name, format!("it is {}", account.status), remedy)
        }
        Access::Whole(account) if account.trial => {
            let remedy = "It calls up to five verified numbers, of its own country; upgrade it before it is relied on";
            Check::warning(name, "active, a trial account", remedy)
        }
        Access::Whole(_) => Check::ok(name, "active"),
        // docs/api/errors/20008
        Access::None(ProviderError::Refused(why)) if why.starts_with("20008") => {
            let remedy = "Good for trying; put the live credentials into the config for calls";
            Check::warning(name, "these are test credentials: requests are checked, and nothing rings", remedy)
        }
        Access::None(ProviderError::Refused(why)) => {
            let remedy = "Check account_sid, and the auth token or the API key with its secret; a restricted key must \
                          be allowed to read and create calls";
            Check::problem(name, format!("the credentials are refused: {why}"), remedy)
        }
        Access::None(ProviderError::NotFound) => {
            Check::problem(name, "the provider knows no such account", "Check account_sid and base_url (the region)")
        }
        Access::None(ProviderError::Transient(why)) => {
            let remedy = "Check the network, the name server, `proxy` and `base_url`; without them nothing rings";
            Check::problem(name, format!("the provider cannot be asked: {why}"), remedy)
        }
    }
}

/// What to say of something that was not told.
fn not_told(name: &'static str, error: &ProviderError) -> Check {
    match error {
        ProviderError::Refused(_) => Check::skipped(name, "these credentials may not ask for it"),
        ProviderError::NotFound => Check::skipped(name, "this provider does not tell"),
        ProviderError::Transient(why) => {
            Check::warning(name, format!("the provider could not be asked: {why}"), "Try again")
        }
    }
}

fn balance(told: &Told<Balance>, need: &Need) -> Check {
    let name = "balance";
    let balance = match told {
        Ok(balance) => balance,
        Err(error) => return not_told(name, error),
    };
    let left = format!("{:.2} {}", balance.amount, balance.currency);
    let calls = (need.calls_ahead as f64).max(CALLS);
    let enough = need.price.map_or(LOW, |price| (price * calls).max(LOW));
    let remedy = "Add money in the provider's console, or let it recharge by itself there";
    match balance.amount {
        amount if amount <= 0.0 => Check::problem(name, format!("{left}: nothing is left to call with"), remedy),
        amount if amount < enough => Check::warning(name, format!("only {left} left"), remedy),
        _ => Check::ok(name, left),
    }
}

fn sender(told: &FromTold, need: &Need) -> Check {
    let (name, from) = ("from", &told.phone);
    let lacks = |what: &str| {
        let remedy = format!("Buy a number that can send {what}, and write it into provider.twilio.from");
        Check::problem(name, format!("{from} belongs to the account, but cannot send {what}"), remedy)
    };
    match (&told.sender, &told.verified) {
        (Ok(Some(sender)), _) if need.calls && !sender.voice => lacks("calls"),
        (Ok(Some(sender)), _) if need.texts && !sender.sms => lacks("text messages"),
        (Ok(Some(_)), _) => Check::ok(name, format!("{from} belongs to the account")),
        (Ok(None), Some(Ok(true))) if need.texts => {
            let detail = format!("{from} is a verified caller ID, from which no text message can be sent");
            Check::problem(name, detail, "Buy a number, and write it into provider.twilio.from")
        }
        (Ok(None), Some(Ok(true))) => Check::ok(name, format!("{from} is a verified caller ID of the account")),
        (Ok(None), Some(Err(error @ ProviderError::Transient(_)))) | (Err(error), _) => not_told(name, error),
        (Ok(None), _) => {
            let remedy = "Buy it, verify it as a caller ID, or correct provider.twilio.from";
            Check::problem(name, format!("{from} is not a number of this account"), remedy)
        }
    }
}

fn countries(told: &[(&'static str, Told<bool>)], need: &Need) -> Vec<Check> {
    let name = "countries";
    let (people, nowhere) = need.countries();
    let whose = |iso: &str| people.get(iso).map(|people| people.join(", ")).unwrap_or_default();
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for (iso, told) in told {
        match told {
            Ok(true) => open.push(*iso),
            Ok(false) => {
                let detail = format!("calls to {iso} are not allowed ({}): each would be refused (21215)", whose(iso));
                let remedy = "Allow it in the console: Voice, Settings, Geo permissions";
                found.push(Check::problem(name, detail, remedy));
            }
            Err(error) => found.push(not_told(name, error)),
        }
    }
    if !nowhere.is_empty() {
        let detail = format!("the numbers of {} are in no country that is known", nowhere.join(", "));
        found.push(Check::warning(name, detail, "Check these numbers in the config"));
    }
    // Said once, for however many.
    found.dedup();
    if !open.is_empty() {
        found.push(Check::ok(name, format!("calls to {} are allowed", open.join(", "))));
    }
    found
}

/// `all`: how many numbers there are, asked about or not.
fn verified(told: &[(String, Told<bool>)], all: usize) -> Vec<Check> {
    let name = "verified";
    let unknown: Vec<&str> = told.iter().filter(|(_, told)| *told == Ok(false)).map(|(who, _)| who.as_str()).collect();
    let error = told.iter().find_map(|(_, told)| told.as_ref().err());
    let mut found: Vec<Check> = error.map(|error| not_told(name, error)).into_iter().collect();
    if !unknown.is_empty() {
        let detail = format!("a trial account calls verified numbers only, and these are not: {}", unknown.join(", "));
        let remedy = "Verify them in the console (Phone Numbers, Verified Caller IDs), or upgrade the account";
        found.push(Check::problem(name, detail, remedy));
    } else if error.is_none() && !told.is_empty() {
        let whose = if told.len() < all {
            format!("the first {} numbers are", told.len())
        } else {
            "everybody's number is".into()
        };
        found.push(Check::ok(name, format!("{whose} verified")));
    }
    found
}

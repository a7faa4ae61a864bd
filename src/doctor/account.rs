//! Judges what the provider said about its account.

use super::Check;
use crate::model::Phone;
use crate::provider::ProviderError;
use crate::provider::checkup::{Account, Balance, Sender};
use crate::rules::country::country;
use crate::rules::skew::ALARM_MS;
use std::collections::BTreeMap;

/// A clock that is off by more than this is reported (milliseconds): the provider's counts whole seconds.
const CLOCK_MS: i64 = 5_000;

/// Less than this is a low balance, whatever the currency.
const LOW: f64 = 5.0;

/// A balance should be enough for this many calls.
const CALLS: f64 = 100.0;

/// What the account is needed for.
#[derive(Debug, Clone)]
pub struct AccountNeeds {
    /// The from numbers.
    pub from: Vec<Phone>,
    /// Everybody who is called or texted: who, and where.
    pub reached: Vec<(String, Phone)>,
    /// Rungs that call.
    pub calls: bool,
    /// Rungs that text.
    pub texts: bool,
    /// The dearest call of the last days.
    pub price: Option<f64>,
    /// Calls the meetings of the next day can take.
    pub calls_ahead: usize,
}

impl AccountNeeds {
    /// Who is in which country, and who is in none that is known.
    pub fn countries(&self) -> (BTreeMap<&'static str, Vec<&str>>, Vec<&str>) {
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
pub enum Access {
    /// The account can be read.
    Whole(Account),
    /// A key that may not read the account, but calls.
    Limited,
    /// They cannot be used, for this reason.
    None(ProviderError),
}

type Answer<T> = Result<T, ProviderError>;

/// Everything the provider said.
pub struct AccountFacts {
    /// How far this machine's clock is behind the provider's; `None`: it named no time.
    pub skew_ms: Option<i64>,
    /// What can be done with the credentials.
    pub access: Access,
    /// `None`: not asked, since the account is out of reach.
    pub rest: Option<OtherFacts>,
}

/// What the provider said besides the account itself.
pub struct OtherFacts {
    /// What is left to spend.
    pub balance: Answer<Balance>,
    /// The from numbers.
    pub senders: Vec<SenderFacts>,
    /// May each country be called?
    pub countries: Vec<(&'static str, Answer<bool>)>,
    /// Of a trial account: who has been verified.
    pub verified: Vec<(String, Answer<bool>)>,
}

/// What the provider said about a from number.
pub struct SenderFacts {
    /// The number.
    pub phone: Phone,
    /// What it can do, when it is of the account.
    pub sender: Answer<Option<Sender>>,
    /// When it is no number of the account.
    pub verified: Option<Answer<bool>>,
}

/// A line for each thing.
pub fn judge(facts: &AccountFacts, need: &AccountNeeds) -> Vec<Check> {
    let mut checks = vec![clock(facts.skew_ms), account(&facts.access)];
    if let Some(rest) = &facts.rest {
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

/// The line about something that the provider did not say.
fn unavailable(name: &'static str, error: &ProviderError) -> Check {
    match error {
        ProviderError::Refused(_) => Check::skipped(name, "these credentials may not ask for it"),
        ProviderError::NotFound => Check::skipped(name, "this provider does not tell"),
        ProviderError::Transient(why) => {
            Check::warning(name, format!("the provider could not be asked: {why}"), "Try again")
        }
    }
}

fn balance(answer: &Answer<Balance>, need: &AccountNeeds) -> Check {
    let name = "balance";
    let balance = match answer {
        Ok(balance) => balance,
        Err(error) => return unavailable(name, error),
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

fn sender(facts: &SenderFacts, need: &AccountNeeds) -> Check {
    let (name, from) = ("from", &facts.phone);
    let lacks = |what: &str| {
        let remedy = format!("Buy a number that can send {what}, and write it into provider.twilio.from");
        Check::problem(name, format!("{from} belongs to the account, but cannot send {what}"), remedy)
    };
    match (&facts.sender, &facts.verified) {
        (Ok(Some(sender)), _) if need.calls && !sender.voice => lacks("calls"),
        (Ok(Some(sender)), _) if need.texts && !sender.sms => lacks("text messages"),
        (Ok(Some(_)), _) => Check::ok(name, format!("{from} belongs to the account")),
        (Ok(None), Some(Ok(true))) if need.texts => {
            let detail = format!("{from} is a verified caller ID, from which no text message can be sent");
            Check::problem(name, detail, "Buy a number, and write it into provider.twilio.from")
        }
        (Ok(None), Some(Ok(true))) => Check::ok(name, format!("{from} is a verified caller ID of the account")),
        (Ok(None), Some(Err(error @ ProviderError::Transient(_)))) | (Err(error), _) => unavailable(name, error),
        (Ok(None), _) => {
            let remedy = "Buy it, verify it as a caller ID, or correct provider.twilio.from";
            Check::problem(name, format!("{from} is not a number of this account"), remedy)
        }
    }
}

/// The from numbers that rest since the provider refused them: what is refused, and the masked number.
pub fn resting<'a>(senders: impl Iterator<Item = (&'static str, &'a str)>) -> Vec<Check> {
    let rests = |(what, number): (&str, &str)| {
        let detail = format!("the provider refuses {what} from {number}: it rests, and the others are used");
        let remedy = "`savehub explain` of a meeting that was tried from it has the code, and `man savehub-twilio` what \
                      it means; ticks try it again after ten minutes";
        Check::warning("from", detail, remedy)
    };
    senders.map(rests).collect()
}

fn countries(answers: &[(&'static str, Answer<bool>)], need: &AccountNeeds) -> Vec<Check> {
    let name = "countries";
    let (people, nowhere) = need.countries();
    let whose = |iso: &str| people.get(iso).map(|people| people.join(", ")).unwrap_or_default();
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for (iso, answer) in answers {
        match answer {
            Ok(true) => open.push(*iso),
            Ok(false) => {
                let detail = format!("calls to {iso} are not allowed ({}): each would be refused (21215)", whose(iso));
                let remedy = "Allow it in the console: Voice, Settings, Geo permissions";
                found.push(Check::problem(name, detail, remedy));
            }
            Err(error) => found.push(unavailable(name, error)),
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
fn verified(answers: &[(String, Answer<bool>)], all: usize) -> Vec<Check> {
    let name = "verified";
    let unknown: Vec<&str> =
        answers.iter().filter(|(_, answer)| *answer == Ok(false)).map(|(who, _)| who.as_str()).collect();
    let error = answers.iter().find_map(|(_, answer)| answer.as_ref().err());
    let mut found: Vec<Check> = error.map(|error| unavailable(name, error)).into_iter().collect();
    if !unknown.is_empty() {
        let detail = format!("a trial account calls verified numbers only, and these are not: {}", unknown.join(", "));
        let remedy = "Verify them in the console (Phone Numbers, Verified Caller IDs), or upgrade the account";
        found.push(Check::problem(name, detail, remedy));
    } else if error.is_none() && !answers.is_empty() {
        let whose = if answers.len() < all {
            format!("the first {} numbers are", answers.len())
        } else {
            "everybody's number is".into()
        };
        found.push(Check::ok(name, format!("{whose} verified")));
    }
    found
}

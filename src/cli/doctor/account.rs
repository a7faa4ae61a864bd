//! The provider's account: asked in one go, judged apart from the asking.

use crate::config::Config;
use crate::doctor::Check;
use crate::doctor::account::{Access, AccountFacts, AccountNeeds, OtherFacts, SenderFacts, judge};
use crate::model::{Addressee, Phone, RungKind, Timestamp, printable};
use crate::provider::ProviderError;
use crate::provider::checkup::{AccountAnswer, Checkup};

/// How many numbers of a trial account are asked about: it knows five.
const TRIAL_MAX: usize = 20;

/// What the config needs an account for; `None`: it has none.
pub(super) fn needs(config: &Config) -> Option<AccountNeeds> {
    let twilio = config.provider.twilio.as_ref()?;
    let from = [&twilio.from].into_iter().chain(&twilio.more_from).cloned().collect();
    let by_phone = |kind: RungKind| matches!(kind, RungKind::Call | RungKind::Sms);
    let people = config.people.iter().map(|person| (printable(&person.id), person.phone.clone()));
    let mut reached: Vec<(String, Phone)> = people.collect();
    for rung in config.ladder.iter().filter(|rung| by_phone(rung.action.kind)) {
        if let Addressee::Contact(name) = &rung.action.to
            && let Some(phone) = config.contact(name).and_then(|contact| contact.phone.clone())
            && !reached.iter().any(|(who, _)| *who == printable(name))
        {
            reached.push((printable(name), phone));
        }
    }
    let any = |kind| config.ladder.iter().any(|rung| rung.action.kind == kind);
    let (calls, texts) = (any(RungKind::Call), any(RungKind::Sms));
    Some(AccountNeeds { from, reached, calls, texts, price: None, calls_ahead: 0 })
}

/// Asks, and judges.
pub(super) fn checks(checkup: &dyn Checkup, need: &AccountNeeds, now: Timestamp) -> Vec<Check> {
    judge(&ask(checkup, need, now), need)
}

fn ask(checkup: &dyn Checkup, need: &AccountNeeds, now: Timestamp) -> AccountFacts {
    let AccountAnswer { account, skew_ms } = checkup.account(now);
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
    AccountFacts { skew_ms, access, rest }
}

fn ask_rest(checkup: &dyn Checkup, need: &AccountNeeds, trial: bool) -> OtherFacts {
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
        SenderFacts { phone: phone.clone(), sender, verified }
    };
    // All are asked side by side. A thread that cannot be had, or that ended badly, gives no answer.
    std::thread::scope(|scope| {
        let balance = scope.spawn(|| checkup.balance());
        let countries = scope.spawn(countries);
        let verified = scope.spawn(verified);
        let senders = need.from.iter().map(sender).collect();
        let lost = || Err(ProviderError::Transient("nobody asked".into()));
        OtherFacts {
            balance: balance.join().unwrap_or_else(|_| lost()),
            senders,
            countries: countries.join().unwrap_or_default(),
            verified: verified.join().unwrap_or_default(),
        }
    })
}

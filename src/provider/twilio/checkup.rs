//! Reading the account: what `doctor` asks (docs/iam/api/account, docs/phone-numbers/api/incomingphonenumber-resource,
//! docs/voice/api/outgoing-caller-ids, docs/voice/api/dialingpermissions-country-resource).

use super::answer::skew_ms;
use super::{PAGE_MAX, Twilio};
use crate::model::{Phone, Timestamp, printable};
use crate::provider::ProviderError;
use crate::provider::checkup::{Account, AccountAnswer, Balance, Checkup, Sender};
use crate::provider::http::{form_encode, path_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::Uri;

/// The part of an Account that is looked at. Its auth token is not.
#[derive(Deserialize)]
struct AccountBody {
    status: String,
    #[serde(rename = "type", default)]
    kind: String,
}

/// The specification says text; real answers of other fields differ on which numbers are.
#[derive(Deserialize)]
struct BalanceBody {
    balance: serde_json::Value,
    currency: String,
}

#[derive(Deserialize)]
struct Numbers {
    incoming_phone_numbers: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    phone_number: String,
    #[serde(default)]
    capabilities: Capabilities,
}

#[derive(Deserialize, Default)]
struct Capabilities {
    #[serde(default)]
    voice: bool,
    #[serde(default)]
    sms: bool,
}

#[derive(Deserialize)]
struct CallerIds {
    outgoing_caller_ids: Vec<CallerId>,
}

#[derive(Deserialize)]
struct CallerId {
    phone_number: String,
}

#[derive(Deserialize)]
struct Country {
    low_risk_numbers_enabled: bool,
}

impl Checkup for Twilio {
    fn account(&self, now: Timestamp) -> AccountAnswer {
        let answer = self.http.get(&self.account_url(), &self.authorization);
        let skew_ms = answer.as_ref().ok().and_then(|answer| skew_ms(&answer.headers, now.plus(answer.elapsed)));
        let account = self.success(answer).and_then(|answer| read::<AccountBody>(&answer.body, "account"));
        let account = account.map(|body| Account { status: printable(&body.status), trial: body.kind == "Trial" });
        AccountAnswer { account, skew_ms }
    }

    fn reads_calls(&self) -> Result<(), ProviderError> {
        self.ask::<serde_json::Value>(&format!("{}?PageSize=1", self.list_url("Calls")), "list of calls").map(|_| ())
    }

    fn balance(&self) -> Result<Balance, ProviderError> {
        let answer: BalanceBody = self.ask(&self.list_url("Balance"), "balance")?;
        let amount = answer.balance.as_str().map_or_else(|| answer.balance.as_f64(), |text| text.trim().parse().ok());
        let amount = amount.filter(|amount| amount.is_finite()).ok_or_else(|| unreadable("balance"))?;
        Ok(Balance { amount, currency: printable(&answer.currency) })
    }

    fn sender(&self, from: &Phone) -> Result<Option<Sender>, ProviderError> {
        let url = self.by_number("IncomingPhoneNumbers", from);
        let numbers: Numbers = self.ask(&url, "list of numbers")?;
        // The filter takes parts of numbers, too.
        let ours = numbers.incoming_phone_numbers.into_iter().find(|n| n.phone_number == from.expose());
        Ok(ours.map(|n| Sender { voice: n.capabilities.voice, sms: n.capabilities.sms }))
    }

    fn is_verified(&self, phone: &Phone) -> Result<bool, ProviderError> {
        let ids: CallerIds = self.ask(&self.by_number("OutgoingCallerIds", phone), "list of verified numbers")?;
        Ok(ids.outgoing_caller_ids.iter().any(|id| id.phone_number == phone.expose()))
    }

    fn may_call(&self, country: &str) -> Result<bool, ProviderError> {
        let (base, country) = (voice_url(&self.base_url), path_encode(country));
        let answer: Country = self.ask(&format!("{base}/v1/DialingPermissions/Countries/{country}"), "permission")?;
        Ok(answer.low_risk_numbers_enabled)
    }
}

impl Twilio {
    fn by_number(&self, resource: &str, phone: &Phone) -> String {
        let size = PAGE_MAX.to_string();
        let query = form_encode(&[("PhoneNumber", phone.expose()), ("PageSize", &size)]);
        format!("{}?{query}", self.list_url(resource))
    }

    fn ask<T: DeserializeOwned>(&self, url: &str, what: &str) -> Result<T, ProviderError> {
        let answer = self.success(self.http.get(url, &self.authorization))?;
        read(&answer.body, what)
    }
}

fn read<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, ProviderError> {
    // The parser's own words may quote the body.
    serde_json::from_slice(body).map_err(|_| unreadable(what))
}

fn unreadable(what: &str) -> ProviderError {
    ProviderError::Transient(format!("the provider's answer is no {what}"))
}

/// Where the product Voice is, beside this address of the API: `voice.twilio.com` for `api.twilio.com`, and so in every
/// region. Credentials go to Twilio or to the configured address, nowhere else: a service that speaks Twilio's language
/// is asked for everything at its own.
fn voice_url(base_url: &str) -> String {
    let host = base_url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
    match host.strip_prefix("api.").filter(|rest| *rest == "twilio.com" || rest.ends_with(".twilio.com")) {
        Some(rest) => format!("https://voice.{rest}"),
        None => base_url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voice_is_asked_at_twilio_beside_the_api_and_elsewhere_at_the_configured_address() {
        for (base, voice) in [
            ("https://api.twilio.com", "https://voice.twilio.com"),
            ("https://api.dublin.ie1.twilio.com", "https://voice.dublin.ie1.twilio.com"),
            ("https://api.telnyx.com/v2/texml", "https://api.telnyx.com/v2/texml"),
            ("https://api.nottwilio.com", "https://api.nottwilio.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(voice_url(base), voice);
        }
    }

    #[test]
    fn an_answer_of_another_form_is_named_without_its_words() {
        let refused = read::<AccountBody>(br#"{"auth_token":"s3cr3t"}"#, "account").err().unwrap();
        assert_eq!(refused.to_string(), "the provider's answer is no account");
    }
}

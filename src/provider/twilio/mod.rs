//! Twilio's REST API 2010-04-01 (docs/voice/api/call-resource), or a service that speaks it.

mod account;
mod answer;
mod calls;
mod checkup;
mod classify;
mod codes;
mod exchange;
mod hearing;
mod list;
mod messages;
mod pages;
mod twiml;

pub use account::{Twilio, http_settings};
pub use answer::{mask_numbers, skew_ms};
pub use calls::{Ring, create_form};
pub use classify::classify;
pub use codes::{known_codes, meaning, refused_sender, remedy};
pub use hearing::KEY_BIN;
pub use messages::{BODY_MAX, Messages};
pub use pages::{PAGE_MAX, PAGES_MAX};
pub use twiml::{TWIML_MAX, twiml};

use crate::model::RungKind;
use crate::provider::Provider;
use std::sync::Arc;

impl Twilio {
    /// Who makes attempts of this kind with this account.
    pub fn provider_of(self: &Arc<Self>, kind: RungKind) -> Option<Arc<dyn Provider>> {
        match kind {
            RungKind::Call => Some(Arc::clone(self) as Arc<dyn Provider>),
            RungKind::Sms => Some(Arc::new(Messages::of(Arc::clone(self)))),
            RungKind::Email | RungKind::Webhook | RungKind::Command => None,
        }
    }
}

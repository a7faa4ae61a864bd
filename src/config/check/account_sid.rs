//! Identifiers of a Twilio account (`AC…`) and of its API keys (`SK…`). They become part of web addresses.

pub(in crate::config) const HELP: &str = "an account SID is AC and letters or digits; copy it from the Twilio console";

/// Reads an account SID.
pub(in crate::config) fn parse(text: &str) -> Option<String> {
    with_prefix("AC", text)
}

/// `AC` or `SK`, then ASCII letters and digits; at most 64.
pub(super) fn with_prefix(prefix: &str, text: &str) -> Option<String> {
    let rest = text.strip_prefix(prefix)?;
    let sound = !rest.is_empty() && text.len() <= 64 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    sound.then(|| text.to_owned())
}

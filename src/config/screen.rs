//! What of a config file may be shown. cron mails what savehub prints, so a line that holds a secret or a number that
//! could be called is never shown, wherever the mistake in it is.

use super::keys;
use crate::model::{Phone, cut, printable};
use crate::near;
use std::ops::Range;

/// Why a line is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    /// It holds a secret, or may hold one.
    Secret,
    /// It holds a number that could be called.
    Phone,
}

impl Hidden {
    pub(super) const fn note(self) -> &'static str {
        match self {
            Self::Secret => "the line is not shown, because it may hold a secret",
            Self::Phone => "the line is not shown, because it holds a phone number",
        }
    }
}

/// Words that make a key secret, wherever they stand in it.
const FRAGMENTS: &[&str] =
    &["token", "secret", "passw", "passphrase", "pwd", "credential", "auth", "api_key", "apikey", "sid"];

/// Words that make a key secret when they are a whole part of it.
const PARTS: &[&str] = &["pass", "pw", "key", "proxy"];

/// Words that make a key secret even when they are misspelt.
const MISSPELT: &[&str] = &["token", "secret", "password", "credential", "command"];

/// Keys of where a calendar, a webhook, a watcher or a server is, whose addresses are passwords, and of what is sent; the
/// text itself, or with one of [`WAYS`].
const SOURCES: &[&str] = &["heartbeat_url", "store", "url", "value"];

/// Other ways to a secret than its text.
const WAYS: &[&str] = &["_env", "_file", "_command"];

/// Keys of lists of such things, and of programs, which may be given a password.
const WHOLE: &[&str] = &["calendars", "headers", "presence_command", "run"];

/// Keys whose address may be shown.
const OPEN: &[&str] = &["base_url", "webhook_url"];

/// Could the value of this key be a secret? Identifiers of an account count too, because a token is easily pasted in
/// their place.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase();
    let source = WAYS.iter().find_map(|way| key.strip_suffix(way)).unwrap_or(&key);
    if FRAGMENTS.iter().any(|f| key.contains(f)) || WHOLE.contains(&key.as_str()) || SOURCES.contains(&source) {
        return true;
    }
    key.split(|c: char| !c.is_alphanumeric()).filter(|part| part.len() > 1).any(|part| {
        let letters: Vec<char> = part.chars().collect();
        PARTS.contains(&part)
            || MISSPELT.iter().any(|word| {
                let slips = if word.len() > 5 { 2 } else { 1 };
                near::distance(&letters, &word.chars().collect::<Vec<_>>()) <= slips
            })
    })
}

/// May this line of a file that parsed be shown?
pub(super) fn line(line: &str) -> Result<(), Hidden> {
    let written_keys = line.match_indices('=').map(|(at, _)| key_before(&line[..at]));
    let first = line.trim_start().split(|c: char| c.is_whitespace() || c == '=').next();
    let comment = line.split_once('#').map_or("", |(_, comment)| comment).split_whitespace();
    let open = first.is_some_and(|key| OPEN.contains(&key)) && line.matches("://").count() == 1;
    let secret = written_keys.chain(first).chain(comment).any(is_secret_key);
    if secret || has_login(line) || (has_address(line) && !open) {
        return Err(Hidden::Secret);
    }
    if has_phone(line) { Err(Hidden::Phone) } else { Ok(()) }
}

/// May this line of a file that did not parse be shown? Nothing is certain there, not even which line belongs to which
/// key: only a table header, or a line that starts with a known key that is not secret, is shown.
pub(super) fn broken_line(text: &str, line_start: usize, line: &str) -> Result<(), Hidden> {
    let before = text.get(..line_start).unwrap_or_default();
    if before.contains("\"\"\"") || before.contains("'''") || line.contains('\\') {
        return Err(Hidden::Secret);
    }
    let words = || line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).filter(|w| !w.is_empty());
    if words().any(is_secret_key) || has_login(line) || has_address(line) {
        return Err(Hidden::Secret);
    }
    let harmless = |word: &str| keys::is_known(word) && !is_secret_key(word);
    let shown = match line.trim_start() {
        header if header.starts_with('[') => words().all(harmless),
        _ => words().next().is_some_and(harmless),
    };
    if !shown {
        return Err(Hidden::Secret);
    }
    if has_phone(line) { Err(Hidden::Phone) } else { Ok(()) }
}

/// A text from the config in backquotes, fit to be shown in a sentence: cleaned, cut, and without a number in full.
pub(super) fn quoted(text: &str) -> String {
    let hide = has_phone(text) || has_login(text) || has_address(text);
    if hide { "this text".into() } else { format!("`{}`", cut(&printable(text), 40)) }
}

fn key_before(text: &str) -> &str {
    let text = text.trim_end();
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
    &text[text.rfind(|c| !is_key(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..]
}

/// `scheme://user:password@host`, also with its `@` or its host missing: then the password stands where a port would.
fn has_login(text: &str) -> bool {
    text.contains('@')
        || text.split("://").skip(1).any(|rest| {
            let authority = rest.split(['/', '?', '#', '"', '\'']).next().unwrap_or_default();
            let port = authority.rsplit_once(']').map_or(authority, |(_, port)| port).split_once(':');
            port.is_some_and(|(_, port)| !port.bytes().all(|b| b.is_ascii_digit()))
        })
}

/// An address may be that of a calendar, wherever it was pasted.
fn has_address(text: &str) -> bool {
    text.contains("://")
}

fn has_phone(text: &str) -> bool {
    text.match_indices('+').any(|(at, _)| {
        let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let number: Range<usize> = at..at + 1 + digits;
        Phone::parse(&text[number]).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_sound_secret_are_secret_even_misspelt() {
        for key in
            ["auth_token", "auth_tokne", "api_secert", "my-pasword", "smtp_pass", "TWILIO_KEY", "account_sid", "tokn"]
        {
            assert!(is_secret_key(key), "{key}");
        }
        for (table, key) in keys::known_keys() {
            let secret = key.starts_with("auth_token") || key.starts_with("api_key");
            let secret =
                secret || ["url", "value", "password", "heartbeat_url"].iter().any(|start| key.starts_with(start));
            let others = [
                "account_sid",
                "proxy",
                "heartbeat_proxy",
                "calendars",
                "key_bin",
                "headers",
                "run",
                "presence_command",
            ];
            let secret = secret || others.contains(&key) || (key.starts_with("store") && key != "store_ca_file");
            assert_eq!(is_secret_key(key), secret, "{table}.{key}");
        }
    }

    #[test]
    fn a_line_is_hidden_for_any_secret_key_login_or_number_in_it() {
        assert_eq!(line("zone = \"Mars\""), Ok(()));
        assert_eq!(line("t = { auth_token = \"x\", frm = 3 }"), Err(Hidden::Secret));
        assert_eq!(line("\"auth_token\" = 3"), Err(Hidden::Secret));
        for url in ["http://me:pw@host", "http://me:pw", "http://[::1]:pw", "me:pw@host"] {
            assert_eq!(line(&format!("base_url = \"{url}\"")), Err(Hidden::Secret), "{url}");
        }
        assert_eq!(line("base_url = \"http://[::1]:8080/x:y\""), Ok(()));
        for calendar in ["\"https://host/secret.ics\",", "name = \"webcal://host/secret.ics\"", "{ url_file = \"x\" }"]
        {
            assert_eq!(line(calendar), Err(Hidden::Secret), "{calendar}");
        }
        assert_eq!(line("zone = 3 # the old token: x"), Err(Hidden::Secret));
        assert_eq!(line("phone = \"+12025550101\""), Err(Hidden::Phone));
        assert_eq!(line("phone = \"+1 202 555 0101\""), Ok(()));
        assert_eq!(line("ключ = 1 ё= 2"), Ok(()));
    }

    #[test]
    fn a_line_that_did_not_parse_is_shown_only_when_its_key_is_known_and_harmless() {
        let shown = |text: &str| broken_line(text, 0, text).is_ok();
        assert!(shown("zone = \"Europe") && shown("[[person]") && shown("before 3m"));
        assert!(!shown("auth_token \"x\"") && !shown("s3cr3t\"") && !shown("[s3cr3t"));
        assert!(!shown("zone = 1 auth_tokne = 2"));
        assert!(broken_line("message = \"\"\"\nzone = x", 14, "zone = x").is_err());
    }
}

//! Whatever is wrong with a config, no secret and no number that could be called stands in what savehub says.

use super::config;
use proptest::prelude::*;

const CANARY: &str = "c4n4ry0123456789";
const NUMBER: &str = "+12025550147";

/// A config with a secret in every place that takes one; `@` marks the places, `%` those of a number.
const SOUND: &str = r#"database = "x.db"
[call]
provider = "twilio"
[provider.twilio]
account_sid = "AC1"
from = "%"
auth_token = "@"
proxy = "http://me:@@proxy.example.com"
[[person]]
id = "ana"
phone = "%"
calendars = ["https://example.com/@@.ics", "file:x.ics", { url = "webcal://example.com/@@", name = "work" }]
presence_command = ["in-meeting", "@"]
[email]
host = "smtp.example.com"
from = "savehub@example.com"
user = "ana"
password = "@"
[webhook.phone]
url = "https://example.com/@@"
headers = [{ name = "X-Key", value = "@" }]
[command.lamp]
run = ["lamp", "@"]
"#;

fn leaks(text: &str) -> Option<String> {
    let error = config(&[("TWILIO_AUTH_TOKEN", &format!("{CANARY} "))], text).err()?;
    let said = format!("{error}\n{}\n{error:?}", error.render(true));
    (said.contains(CANARY) || said.contains(NUMBER)).then_some(said)
}

fn planted(template: &str) -> String {
    template
        .replacen("me:@", &format!("me:{CANARY}"), 1)
        .replace("/@@", &format!("/{CANARY}"))
        .replace("\"@\"", &format!("\"{CANARY}\""))
        .replace('%', NUMBER)
}

/// Lines with a secret in a place that takes one, or next to it; `@` marks it, `%` a plain `@`.
const LINES: &[&str] = &[
    "auth_token = @",
    "auth_token = \"@",
    "auth_token = \"@\" \"",
    "auth_token \"@\"",
    "auth_token: \"@\"",
    "auth_token = [\"@\"]",
    "auth_token = { value = \"@\" }",
    "auth_token = \"@\\q\"",
    "auth_token = \"\"\"\n@",
    "auth_token = \"\"\"\nzone = @",
    "auth_token = '''\n@\nzone = x'",
    "auth_token =\n\"@\"",
    "auth_tokn = \"@\"",
    "auth = \"@\"",
    "authtoken = \"@\"",
    "tokne = \"@\"",
    "\"auth_token\" = \"@ \"",
    "\"auth\\u005ftoken\" = \"@ \"",
    "\"auth\\u005ftoken\" = @",
    "twilio.auth_token = \"@ \"",
    "api_key_sid = \"@\"",
    "api_key_secret = \"@ \"",
    "api_key_secret_env = \"@\"",
    "auth_token_file = \"@\"",
    "auth_token_command = [\"@\"]",
    "auth_token_command = [\n  \"x\",\n  \"@\", 3 ]",
    "auth_token_command = [\"sh\", \"-c\", \"echo @; exit 1\"]",
    "auth_token_command = [\"sh\", \"-c\", \"echo @ x\"]",
    "auth_token_command = [\"sh\", \"-c\", \"echo @ >&2; exit 1\"]",
    "password = \"@\"",
    "passwrod = \"@\"",
    "api_key = \"@\"",
    "account_sid = \"@\"",
    "base_url = \"https://me:@:pw%example.com\"",
    "base_url = \"https://me:@\"",
    "proxy = \"me:@/example.com\"",
    "magic = \"@\"",
    "x = { magic = \"@\", more = 3 }",
    "mock = { a = \"@\", more = 3 }",
    "frm = 3 # the token is @",
    "calendars = [\"https://x/@\"",
    "calendars = \"https://x/@\"",
    "calendars = [\"http://x/@\"]",
    "calendars = [\"ftp://x/@\", 3]",
    "calendars = [\n\"https//x/@\",\n3 ]",
    "calendars = [\n\"https://x/@\", { fil = 1 } ]",
    "calendars = [\"x.example.com/@.ics\"]",
    "calendars = [\"@\"]",
    "calendars = [{ url = \"@\" }]",
    "calendars = [{ url = \"https://x:y/@\" }]",
    "calendars = [{ url_file = \"https://x/@\" }]",
    "calendars = [{ url_env = \"https://x/@\" }]",
    "calendars = [{ url_command = [\"echo\", \"ftp://@\"] }]",
    "calendars = [{ url = \"https://x/@\", file = \"@\" }]",
    "calendars = [{ url = \"https://x/@\", name = \"https://x/@\" }]",
    "calendars = [{ url = \"https://x/@\", refresh = \"https://x/@\" }]",
    "calendars = [{ link = \"https://x/@\" }]",
    "calendars = [\"https://x/@\", \"https://x/@\"]",
    "calender = [\"https://x/@\"]",
    "zone = \"https://x/@\"",
    "working_hours = \"https://x/@\"",
    "include = [\"https://x/@\"]",
    "addresses = [\"https://x/@\"]",
    "host = \"https://x/@\"",
    "user = \"a@x\"\npassword = \"@\"",
    "password = \"@",
    "password = [\"@\"]",
    "user = \"a\"\npassword_command = [\"sh\", \"-c\", \"echo @; exit 1\"]",
    "url = \"https://x/@\"",
    "url = \"http://x/@\"",
    "url = \"https://a:@@x/@\"",
    "url = \"https://x/#@\"",
    "url = [\"@\"]",
    "uri = \"https://x/@\"",
    "url_command = [\"echo\", \"ftp://@\"]",
    "format = \"https://x/@\"",
    "headers = [\"Authorization: @\"]",
    "headers = [{ name = \"Authorization\", value = \"@\\u00e9\" }]",
    "headers = [{ name = \"Host\", value = \"@\" }, 3]",
    "headers = [\n{ name = \"X\", vlaue = \"@\" }]",
    "headers = [\n{ name = \"X\", wert = \"@\" }]",
    "headers = { Authorization = \"@\" }",
    "header = { Authorization = \"@\", b = 3 }",
    "run = [\"curl\", \"-u\", \"@\", 3]",
    "run = \"curl @\"",
    "run = [\"@\\u0000\"]",
    "presence_command = \"@\"",
    "phone = { url = \"https://x/@\", x = 3 }",
];

/// Where each of them may stand.
const PLACES: &[&str] = &[
    "[[person]]\n",
    "[[person]]\nid = \"a\"\nphone = \"+12025550101\"\n",
    "[calendar]\n",
    "[provider.twilio]\n",
    "[email]\n",
    "[webhook]\n",
    "[webhook.phone]\n",
    "[command.lamp]\n",
    "[call]\nprovider = \"twilio\"\n[provider.twilio]\naccount_sid = \"AC1\"\nfrom = \"+12025550100\"\n\
             auth_token = \"x\"\n[webhook.phone]\n",
    "[call]\nprovider = \"twilio\"\n[provider.twilio]\naccount_sid = \"AC1\"\nfrom = \"+12025550100\"\n\
             auth_token = \"x\"\n[email]\nhost = \"x\"\nfrom = \"a@example.com\"\n",
    "[call]\nprovider = \"twilio\"\n[provider.twilio]\n",
    "",
    "[call]\n",
];

#[test]
fn a_secret_is_not_shown_whatever_is_wrong_on_its_line() {
    for line in LINES {
        for table in PLACES {
            let text = format!("{table}{}\n", line.replace('@', CANARY).replace('%', "@"));
            assert_eq!(leaks(&text), None, "{text}");
        }
    }
}

#[test]
fn a_number_is_not_shown_when_something_else_is_wrong_on_its_line() {
    for text in [
        "[[person]]\nid = \"a\"\nphone = \"#\" x\n",
        "[[person]]\nid = \"a\"\nphone = \"#\n",
        "[[person]]\nid = \"a\"\nfone = \"#\"\n",
        "person = [{ id = \"a b\", phone = \"#\" }]\n",
        "[[person]]\nid = \"#\"\nphone = \"#\"\n",
        "[[person]]\nid = \"a\"\nphone = \"#\"\nzone = \"#\"\n",
        "[[person]]\nid = \"a\"\nphone = \"#\"\n[[person]]\nid = \"b\"\nphone = \"#\"\n",
        "[guards]\nallowed_prefixes = [\"x#\"]\n",
        "[engine]\nlease = \"#\"\n",
        "[call]\nprovider = \"#\"\n",
    ] {
        let text = text.replace('#', NUMBER);
        let said = config(&[], &text).unwrap_err().to_string();
        assert!(!said.contains(NUMBER), "{text}{said}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_config_panic(text in "\\PC*|([\\[\\]{}=.,\"'#\\n \\\\a-z0-9+:/@-]|call|person|ladder|before){0,60}") {
        let _ = config(&[], &text).map_err(|error| error.render(true));
    }

    #[test]
    fn no_slip_anywhere_in_a_config_shows_its_secrets(
        at in 0..SOUND.len(),
        slip in "[\\[\\]{}=.,\"'#\\n \\\\a-z0-9_]{0,3}|\\PC{1,4}",
    ) {
        let (head, tail) = SOUND.split_at(at);
        // A mark of its own keeps what was typed apart from the places that are filled in.
        let text = format!("{}{}{}", head, slip.replace(['@', '%'], "!"), tail);
        prop_assert_eq!(leaks(&planted(&text)), None);
    }

    #[test]
    fn a_config_cut_short_anywhere_shows_no_secrets(from in 0..SOUND.len(), to in 0..SOUND.len()) {
        let whole = planted(SOUND);
        let (from, to) = (from.min(to), from.max(to));
        prop_assert_eq!(leaks(&whole[from..to]), None);
    }
}

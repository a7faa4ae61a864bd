//! From answers to a config with comments. Pure.

use crate::cli::print::toml_text as quoted;
use secrecy::SecretString;

/// The file of the Twilio token, beside the config.
pub(super) const TOKEN_FILE: &str = "twilio_auth_token";

/// What was answered, or said on the command line.
#[derive(Clone, Default)]
pub(super) struct Answers {
    pub(super) name: String,
    pub(super) phone: String,
    /// `None`: the system's, whatever it is then.
    pub(super) zone: Option<String>,
    pub(super) calendar: Option<Calendar>,
    /// `None`: the mock phone.
    pub(super) account: Option<Account>,
}

/// Where the person's meetings are.
#[derive(Clone)]
pub(super) enum Calendar {
    /// The path of a file.
    File(String),
    /// A subscription address: a password, which goes into a file of its own.
    Address(SecretString),
}

/// A Twilio account.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) sid: String,
    pub(super) from: String,
    pub(super) token: Token,
}

/// Where the auth token is.
#[derive(Clone)]
pub(super) enum Token {
    /// In a file that is there.
    File(String),
    /// Here, to be written to a file of its own.
    Here(SecretString),
}

impl Answers {
    /// The token that is to be written.
    pub(super) fn token(&self) -> Option<&SecretString> {
        match self.account.as_ref().map(|account| &account.token) {
            Some(Token::Here(token)) => Some(token),
            _ => None,
        }
    }

    /// A short id: the first word of the name that can be one.
    pub(super) fn id(&self) -> String {
        let typable = |word: &&str| word.len() <= 64 && word.bytes().all(|b| b.is_ascii_alphanumeric());
        let word = self.name.split_whitespace().find(typable);
        word.map_or_else(|| "me".into(), str::to_ascii_lowercase)
    }

    /// The file of the calendar's address, beside the config.
    pub(super) fn calendar_file(&self) -> String {
        format!("{}.url", self.id())
    }
}

/// The config. `database`: where the database is, unless it is in the usual place.
pub(super) fn config(answers: &Answers, database: Option<&str>) -> String {
    let mut text = "# The config of savehub, written by `savehub init`. It needs no more than this; savehub.toml(5) explains every\n\
                    # key there is. After a change: `savehub config check`. What is in force: `savehub config show`.\n\n"
        .to_owned();
    if let Some(database) = database {
        text.extend(["database = ", &quoted(database), "\n\n"]);
    }
    text += &provider(answers);
    text += &person(answers);
    text += "\n# When it rings: two calls, unless somebody checks in. Earliest first.\n\
             [[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n\n[[ladder]]\nstep = \"call\"\nbefore = \"90s\"\n";
    text
}

fn provider(answers: &Answers) -> String {
    let Some(account) = &answers.account else {
        return "[call]\n# A rehearsal: no phone rings. For real calls \"twilio\", with [provider.twilio] as in savehub-twilio(7).\n\
                provider = \"mock\"\n\n"
            .into();
    };
    let token = match &account.token {
        Token::File(path) => path.as_str(),
        Token::Here(_) => TOKEN_FILE,
    };
    format!(
        "[call]\n# Real calls. For a rehearsal in which no phone rings: \"mock\".\nprovider = \"twilio\"\n\n\
         [provider.twilio]\naccount_sid = {}\n# The number that calls come from.\nfrom = {}\n\
         # The auth token stands in a file of its own, beside this one unless it is a whole path (chmod 600).\n\
         auth_token_file = {}\n\n",
        quoted(&account.sid),
        quoted(&account.from),
        quoted(token)
    )
}

fn person(answers: &Answers) -> String {
    let id = answers.id();
    let zone = match &answers.zone {
        Some(zone) => format!("zone = {}\n", quoted(zone)),
        None => "# zone = \"Europe/Berlin\"\n".into(),
    };
    let calendars = match &answers.calendar {
        None => "# Meetings from a calendar, whose secret address stands in a file of its own:\n\
                 # calendars = [{ url_file = \"calendar.url\" }]\n"
            .into(),
        Some(Calendar::File(path)) => format!("calendars = [{{ file = {} }}]\n", quoted(path)),
        Some(Calendar::Address(_)) => format!(
            "# The address of the calendar is a password: it stands in a file of its own, beside this one.\n\
             calendars = [{{ url_file = {}, name = \"calendar\" }}]\n",
            quoted(&answers.calendar_file())
        ),
    };
    format!(
        "# Who is called. More people: one [[person]] for each.\n[[person]]\n# Short, for the command line.\n\
         id = {}\n# As it is spoken.\nname = {}\nphone = {}\n# The zone in which times are read and written; the system's without it.\n\
         {zone}{calendars}# Your own mail addresses, so that meetings you declined do not ring:\n# addresses = [\"{id}@example.com\"]\n",
        quoted(&id),
        quoted(&answers.name),
        quoted(&answers.phone)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CalendarPlace, Config, ProviderChoice, TwilioAuth, from_text};
    use secrecy::ExposeSecret as _;
    use std::path::Path;

    fn ana() -> Answers {
        Answers { name: "Ana".into(), phone: "+12025550101".into(), ..Answers::default() }
    }

    fn read(answers: &Answers) -> Config {
        let text = config(answers, None);
        let env = |name: &str| match name {
            "HOME" => Some("/home/ana".to_owned()),
            "TWILIO_AUTH_TOKEN" => answers.token().map(|token| token.expose_secret().to_owned()),
            _ => None,
        };
        from_text(&text, Path::new("/home/ana/config.toml"), &env).unwrap_or_else(|error| panic!("{text}\n{error}"))
    }

    #[test]
    fn the_shortest_answers_make_a_config_that_rings_nobody() {
        let config = read(&ana());
        assert_eq!((config.provider.chosen, config.people.len(), config.ladder.len()), (ProviderChoice::Mock, 1, 2));
        assert_eq!((config.people[0].id.as_str(), config.people[0].name.as_str()), ("ana", "Ana"));
    }

    #[test]
    fn every_answer_arrives_in_the_config_as_it_was_given() {
        let answers = Answers {
            name: "Ana \"Q\" \\ Löw\t".into(),
            zone: Some("Asia/Tokyo".into()),
            calendar: Some(Calendar::File("/home/ana/a \"b\".ics".into())),
            account: Some(Account {
                sid: "AC00".into(),
                from: "+12025550100".into(),
                token: Token::Here("secret".to_owned().into()),
            }),
            ..ana()
        };
        let config = read(&answers);
        let person = &config.people[0];
        assert_eq!((person.name.as_str(), person.zone.name()), (answers.name.as_str(), "Asia/Tokyo"));
        assert!(
            matches!(&person.calendars[0].place, CalendarPlace::File(path) if path == Path::new("/home/ana/a \"b\".ics"))
        );
        let twilio = config.provider.twilio.unwrap();
        assert_eq!((twilio.account_sid.as_str(), twilio.from.expose()), ("AC00", "+12025550100"));
        assert!(matches!(twilio.auth, TwilioAuth::Token(token) if token.expose_secret() == "secret"));
    }

    #[test]
    fn no_secret_stands_in_the_config() {
        let answers = Answers {
            calendar: Some(Calendar::Address("https://example.com/SECRET.ics".to_owned().into())),
            account: Some(Account {
                sid: "AC00".into(),
                from: "+12025550100".into(),
                token: Token::Here("SECRET".to_owned().into()),
            }),
            ..ana()
        };
        assert!(!config(&answers, None).contains("SECRET"));
        assert_eq!(read(&answers).people[0].calendars[0].name, "calendar");
    }

    #[test]
    fn an_id_is_the_first_word_of_the_name_that_can_be_typed() {
        for (name, id) in [("Ana Löw", "ana"), ("Zoë Park", "park"), ("Дина", "me"), ("Dr. Bea", "bea")] {
            assert_eq!(Answers { name: name.into(), ..ana() }.id(), id, "{name}");
        }
    }
}

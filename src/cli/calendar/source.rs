//! From what was typed to a calendar and its bytes.

use super::owner::how;
use crate::calendar::Look;
use crate::cli::{open, pick};
use crate::config::{CalendarPlace, CalendarSource, Config, Person};
use crate::exit::{Unreadable, UsageError};
use crate::feed::{self, Fetched, Wanted};
use crate::model::{Timestamp, Validators, printable};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// A calendar that was named, and whose it is.
pub(in crate::cli) struct Chosen<'a> {
    /// How it is called in output. Never the secret part of an address.
    pub(in crate::cli) name: String,
    /// Whose zone and policy are meant; `None` where the config has no people.
    pub(in crate::cli) person: Option<&'a Person>,
    /// As the config has it.
    source: Option<&'a CalendarSource>,
    place: CalendarInput,
}

/// Where a calendar is read from.
enum CalendarInput {
    Stdin,
    At(CalendarPlace),
}

/// A calendar as it was read.
pub(in crate::cli) struct Copy {
    /// What stands in it.
    pub(in crate::cli) bytes: Vec<u8>,
    /// When it was changed last, where that is told.
    pub(in crate::cli) changed_at: Option<Timestamp>,
    /// The person's addresses, as a server tells them.
    pub(in crate::cli) addresses: Vec<String>,
    /// Events that could not be had.
    pub(in crate::cli) missing: usize,
}

/// The calendar that was typed: `-`, the name or number of one in the config, a file, or an address.
///
/// What was typed is not repeated when it is none of these: it may be a part of a secret address.
pub(in crate::cli) fn choose<'a>(
    typed: &str,
    person: Option<&str>,
    config: &'a Config,
) -> Result<Chosen<'a>, UsageError> {
    if let Some(found) = configured(typed, person, config)? {
        return Ok(found);
    }
    let person = match (person, &config.people[..]) {
        (None, []) => None,
        (person, people) => Some(pick::person(person, people)?),
    };
    if let Some(place) = stdin_or_file(typed) {
        return Ok(Chosen::at(place, person));
    }
    let place = CalendarPlace::typed(typed, &open::env, &config.calendar)
        .map_err(|why| UsageError(format!("this is no calendar savehub can read; {why}{}", known(config))))?;
    Ok(Chosen::at(CalendarInput::At(place), person))
}

/// All calendars of the config, or those of a person.
pub(in crate::cli) fn all<'a>(person: Option<&str>, config: &'a Config) -> Result<Vec<Chosen<'a>>, UsageError> {
    let people = match person {
        Some(_) => vec![pick::person(person, &config.people)?],
        None => config.people.iter().collect(),
    };
    let all: Vec<_> =
        people.into_iter().flat_map(|person| person.calendars.iter().map(|c| Chosen::of(person, c))).collect();
    if all.is_empty() {
        let what = "the config has no calendars to check; name one: a file, an https address, or - for standard input";
        return Err(UsageError(what.into()));
    }
    Ok(all)
}

/// The file that was typed, or `-`, for a person.
pub(in crate::cli) fn file<'a>(typed: &str, person: &'a Person) -> Result<Chosen<'a>, UsageError> {
    if typed.contains("://") {
        let what =
            "import takes a file; an address belongs into `calendars` of the person, where it is read again and again";
        return Err(UsageError(what.into()));
    }
    let place = stdin_or_file(typed).unwrap_or_else(|| CalendarInput::At(CalendarPlace::File(typed.into())));
    Ok(Chosen::at(place, Some(person)))
}

/// `-`, or a file that is there, whatever its name.
fn stdin_or_file(typed: &str) -> Option<CalendarInput> {
    match typed {
        "-" => Some(CalendarInput::Stdin),
        path => Path::new(path).exists().then(|| CalendarInput::At(CalendarPlace::File(path.into()))),
    }
}

fn configured<'a>(typed: &str, person: Option<&str>, config: &'a Config) -> Result<Option<Chosen<'a>>, UsageError> {
    let number: Option<usize> = typed.parse().ok();
    let people = match (person, number) {
        (Some(_), _) => vec![pick::person(person, &config.people)?],
        // Numbers count anew for each person.
        (None, Some(_)) if !config.people.is_empty() => vec![pick::person(None, &config.people)?],
        _ => config.people.iter().collect(),
    };
    let is_meant = |(index, calendar): (usize, &CalendarSource)| {
        number.map_or_else(|| calendar.name.eq_ignore_ascii_case(typed), |number| index + 1 == number)
    };
    let of_person = |person: &'a Person| {
        let found = person.calendars.iter().enumerate().find(|(index, calendar)| is_meant((*index, calendar)));
        found.map(|(_, calendar)| (person, calendar))
    };
    match people.into_iter().filter_map(of_person).collect::<Vec<_>>()[..] {
        [] => Ok(None),
        [(person, calendar)] => Ok(Some(Chosen::of(person, calendar))),
        _ => Err(UsageError("several people have a calendar of this name; say whose with --person".into())),
    }
}

/// `; the config has 1 work, 2 private (ana)`.
fn known(config: &Config) -> String {
    let of_person = |person: &Person| {
        let list = person.calendars.iter().enumerate().map(|(index, c)| format!("{} {}", index + 1, c.name));
        format!("{} ({})", list.collect::<Vec<_>>().join(", "), printable(&person.id))
    };
    let all = config.people.iter().filter(|person| !person.calendars.is_empty()).map(of_person);
    let all: Vec<String> = all.take(10).collect();
    if all.is_empty() { String::new() } else { format!("; the config has {}", all.join(", ")) }
}

impl<'a> Chosen<'a> {
    fn of(person: &'a Person, source: &'a CalendarSource) -> Self {
        let (name, place) = (source.name.clone(), CalendarInput::At(source.place.clone()));
        Self { name, person: Some(person), source: Some(source), place }
    }

    fn at(place: CalendarInput, person: Option<&'a Person>) -> Self {
        let name = match &place {
            CalendarInput::Stdin => "standard input".into(),
            CalendarInput::At(place) => place.default_name(),
        };
        let source = match (person, &place) {
            (Some(person), CalendarInput::At(place)) => {
                let key = place.key_of(&person.id);
                person.calendars.iter().find(|source| source.key == key)
            }
            _ => None,
        };
        Self { name, person, source, place }
    }

    /// Does the config say that it is their own?
    pub(in crate::cli) fn is_own(&self) -> bool {
        self.source.is_some_and(|source| source.own)
    }

    /// Reads it whole, as a tick would that looks for meetings of this time.
    pub(in crate::cli) fn read(&self, config: &Config, wanted: &Wanted) -> Result<Copy, Unreadable> {
        match &self.place {
            CalendarInput::Stdin => {
                let bytes = stdin(config.calendar.max_bytes).map_err(|why| self.unreadable(&why))?;
                Ok(Copy { bytes, changed_at: None, addresses: Vec::new(), missing: 0 })
            }
            CalendarInput::At(place) => {
                let route = self.source.and_then(|source| source.route.as_ref());
                match feed::at(place, route, &config.calendar, wanted).fetch(&Validators::default(), true) {
                    Fetched::New { body, validators, missing } => {
                        let changed_at = changed_at(place, &validators);
                        Ok(Copy { bytes: body, changed_at, addresses: feed::own_addresses(&validators), missing })
                    }
                    Fetched::Failed(failure) => Err(self.unreadable(&failure.why)),
                    Fetched::Unchanged(_) => Err(self.unreadable("it was not sent")),
                }
            }
        }
    }

    /// How it is read.
    pub(in crate::cli) const fn how(&self) -> &'static str {
        match &self.place {
            CalendarInput::Stdin => "read from standard input",
            CalendarInput::At(place) => how(place),
        }
    }

    /// It is there, and cannot be used.
    pub(in crate::cli) fn unreadable(&self, why: &str) -> Unreadable {
        Unreadable(format!("the calendar {} cannot be read: {why}", self.name))
    }

    /// What is missing at the end may be what matters.
    pub(in crate::cli) fn must_be_whole(&self, look: &Look) -> Result<(), Unreadable> {
        if look.whole { Ok(()) } else { Err(self.unreadable("it breaks off before its END:VCALENDAR")) }
    }
}

fn stdin(max_bytes: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|error| error.kind().to_string())?;
    if bytes.len() > max_bytes {
        return Err(format!("it is longer than {max_bytes} bytes (`max_size` under [calendar])"));
    }
    Ok(bytes)
}

/// When the file was written, or what the server says (RFC 9110 section 8.8.2).
pub(in crate::cli) fn changed_at(place: &CalendarPlace, validators: &Validators) -> Option<Timestamp> {
    match place {
        CalendarPlace::File(path) => {
            let seconds = std::fs::metadata(path).ok()?.mtime();
            Some(Timestamp::from_ms(seconds.checked_mul(1000)?))
        }
        CalendarPlace::Web(_) => {
            let time = chrono::DateTime::parse_from_rfc2822(validators.last_modified.as_deref()?).ok()?;
            Some(Timestamp::from_ms(time.timestamp_millis()))
        }
        CalendarPlace::CalDav(_) => None,
    }
}

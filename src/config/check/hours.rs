//! Working hours as people write them: `Mon-Fri 08:00-19:00`.

use crate::calendar::Hours;
use crate::near::nearest;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The accepted forms, for messages.
pub(super) const FORMS: &str = "\"Mon-Fri 08:00-19:00\", \"Mon,Wed,Fri 9:00-12:30\" or \"9:00-17:00\" (every day)";

/// Reads days and hours; otherwise says what to write. Without days, every day is meant.
pub(super) fn parse(text: &str) -> Result<Hours, String> {
    let form = || format!("such as {FORMS}");
    let text = text.trim();
    let (days, hours) = match text.rsplit_once(' ') {
        Some((days, hours)) => (read_days(days)?, hours),
        None => ([true; 7], text),
    };
    let (from, until) = hours.split_once('-').ok_or_else(form)?;
    let (from, until) = (minute(from).ok_or_else(form)?, minute(until).ok_or_else(form)?);
    if from >= until {
        return Err("the hours must end after they begin, by 24:00".into());
    }
    Ok(Hours { days, from, until })
}

/// `Mon-Fri`, `Mon,Wed`, `Fri-Mon,Wed`, whole names too.
fn read_days(text: &str) -> Result<[bool; 7], String> {
    let mut days = [false; 7];
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (read_day(first)?, read_day(last)?);
        while day != last {
            days[day] = true;
            day = (day + 1) % 7;
        }
        days[last] = true;
    }
    Ok(days)
}

fn read_day(text: &str) -> Result<usize, String> {
    let typed = text.trim().to_lowercase();
    let is_day = |day: &&str| typed.len() >= 2 && day.starts_with(&typed);
    DAYS.iter().position(is_day).ok_or_else(|| {
        let near = nearest(&typed, DAYS.into_iter());
        near.map_or_else(|| format!("such as {FORMS}"), |day| format!("did you mean \"{day}\"?"))
    })
}

/// `8:30` as minutes of the day, up to 24:00.
fn minute(text: &str) -> Option<u16> {
    let (h, m) = text.trim().split_once(':')?;
    let number =
        |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u16>().ok()).flatten();
    let (h, m) = (number(h)?, number(m).filter(|_| m.len() == 2)?);
    let minute = h.checked_mul(60)?.checked_add(m)?;
    (m < 60 && minute <= 24 * 60).then_some(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read_in_the_forms_people_use() {
        let week = |text: &str| text.bytes().map(|b| b != b'-').collect::<Vec<_>>();
        for (text, days, from, until) in [
            ("Mon-Fri 08:00-19:00", "MTWTF--", 480, 1140),
            ("mon,wed,FRIDAY 9:00-12:30", "M-W-F--", 540, 750),
            ("Fri-Mon, Wed 0:00-24:00", "M-W-FSS", 0, 1440),
            ("Sunday 10:00-11:00", "------S", 600, 660),
            ("9:00-17:00", "MTWTFSS", 540, 1020),
        ] {
            let hours = parse(text).unwrap();
            assert_eq!((hours.days.to_vec(), hours.from, hours.until), (week(days), from, until), "{text}");
        }
    }

    #[test]
    fn anything_else_is_told_what_to_write() {
        for text in
            ["", "Mon-Fri", "8-19", "Mon-Fri 8-19", "x 8:00-9:00", "8:60-9:00", "8:00-24:01", "+8:00-9:00", "8:0-9:00"]
        {
            assert_eq!(parse(text), Err(format!("such as {FORMS}")), "{text}");
        }
        assert_eq!(parse("Mondya-Fri 8:00-9:00"), Err("did you mean \"monday\"?".into()));
        assert_eq!(parse("22:00-6:00"), Err("the hours must end after they begin, by 24:00".into()));
    }
}

//! Rules against the text of RFC 5545 section 3.3.10, followed word by word and slowly: every day and every second that
//! could matter is looked at, and the periods of `BYSETPOS` are written out.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;

const FREQS: [&str; 7] = ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
/// The longest a period of each is, in seconds.
const LONGEST: [i64; 7] = [1, 60, 3600, DAY, 7 * DAY, 31 * DAY, 366 * DAY];
const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A rule as its lists; an empty one: the rule does not say.
#[derive(Debug, Clone)]
struct Lists {
    freq: usize,
    interval: i64,
    count: Option<usize>,
    week_start: u8,
    /// In the order of `NAMES`.
    by: Vec<Vec<i64>>,
    /// Which of the month or the year, or 0 for every, and the weekday.
    days: Vec<(i64, usize)>,
}

const NAMES: [&str; 8] =
    ["BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"];

/// The lists, by their place in `NAMES`.
#[derive(Clone, Copy)]
enum Name {
    Month,
    Week,
    YearDay,
    MonthDay,
    Hour,
    Minute,
    Second,
    Place,
}

impl Lists {
    fn text(&self) -> String {
        let mut parts = vec![format!("FREQ={}", FREQS[self.freq]), format!("INTERVAL={}", self.interval)];
        parts.extend(self.count.map(|count| format!("COUNT={count}")));
        parts.push(format!("WKST={}", WEEKDAYS[usize::from(self.week_start)]));
        let part = |name: &str, list: Vec<String>| (!list.is_empty()).then(|| format!("{name}={}", list.join(",")));
        for (name, list) in NAMES.iter().zip(&self.by) {
            parts.extend(part(name, list.iter().map(i64::to_string).collect()));
        }
        let days = self.days.iter().map(|(n, day)| match n {
            0 => WEEKDAYS[*day].to_owned(),
            n => format!("{n}{}", WEEKDAYS[*day]),
        });
        parts.extend(part("BYDAY", days.collect()));
        parts.join(";")
    }

    fn says(&self, name: Name) -> bool {
        !self.by[name as usize].is_empty()
    }

    /// Is the `n`-th (from 1) of `len` in the list, or not told apart by it?
    fn lets(&self, name: Name, n: i64, len: i64) -> bool {
        self.by[name as usize].iter().any(|l| *l == n || *l == n - len - 1) || !self.says(name)
    }

    /// The number of the period of a moment, periods counted from any one.
    fn period(&self, moment: i64) -> i64 {
        let day = moment.div_euclid(DAY);
        let date = Date::from_days(day).unwrap();
        match self.freq {
            6 => i64::from(date.year()),
            5 => i64::from(date.year()) * 12 + i64::from(date.month()),
            4 => (day - i64::from(self.week_start) + 3).div_euclid(7),
            finer => moment.div_euclid(LONGEST[finer]),
        }
    }

    fn fits(&self, day: i64, first: Date) -> bool {
        let date = Date::from_days(day).unwrap();
        let days_said = self.says(Name::YearDay) || self.says(Name::MonthDay) || !self.days.is_empty();
        let (same_day, same_month) = (date.day() == first.day(), date.month() == first.month());
        let open = days_said
            || match self.freq {
                4 => date.weekday() == first.weekday(),
                5 | 6 if self.says(Name::Week) => date.weekday() == first.weekday(),
                5 => same_day,
                6 => same_day && (same_month || self.says(Name::Month)),
                _ => true,
            };
        open && self.lets(Name::Month, i64::from(date.month()), 1 << 20)
            && self.lets(Name::YearDay, date.day_of_year() + 1, date.days_in_year())
            && self.lets(Name::MonthDay, i64::from(date.day()), i64::from(date.days_in_month()))
            && self.lets_week(day)
            && self.lets_weekday(date)
    }

    fn lets_week(&self, day: i64) -> bool {
        let begins = |day: i64| Date::from_days(day).unwrap().weekday() == self.week_start;
        let fourth = 3 + (day - 6..=day).find(|day| begins(*day)).unwrap();
        let year = |day: i64| Date::from_days(day).unwrap().year();
        let fourths: Vec<i64> =
            (-53..=53).map(|weeks| fourth + weeks * 7).filter(|day| year(*day) == year(fourth)).collect();
        let before = fourths.iter().filter(|day| **day < fourth).count();
        self.lets(Name::Week, place(before), place(fourths.len()) - 1)
    }

    fn lets_weekday(&self, date: Date) -> bool {
        let weekday = usize::from(date.weekday());
        let within = |n: i64| {
            let of_year = self.freq == 6 && !self.says(Name::Month);
            let unit = |d: Date| (d.year(), if of_year { 0 } else { d.month() });
            let same = |weeks: i64| date.plus_days(weeks * 7).is_some_and(|d| unit(d) == unit(date));
            let before = (1..60).take_while(|weeks: &i64| same(-*weeks)).count();
            let after = (1..60).take_while(|weeks: &i64| same(*weeks)).count();
            n == place(before) || n == -place(after)
        };
        let fits = |(n, day): &(i64, usize)| *day == weekday && (*n == 0 || self.freq < 5 || within(*n));
        self.days.is_empty() || self.days.iter().any(fits)
    }

    /// The occurrences from the first start to `until`.
    fn times(&self, start: DateTime, until: DateTime) -> Vec<i64> {
        let (first, last) = (start.seconds() - LONGEST[self.freq], until.seconds() + LONGEST[self.freq]);
        let list = |name: Name, coarser_than: usize, own: u32, len: i64| match &self.by[name as usize] {
            list if !list.is_empty() => list.clone(),
            _ if self.freq > coarser_than => vec![i64::from(own)],
            _ => (0..len).collect(),
        };
        let mut moments = Vec::new();
        for day in (first.div_euclid(DAY)..=last.div_euclid(DAY)).filter(|day| self.fits(*day, start.date())) {
            for hour in list(Name::Hour, 2, start.hour(), 24) {
                for minute in list(Name::Minute, 1, start.minute(), 60) {
                    let moment = day * DAY + hour * 3600 + minute * 60;
                    if (first - 60..=last).contains(&moment) {
                        let seconds = list(Name::Second, 0, start.second(), 60);
                        moments.extend(seconds.iter().map(|second| moment + second));
                    }
                }
            }
        }
        self.counted(self.picked(&moments, start), start, until)
    }

    fn picked(&self, moments: &[i64], start: DateTime) -> Vec<i64> {
        let mut periods = BTreeMap::<i64, Vec<i64>>::new();
        for moment in moments {
            periods.entry(self.period(*moment)).or_default().push(*moment);
        }
        let own = self.period(start.seconds());
        periods.retain(|period, _| *period >= own && (period - own) % self.interval == 0);
        let mut picked = Vec::new();
        for mut period in periods.into_values() {
            period.sort_unstable();
            period.dedup();
            let len = place(period.len()) - 1;
            let places = (1..).zip(period).filter(|(n, _)| self.lets(Name::Place, *n, len));
            picked.extend(places.map(|(_, moment)| moment));
        }
        picked
    }

    fn counted(&self, moments: Vec<i64>, start: DateTime, until: DateTime) -> Vec<i64> {
        let own = moments.into_iter().filter(|moment| *moment >= start.seconds());
        let mut found: Vec<i64> = own.take(self.count.unwrap_or(usize::MAX)).collect();
        found.push(start.seconds());
        found.retain(|moment| *moment <= until.seconds());
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The place, from 1, of what comes after `before` others.
fn place(before: usize) -> i64 {
    i64::try_from(before).unwrap() + 1
}

/// Up to four numbers, in some lists from either end; often none.
fn list(least: i64, most: i64, from_end: bool, weight: u32) -> impl Strategy<Value = Vec<i64>> {
    let number = (least..=most, any::<bool>()).prop_map(move |(n, end)| if end && from_end { -n } else { n });
    prop_oneof![10 - weight => Just(Vec::new()), weight => prop::collection::vec(number, 1..5)]
}

fn rules() -> impl Strategy<Value = Lists> {
    let lists = (
        (list(1, 12, false, 3), list(1, 53, true, 1), list(1, 366, true, 1), list(1, 31, true, 2)),
        (list(0, 23, false, 2), list(0, 59, false, 2), list(0, 59, false, 1), list(1, 5, true, 3)),
    );
    let lists = lists.prop_map(|((a, b, c, d), (e, f, g, h))| vec![a, b, c, d, e, f, g, h]);
    let nth = prop_oneof![3 => Just(0), 1 => -5..=5_i64, 1 => -53..=53_i64];
    let days = prop_oneof![Just(Vec::new()), prop::collection::vec((nth, 0..7_usize), 1..4)];
    let count = prop_oneof![2 => Just(None), 1 => (0..40_usize).prop_map(Some)];
    (0..7_usize, 1..6_i64, count, 0..7_u8, lists, days)
        .prop_map(|(freq, interval, count, week_start, by, days)| Lists { freq, interval, count, week_start, by, days })
}

#[test]
fn rules_give_what_the_standard_says_word_by_word() {
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    // From the first start: to the window, and how long the window is, in periods.
    let window = (-2..20_i64, 0..30_i64);
    let start = (0..20_000_i64, prop_oneof![Just(9 * 3600), 0..DAY]).prop_map(|(day, second)| day * DAY + second);
    let seen = std::cell::Cell::new(0);
    let result = runner.run(&(rules(), start, window), |(lists, start, (ahead, long))| {
        let unit = LONGEST[lists.freq].max(60);
        let [start, from, until] = [start, start + ahead * unit, start + (ahead + long) * unit];
        let [start, from, until] = [start, from, until].map(|s| DateTime::from_seconds(s).unwrap());
        let text = lists.text();
        let limits = Limits { per_series: 100_000, ..Limits::default() };
        let got = times(&Rule::parse(&text).unwrap(), start, from, until, &mut Budget::new(limits));
        let mut expected = lists.times(start, until);
        expected.retain(|moment| *moment >= from.seconds());
        seen.set(seen.get() + expected.len());
        let got: Vec<String> = got.unwrap().into_iter().map(written).collect();
        let expected: Vec<String> = expected.into_iter().map(|s| written(DateTime::from_seconds(s).unwrap())).collect();
        prop_assert_eq!(got, expected, "{} from {}", text, written(start));
        Ok(())
    });
    result.unwrap();
    assert!(seen.get() > 2_000, "{} occurrences", seen.get());
}

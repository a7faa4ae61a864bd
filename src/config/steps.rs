//! Counts the steps of reading a config, in tests alone: they must not grow faster than the config.

/// So many steps were taken.
#[cfg_attr(not(test), expect(clippy::missing_const_for_fn, reason = "it counts in tests"))]
pub(super) fn count(steps: usize) {
    #[cfg(test)]
    tests::STEPS.set(tests::STEPS.get() + steps);
    #[cfg(not(test))]
    let _ = steps;
}

#[cfg(test)]
mod tests {
    use crate::config::check;
    use crate::config::input::Input;
    use std::cell::Cell;
    use std::fmt::Write as _;

    thread_local! {
        pub(super) static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    /// The steps of `config show` in a company of so many people, a tenth of whom have numbers of others.
    fn steps(people: usize) -> usize {
        let mut text = String::from("database = \"x.db\"\n");
        for n in 0..people {
            let phone = 2_000_000_000 + n - n % 10 / 9;
            let keys = "shared_phone = true\nzone = \"UTC\"\ncalendars = [\"a.ics\", { file = \"b.ics\" }]";
            writeln!(text, "[[person]]\nid = \"p{n}\"\nphone = \"+1{phone}\"\n{keys}").unwrap();
        }
        let input = Input::of(&text, None, &|_| None);
        STEPS.set(0);
        let shown = check::settings(&input).map(|effective| effective.settings.len());
        assert!(shown.unwrap() > people * 30);
        STEPS.get()
    }

    #[test]
    fn the_work_of_showing_a_config_grows_with_its_people_and_no_faster() {
        let (few, many) = (steps(250), steps(2000));
        assert!(few > 250 * 30, "only {few} steps were counted");
        assert!(many < few * 9, "{few} steps for 250 people, {many} for 2000");
    }
}

//! What a broken config still says about people, and about rehearsals.

use super::{ANA, Cli, FakeTwilio, TOKEN, good_once};
use crate::support::cli::{Ran, twilio};

const BEN: &str = "[[person]]\nid = \"ben\"\nname = \"Ben\"\nphone = \"+12025550102\"\nzone = \"UTC\"\n";

/// A mistake that leaves the file TOML.
const MISTAKE: &str = "nonsense = 1\n";

/// Ana and Ben have a meeting each, and the config becomes this.
fn edited(config: &str) -> Ran {
    let cli = good_once(&format!("{ANA}{BEN}"));
    cli.ok(&["meeting", "add", "Lunch", "--at", "in 2m", "--person", "ben"]);
    cli.write_config(config);
    let ran = cli.run(&["tick"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    ran
}

fn called(ran: &Ran) -> Vec<&str> {
    let numbers = ran.out.lines().filter_map(|line| line.split_once(": called ")?.1.split(' ').next());
    let mut numbers: Vec<&str> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn whoever_has_left_a_broken_config_is_not_called() {
    assert_eq!(called(&edited(&format!("{MISTAKE}{ANA}"))), ["****0101"]);
    assert_eq!(called(&edited(&format!("{MISTAKE}person = []\n"))), [""; 0]);
    // Without a word about people, or as no TOML, it does not say who has left.
    assert_eq!(called(&edited(MISTAKE)), ["****0101", "****0102"]);
    assert_eq!(called(&edited(&format!("= 1\n{ANA}"))), ["****0101", "****0102"]);
}

#[test]
fn a_slip_in_the_entry_of_a_person_is_no_leaving() {
    let slips = [
        ANA.replace("[[person]]", "[[persn]]"),
        ANA.replace("id = \"ana\"", "id = \"an a\""),
        ANA.replace("id = \"ana\"", "idd = \"ana\""),
        ANA.replace("id = \"ana\"", "id = 3"),
        ANA.replace("+12025550101", "0101"),
        ANA.replace("phone", "fone"),
        ANA.repeat(2),
        format!("{ANA}{}", ANA.replace("0101", "0103")),
        ANA.replace("+12025550101", "+12025550102"),
    ];
    for slip in slips {
        assert_eq!(called(&edited(&format!("{BEN}{slip}"))), ["****0101", "****0102"], "{slip}");
    }
}

#[test]
fn a_new_number_in_a_broken_config_is_called() {
    assert_eq!(called(&edited(&format!("{MISTAKE}{}{BEN}", ANA.replace("0101", "0107")))), ["****0102", "****0107"]);
}

#[test]
fn a_rehearsal_in_a_broken_config_stays_one() {
    for (edit, rings) in [
        ("provider = \"mock\"", 0),
        ("provider = \"twilio\"\ntest_mode = true", 0),
        ("provider = \"mokc\"", 1),
        ("provider = \"twilio\"\ntest_mode = 1", 1),
    ] {
        let fake = FakeTwilio::start();
        let cli = Cli::on_twilio(&fake, TOKEN);
        cli.ok(&["tick"]);
        cli.ok(&["meeting", "add", "Board", "--at", "in 2m"]);
        let config = twilio(&fake.base_url(), TOKEN, ANA).replace("provider = \"twilio\"", edit);
        cli.write_config(&format!("{MISTAKE}{config}"));
        let ran = cli.run(&["tick"]);
        assert!(ran.code == 2 && ran.out.contains("Board (ana)"), "{edit}: {ran:?}");
        assert_eq!(fake.posts(), rings, "{edit}");
    }
}

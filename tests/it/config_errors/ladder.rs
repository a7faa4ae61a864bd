//! `[[ladder]]`.

use super::{all, one};

#[test]
fn a_rung_without_step_and_before_is_told_both() {
    all(
        r"
[[ladder]]
",
        r#"
error: this rung has no `step`
 --> config.toml:1:1
  |
1 | [[ladder]]
  | ^^^^^^^^^^ add step = "call"

error: this rung has no `before`
 --> config.toml:1:1
  |
1 | [[ladder]]
  | ^^^^^^^^^^ add before = "3m"

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn an_unknown_step_names_the_near_one() {
    one(
        r#"
[[ladder]]
step = "cal"
before = "3m"
"#,
        r#"
error: unknown step `cal`
 --> config.toml:2:8
  |
2 | step = "cal"
  |        ^^^^^ did you mean `call`?
"#,
    );
}

#[test]
fn an_unknown_step_far_from_all_lists_the_known_ones() {
    one(
        r#"
[[ladder]]
step = "pigeon"
before = "3m"
"#,
        r#"
error: unknown step `pigeon`
 --> config.toml:2:8
  |
2 | step = "pigeon"
  |        ^^^^^^^^ known steps: call, sms, email, webhook, command
"#,
    );
}

#[test]
fn after_on_a_call_is_refused() {
    one(
        r#"
[[ladder]]
step = "call"
after = "1m"
"#,
        r#"
error: a call has no `after`
 --> config.toml:3:1
  |
3 | after = "1m"
  | ^^^^^ a call rings before the start; write it as `before = "3m"`
"#,
    );
}

#[test]
fn a_rung_before_the_window_is_refused() {
    one(
        r#"
[[ladder]]
step = "call"
before = "5m"
"#,
        r#"
error: a call 5m before the start can never ring
 --> config.toml:3:10
  |
3 | before = "5m"
  |          ^^^^ outside the critical window: more than 0s, at most 3m
"#,
    );
}

#[test]
fn a_rung_at_the_start_is_refused() {
    one(
        r#"
[[ladder]]
step = "call"
before = "0s"
"#,
        r#"
error: a call 0s before the start can never ring
 --> config.toml:3:10
  |
3 | before = "0s"
  |          ^^^^ outside the critical window: more than 0s, at most 3m
"#,
    );
}

#[test]
fn a_ladder_out_of_order_is_refused() {
    one(
        r#"
[[ladder]]
step = "call"
before = "90s"
[[ladder]]
step = "call"
before = "3m"
"#,
        r#"
error: the ladder is out of order: this rung is due before the one above it
 --> config.toml:6:10
  |
6 | before = "3m"
  |          ^^^^ less than 1m 30s, or move this rung up
"#,
    );
}

#[test]
fn two_rungs_at_one_time_are_refused() {
    one(
        r#"
[[ladder]]
step = "call"
before = "90s"
[[ladder]]
step = "call"
before = "90s"
"#,
        r#"
error: two rungs 1m 30s before the start
 --> config.toml:6:10
  |
6 | before = "90s"
  |          ^^^^^ each rung has a time of its own
"#,
    );
}

#[test]
fn a_rung_beyond_the_limit_is_refused() {
    one(
        r#"
[[ladder]]
step = "call"
before = "3m"
[[ladder]]
step = "call"
before = "2m"
[[ladder]]
step = "call"
before = "1m"
"#,
        r#"
error: rung 3 can never ring: max_calls = 2
 --> config.toml:9:10
  |
9 | before = "1m"
  |          ^^^^ 2 calls within 10m at most
  |
  = help: take the rung out, or raise max_calls
"#,
    );
}

#[test]
fn the_default_ladder_outside_a_small_window_is_refused() {
    one(
        r#"
[guards]
critical_window = "100s"
"#,
        r#"
error: rung 1 of the default ladder: a call 3m before the start can never ring
 --> config.toml:2:19
  |
2 | critical_window = "100s"
  |                   ^^^^^^ outside the critical window: more than 0s, at most 1m 40s
  |
  = help: write your own [[ladder]]
"#,
    );
}

#[test]
fn the_default_ladder_beyond_a_small_limit_is_refused() {
    one(
        r"
[guards]
max_calls = 1
",
        r"
error: rung 2 can never ring: max_calls = 1
 --> config.toml:2:13
  |
2 | max_calls = 1
  |             ^ 1 call within 10m at most
  |
  = help: the default ladder has two rungs: write your own [[ladder]], or raise max_calls
",
    );
}

//! `[guards]` and `[engine]`.

use super::{one, only_checked};

#[test]
fn a_window_of_nothing_is_refused() {
    one(
        r#"
[guards]
critical_window = "0s"
"#,
        r#"
error: `critical_window` is 0: nothing could ever ring
 --> config.toml:2:19
  |
2 | critical_window = "0s"
  |                   ^^^^ such as "3m"
"#,
    );
}

#[test]
fn a_limit_per_no_time_is_refused() {
    one(
        r#"
[guards]
max_calls_per = "0s"
"#,
        r#"
error: `max_calls_per` is 0: nothing could ever ring
 --> config.toml:2:17
  |
2 | max_calls_per = "0s"
  |                 ^^^^ such as "10m"
"#,
    );
}

#[test]
fn a_prefix_that_starts_no_number_is_refused() {
    one(
        r#"
[guards]
allowed_prefixes = ["+1", "49"]
"#,
        r#"
error: `49` is not the beginning of a phone number
 --> config.toml:2:27
  |
2 | allowed_prefixes = ["+1", "49"]
  |                           ^^^^ write `+` and the country code, such as "+1"
"#,
    );
}

#[test]
fn a_ring_of_half_seconds_is_refused() {
    one(
        r#"
[engine]
ring_timeout = "1500ms"
"#,
        r#"
error: `ring_timeout` cannot be 1s 500ms: a phone rings for whole seconds, at most 600 of them
 --> config.toml:2:16
  |
2 | ring_timeout = "1500ms"
  |                ^^^^^^^^ write whole seconds from 1s to 10m
"#,
    );
}

#[test]
fn a_ring_of_over_ten_minutes_is_refused() {
    one(
        r#"
[engine]
ring_timeout = "11m"
"#,
        r#"
error: `ring_timeout` cannot be 11m: a phone rings for whole seconds, at most 600 of them
 --> config.toml:2:16
  |
2 | ring_timeout = "11m"
  |                ^^^^^ write whole seconds from 1s to 10m
"#,
    );
}

#[test]
fn a_hard_timeout_over_45_s_is_refused() {
    one(
        r#"
[engine]
hard_timeout = "46s"
"#,
        r#"
error: `hard_timeout` cannot be 46s: one request may take 45s at most
 --> config.toml:2:16
  |
2 | hard_timeout = "46s"
  |                ^^^^^ write 45s or less
"#,
    );
}

#[test]
fn a_hard_timeout_of_nothing_is_refused() {
    one(
        r#"
[engine]
hard_timeout = "0s"
"#,
        r#"
error: `hard_timeout` cannot be 0s: no request could end in time
 --> config.toml:2:16
  |
2 | hard_timeout = "0s"
  |                ^^^^ write more than 0s
"#,
    );
}

#[test]
fn a_request_timeout_over_the_hard_one_is_refused() {
    one(
        r#"
[engine]
hard_timeout = "10s"
request_timeout = "11s"
"#,
        r#"
error: `request_timeout` cannot be 11s: `hard_timeout` (10s) would end the request first
 --> config.toml:3:19
  |
3 | request_timeout = "11s"
  |                   ^^^^^ write 10s or less
"#,
    );
}

#[test]
fn a_request_timeout_of_nothing_is_refused() {
    one(
        r#"
[engine]
request_timeout = "0s"
"#,
        r#"
error: `request_timeout` cannot be 0s: no request could end in time
 --> config.toml:2:19
  |
2 | request_timeout = "0s"
  |                   ^^^^ write more than 0s
"#,
    );
}

#[test]
fn a_lease_of_only_twice_the_hard_timeout_is_refused() {
    one(
        r#"
[engine]
lease = "90s"
"#,
        r#"
error: `lease` cannot be 1m 30s: it must be more than twice `hard_timeout` (45s), or two ticks could own one call
 --> config.toml:2:9
  |
2 | lease = "90s"
  |         ^^^^^ write more than 1m 30s
"#,
    );
}

#[test]
fn a_tick_limit_of_only_the_hard_timeout_is_refused() {
    one(
        r#"
[engine]
tick_limit = "45s"
"#,
        r#"
error: `tick_limit` cannot be 45s: it must be more than `hard_timeout` (45s), or a tick could end before its request
 --> config.toml:2:14
  |
2 | tick_limit = "45s"
  |              ^^^^^ write more than 45s
"#,
    );
}

#[test]
fn a_retention_under_a_day_is_refused() {
    one(
        r#"
[engine]
retention = "23h"
"#,
        r#"
error: `retention` cannot be 23h: incidents of the last 24 hours are still counted
 --> config.toml:2:13
  |
2 | retention = "23h"
  |             ^^^^^ write 1d or more
"#,
    );
}

#[test]
fn an_unknown_choice_for_unknown_outcomes_names_the_two() {
    one(
        r#"
[engine]
on_unknown = "redial"
"#,
        r#"
error: unknown choice `redial`
 --> config.toml:2:14
  |
2 | on_unknown = "redial"
  |              ^^^^^^^^ write "hold" (never risk a second ring) or "call" (ring again near the start)
"#,
    );
}

#[test]
fn a_tick_limit_that_leaves_no_time_for_a_request_is_refused() {
    one(
        r#"
[engine]
hard_timeout = "20s"
tick_limit = "22s"
"#,
        r#"
error: `tick_limit` cannot be 22s: 2s 200ms of it are for writing down, which leaves 19s 800ms; a request of up to 20s, and 5s to begin it in, need 25s
 --> config.toml:3:14
  |
3 | tick_limit = "22s"
  |              ^^^^^ write 28s or more
"#,
    );
}

#[test]
fn a_lease_that_ends_before_a_request_surely_has_is_told_with_the_arithmetic() {
    only_checked(
        r#"
[engine]
hard_timeout = "10s"
request_timeout = "10s"
lease = "20100ms"
"#,
        r#"
error: `lease` cannot be 20s 100ms: a request may leave 9s after its attempt was written, and take 12s: 21s in all
 --> config.toml:4:9
  |
4 | lease = "20100ms"
  |         ^^^^^^^^^ write 21s or more
"#,
    );
}

#[test]
fn ringing_again_needs_room_in_the_call_limit() {
    one(
        r#"
[engine]
on_unknown = "call"
"#,
        r#"
error: `on_unknown = "call"` can never ring again: max_calls = 2 leaves no room beside 2 rungs
 --> config.toml:2:14
  |
2 | on_unknown = "call"
  |              ^^^^^^ write max_calls = 3 under [guards], or "hold" here
"#,
    );
}

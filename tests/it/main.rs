//! The tests of savehub from outside, in one binary: each module is about one thing, and names it. What runs for long or
//! needs a server of its own is apart: `proof`, `hosts`, `postgres` and the conformance suite `store`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(unreachable_pub, reason = "the modules of one test binary")]

mod architecture;
mod bad_input;
mod calendar;
mod calendar_commands;
mod calendar_corpus;
mod calendar_differential;
mod calendar_hostile;
mod calendar_story;
mod calendars_at_size;
mod call_list;
mod channels;
mod company;
mod company_day;
mod config_commands;
mod config_errors;
mod docs;
mod doctor;
mod endings;
mod engine_regressions;
mod examples;
mod explain;
mod faults;
mod feed;
mod given_up;
mod guards;
mod hearing;
mod history_cost;
mod keypress;
mod ladder_story;
mod manual;
mod many_unknown;
mod messages;
mod migration;
mod mock_phone;
mod nodes;
mod overlap;
mod pace;
mod pages;
mod pause;
mod plan;
mod pool;
mod presence;
mod process;
mod protocol_model;
mod provider;
mod reaching;
mod reconciliation;
mod registry;
mod report;
mod report_page;
mod secrets;
mod seed;
mod setup;
mod sms_rungs;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod twilio_wire;
mod twiml;
mod upgrade;
mod upkeep;
mod watch;
mod watcher;

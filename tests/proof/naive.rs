//! The usual protocol, so that the proof is seen to fail: look what is due, call, write down that it was done.

use crate::rig::{Invocation, Rig, Setup, number, say, whole};
use crate::strace::{able, inject, points, sample};
use crate::support::fake_twilio::{ACCOUNT, TOKEN};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;

const DATABASE: &str = "PROOF_NAIVE_DATABASE";
const ADDRESS: &str = "PROOF_NAIVE_ADDRESS";

/// The tick of the naive protocol, in a process of its own: this binary, asked for the one test below. `false`: it was
/// not asked for that.
fn was_a_naive_tick() -> bool {
    let (Ok(database), Ok(address)) = (std::env::var(DATABASE), std::env::var(ADDRESS)) else { return false };
    let database = crate::rig::connect(Path::new(&database));
    let due: Option<i64> =
        database.query_row("select min(id) from meetings where watched = 0", [], |r| r.get(0)).unwrap();
    let Some(meeting) = due else { return true };
    let mut provider = TcpStream::connect(address).unwrap();
    provider.write_all(&request()).unwrap();
    let mut answer = String::new();
    BufReader::new(provider).read_line(&mut answer).unwrap();
    if answer.starts_with("HTTP/1.1 201") {
        database.execute("update meetings set watched = 1 where id = ?1", [meeting]).unwrap();
    }
    true
}

/// "Create a call" to the first person.
pub fn request() -> Vec<u8> {
    let form = format!("To=%2B{}&From=%2B12025550199&Twiml=%3CResponse%2F%3E", &number(0)[1..]);
    let basic = STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json");
    let head = format!("POST {path} HTTP/1.1\r\nAuthorization: Basic {basic}\r\nConnection: close");
    format!("{head}\r\nContent-Length: {}\r\n\r\n{form}", form.len()).into_bytes()
}

fn tick(rig: &Rig) -> Invocation {
    let args = ["--exact", "naive::the_usual_protocol_is_caught_ringing_twice", "--nocapture", "--test-threads=1"];
    let env = [(DATABASE, rig.database().to_str().unwrap().to_owned()), (ADDRESS, rig.fake.addr().to_string())];
    Invocation {
        program: std::env::current_exe().unwrap(),
        args: args.map(str::to_owned).to_vec(),
        env: env.map(|(name, value)| (name.to_owned(), value)).to_vec(),
    }
}

#[test]
fn the_usual_protocol_is_caught_ringing_twice() {
    if was_a_naive_tick() || !able("the naive protocol") {
        return;
    }
    let setup = Setup::ONE;
    let rig = Rig::new(setup);
    let all = points(&tick(&rig), &rig.path("log"), "savehub.db");
    let chosen = if whole() { all.own } else { sample(&all.own, 40, 0) };
    let (mut fired, mut duplicates) = (0, 0);
    for point in &chosen {
        let rig = Rig::new(setup);
        fired += usize::from(inject(&tick(&rig), &rig.path("log"), point, "signal=KILL").0);
        rig.drain();
        assert!(tick(&rig).command().output().unwrap().status.success());
        rig.drain();
        duplicates += rig.fake.calls().len().saturating_sub(1);
    }
    say(&format!("the naive protocol, caught: {} cases, {fired} fired, {duplicates} duplicates", chosen.len()));
    assert!(fired * 10 >= chosen.len() * 9, "only {fired} of {} fired", chosen.len());
    assert!(duplicates > 0, "the harness cannot see a second call");
}

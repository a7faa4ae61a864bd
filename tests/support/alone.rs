//! Tests of what a whole process shares, such as its log or its environment.

use std::process::Command;

/// Set where a test runs alone.
const ALONE: &str = "SAVEHUB_TEST_ALONE";

/// Runs `body` in a process in which no other test runs. `test` is the test function that calls this.
pub fn alone<T: Fn()>(test: T, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let mut process = again(test);
    let ran = process.env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

/// A process that runs this one test of this binary.
pub fn again<T: Fn()>(_: T) -> Command {
    let path = std::any::type_name::<T>();
    let (_, name) = path.split_once("::").unwrap();
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", name, "--nocapture"]);
    process
}

//! What the Debian package is made of is there, and its documents name the places the program uses. `packaging/try-deb`
//! installs the package itself.

use crate::support::cli::Cli;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const README_DEBIAN: &str = include_str!("../../../packaging/debian/README.Debian");
const CHANGELOG: &str = include_str!("../../../packaging/debian/changelog");
const TRY_DEB: &str = include_str!("../../../packaging/try-deb");
const BUILD_DEB: &str = include_str!("../../../packaging/build-deb");
const CI: &str = include_str!("../../../.ci/run");

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The sources of the package, and where each goes.
fn assets() -> Vec<(String, String)> {
    let manifest: toml::Table = toml::from_str(include_str!("../../../Cargo.toml")).unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap();
    assets.iter().map(|asset| (text(&asset[0]), text(&asset[1]))).collect()
}

#[test]
fn every_file_of_the_package_is_there_or_written_by_the_program() {
    let cli = Cli::new();
    let dir = cli.path("packaging");
    let prepared =
        Command::new(root("packaging/prepare")).arg(env!("CARGO_BIN_EXE_savehub")).arg(&dir).output().unwrap();
    assert!(prepared.status.success(), "{prepared:?}");
    for (from, to) in assets() {
        let there = if let Some(name) = from.strip_prefix("target/packaging/") {
            dir.join(name).metadata().unwrap().len() > 0
        } else if let Some((folder, name)) = from.rsplit_once("/*") {
            fs::read_dir(root(folder)).unwrap().any(|file| file.unwrap().file_name().to_str().unwrap().ends_with(name))
        } else {
            from == "target/release/savehub" || root(&from).is_file()
        };
        assert!(there, "{from}");
        assert!(to.starts_with("usr/"), "{to}");
    }
    let service = fs::read_to_string(dir.join("savehub.service")).unwrap();
    let start = "\nExecStart=/usr/bin/savehub --config /etc/xdg/savehub/config.toml --quiet tick\n";
    assert!(service.contains(start), "{service}");
}

#[test]
fn every_manual_page_is_in_the_package() {
    let assets = assets();
    for page in fs::read_dir(root("man")).unwrap() {
        let name = page.unwrap().file_name().into_string().unwrap();
        let section = name.rsplit('.').next().unwrap();
        let expected = (format!("man/*.{section}"), format!("usr/share/man/man{section}/"));
        assert!(assets.contains(&expected), "{name}");
    }
}

#[test]
fn the_pages_that_the_readme_leads_to_are_in_the_package_beside_it() {
    let assets = assets();
    for (from, to) in [("README.md", "usr/share/doc/savehub/"), ("docs/*.md", "usr/share/doc/savehub/docs/")] {
        assert!(assets.contains(&(from.to_owned(), to.to_owned())), "{from}");
    }
}

#[test]
fn the_package_has_the_version_of_the_program() {
    assert!(CHANGELOG.starts_with(concat!("savehub (", env!("CARGO_PKG_VERSION"), "-1) ")), "{CHANGELOG}");
}

#[test]
fn the_documents_of_the_package_name_the_places_the_program_uses() {
    let ran = Cli::new().run(&["init", "--system", "--config", "elsewhere"]);
    let config = ran.err.split("--system writes ").nth(1).unwrap().split(':').next().unwrap();
    for text in [README_DEBIAN, TRY_DEB] {
        assert!(text.contains(config) && text.contains("/var/lib/savehub"), "{config}");
    }
}

#[test]
fn the_checks_build_the_package_and_try_it_with_the_version_of_cargo_deb_that_is_named() {
    let version = BUILD_DEB.split("cargo-deb --version ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(CI.contains(&format!("cargo install cargo-deb --version {version} --locked")), "{version}");
    assert!(CI.contains("run packaging/build-deb --debug") && CI.contains("run packaging/try-deb"));
}

#[test]
fn released_programs_can_use_postgresql_as_the_page_says() {
    assert!(include_str!("../../../docs/operating.md").contains("Released packages can do it"));
    for script in [BUILD_DEB, include_str!("../../../packaging/build-static")] {
        assert!(script.contains("\ncargo build --locked --features postgres --profile "), "{script}");
    }
}

//! The page of `report --html`, looked at in a real browser: both colour schemes, on a phone and on a desk.

use crate::support::browser::Browser;
use clap::Parser as _;
use savehub::cli::args::{Cli, Command};
use savehub::cli::print::Screen;
use savehub::cli::{Ctx, report};
use savehub::config::{Config, from_text};
use savehub::model::Timestamp;
use std::path::Path;
use std::time::Duration;

/// Whoever is called so wants to be more than a name in a page.
const HOSTILE: &str = "</td><script>document.title='owned'</script><img src=x onerror=document.title='owned'>&\"'";

fn config() -> Config {
    let people = [("p001", HOSTILE), ("p002", "Ana"), ("p003", "Zoë Ångström-Featherstonehaugh the Younger")];
    let people: Vec<String> = people
        .iter()
        .zip(1..)
        .map(|((id, name), n)| {
            format!("[[person]]\nid = \"{id}\"\nname = '''{name}'''\nphone = \"+1202555010{n}\"\nzone = \"UTC\"\n")
        })
        .collect();
    let people = people.concat();
    let env = |name: &str| (name == "HOME").then(|| "/home/ana".to_owned());
    let text = format!("[report]\nbudget = \"30 USD\"\n[call]\nprovider = \"mock\"\n{people}");
    from_text(&text, Path::new("config.toml"), &env).unwrap()
}

/// Writes the page of the first days of the year, at noon of the last of them.
fn write(file: &Path, incidents: u32, since: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::support::year::make(&dir.path().join("savehub.db"), incidents);
    let days = u64::from(incidents / 274);
    let now: Timestamp = crate::support::year::BEGIN.plus(Duration::from_secs(days * 86_400 - 12 * 3600));
    let (config, mut out) = (config(), Vec::new());
    let mut ctx =
        Ctx { now, config: &config, store: &store, screen: Screen::PLAIN, out: &mut out, hang_up: &mut |_| () };
    let line = ["savehub", "report", "--since", since, "--html", file.to_str().unwrap()];
    let Command::Report(args) = Cli::parse_from(line).command else { panic!() };
    report::run(&args, &mut ctx).unwrap();
    assert!(out.is_empty(), "nothing is printed where nobody looks");
}

#[test]
fn the_page_is_light_or_dark_fits_every_width_and_complains_about_nothing() {
    let Some(mut browser) = Browser::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let pages = [("days", 6000, "21d"), ("weeks", 20_000, "72d"), ("nothing", 300, "1h")];
    for (name, incidents, since) in pages {
        let file = dir.path().join(format!("{name}.html"));
        write(&file, incidents, since);
        for (width, height, schemes) in
            [(375, 812, ["light", "dark"].as_slice()), (320, 640, &["light"]), (1280, 900, &["light", "dark"])]
        {
            for scheme in schemes.iter().copied() {
                let what = format!("{name} at {width} in {scheme}");
                browser.open(&file, width, height, scheme);
                let inside = browser.worth("document.documentElement.scrollWidth").as_u64().unwrap();
                assert!(inside <= u64::from(width), "{what}: {inside} wide");
                let high = browser.worth("document.documentElement.scrollHeight").as_u64().unwrap();
                browser.open(&file, width, u32::try_from(high).unwrap(), scheme);
                let shot = browser.shot();
                let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}-{width}-{scheme}.png"));
                std::fs::write(&kept, &shot.png).unwrap();
                assert_eq!(shot.size.0, width, "{what}");
                let light = shot.brightness();
                let fits = if scheme == "dark" { light < 80.0 } else { light > 190.0 };
                assert!(fits, "{what}: mean brightness {light}, see {}", kept.display());
                assert_eq!(browser.complaints, [""; 0], "{what}");
                assert!(browser.worth("document.title").as_str().unwrap().starts_with("savehub report, "), "{what}");
                assert_eq!(browser.worth("document.scripts.length + document.images.length"), 0, "{what}");
            }
        }
    }
}

/// WCAG 2.1, 1.4.3: text has a contrast of at least 4.5 to what is behind it.
const CONTRAST: &str = r"
(() => {
  const rgb = text => text.match(/[\d.]+/g).map(Number);
  const lum = c => [0, 1, 2].map(i => c[i] / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const bad = []; let looked = 0;
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    looked++;
    const [a, b] = [lum(rgb(getComputedStyle(e).color)), lum(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(e.textContent.trim().slice(0, 30) + ' ' + ratio.toFixed(2));
  }
  return { looked, bad };
})()";

#[test]
fn everything_can_be_read_and_every_chart_has_its_numbers_in_words() {
    let Some(mut browser) = Browser::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.html");
    write(&file, 6000, "21d");
    for scheme in ["light", "dark"] {
        browser.open(&file, 1280, 900, scheme);
        browser.worth("document.querySelectorAll('details').forEach(d => d.open = true)");
        let told = browser.worth(CONTRAST);
        assert!(told["looked"].as_u64().unwrap() > 300, "{told}");
        assert_eq!(told["bad"], serde_json::json!([]), "{scheme}");
    }
    let unnamed = "[...document.querySelectorAll('svg')].filter(s => !s.ariaLabel && !s.ariaHidden).length";
    assert_eq!(browser.worth(unnamed), 0);
    assert_eq!(browser.worth("document.querySelectorAll('svg[role=img]').length"), 4, "calls, rate, two currencies");
    assert_eq!(browser.worth("document.querySelectorAll('table').length"), 3);
    let name =
        browser.worth("[...document.querySelectorAll('td')].map(t => t.textContent).find(t => t.includes('p001'))");
    assert!(name.as_str().unwrap().starts_with(HOSTILE), "{name}");
}

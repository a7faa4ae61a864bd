//! Debian's Chromium without a window, spoken to over two named pipes (`--remote-debugging-pipe`: JSON, each message ended
//! by a NUL byte; chromedevtools.github.io/devtools-protocol).

use base64::Engine as _;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// The longest the browser may take to answer.
const PATIENCE: Duration = super::HUNG;

const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--remote-debugging-pipe",
];

/// A running browser with one page.
pub struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    session: String,
    last: u64,
    /// What the page complained about since it was opened: console, exceptions, security policy.
    pub complaints: Vec<String>,
    _home: TempDir,
}

/// What was seen of a page.
pub struct Shot {
    /// Width and height of the picture.
    pub size: (u32, u32),
    /// Its bytes: red, green, blue and perhaps more for each pixel.
    pub png: Vec<u8>,
}

impl Browser {
    /// Starts it; `None` where there is no Chromium, which is a failure in CI.
    pub fn start() -> Option<Self> {
        let there = Command::new("chromium").arg("--version").output().is_ok_and(|o| o.status.success());
        if !there {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "chromium is missing");
            eprintln!("NO CHROMIUM: THE PAGE OF THE REPORT IS NOT LOOKED AT (apt-get install chromium)");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let pipes = ["to", "from"].map(|name| home.path().join(name));
        assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
        let script =
            format!("exec chromium {} --user-data-dir=\"$1/profile\" 3<\"$1/to\" 4>\"$1/from\"", FLAGS.join(" "));
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &script, "sh"]).arg(home.path()).env("HOME", home.path());
        let child = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let to = OpenOptions::new().write(true).open(&pipes[0]).unwrap();
        let from = listen(File::open(&pipes[1]).unwrap());
        let mut browser =
            Self { child, to, from, session: String::new(), last: 0, complaints: Vec::new(), _home: home };
        let target = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let attached =
            browser.ask("Target.attachToTarget", &json!({ "targetId": target["targetId"], "flatten": true }));
        attached["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, &json!({}));
        }
        Some(browser)
    }

    /// Opens a file in a window of this size, in the light or the dark scheme, and waits until it has loaded.
    pub fn open(&mut self, file: &Path, width: u32, height: u32, scheme: &str) {
        let phone = width < 500;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.ask("Emulation.setDeviceMetricsOverride", &metrics);
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", &json!({ "features": feature }));
        self.complaints.clear();
        self.ask("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        while self.hear()["method"] != "Page.loadEventFired" {}
    }

    /// What an expression in the page is worth.
    pub fn worth(&mut self, expression: &str) -> Value {
        let told = self.ask("Runtime.evaluate", &json!({ "expression": expression, "returnByValue": true }));
        assert!(told["exceptionDetails"].is_null(), "{expression}: {told}");
        told["result"]["value"].clone()
    }

    /// A picture of the whole page.
    pub fn shot(&mut self) -> Shot {
        let told = self.ask("Page.captureScreenshot", &json!({ "format": "png", "captureBeyondViewport": true }));
        let png = base64::engine::general_purpose::STANDARD.decode(told["data"].as_str().unwrap()).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
        let size = (reader.info().width, reader.info().height);
        drop(reader);
        Shot { size, png }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).unwrap();
        loop {
            let told = self.hear();
            if told["id"] == json!(self.last) {
                assert!(told["error"].is_null(), "{method}: {told}");
                return told["result"].clone();
            }
        }
    }

    /// The next message; complaints are kept.
    fn hear(&mut self) -> Value {
        let told = self.from.recv_timeout(PATIENCE).expect("the browser says nothing");
        if matches!(
            told["method"].as_str(),
            Some("Log.entryAdded" | "Runtime.consoleAPICalled" | "Runtime.exceptionThrown")
        ) {
            self.complaints.push(told.to_string());
        }
        told
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is the shell's own process: the shell has become the browser.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shot {
    /// The mean brightness of all pixels, from 0 (black) to 255.
    pub fn brightness(&self) -> f64 {
        let mut reader = png::Decoder::new(std::io::Cursor::new(&self.png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.bit_depth, png::BitDepth::Eight);
        let each = info.color_type.samples();
        let light: f64 = pixels[..info.buffer_size()]
            .chunks(each)
            .map(|p| 0.2126 * f64::from(p[0]) + 0.7152 * f64::from(p[1]) + 0.0722 * f64::from(p[2]))
            .sum();
        light / f64::from(info.width * info.height)
    }
}

/// Reads messages until the pipe ends.
fn listen(mut pipe: File) -> Receiver<Value> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let mut bytes = vec![0; 1 << 16];
        while let Ok(n @ 1..) = pipe.read(&mut bytes) {
            rest.extend_from_slice(&bytes[..n]);
            while let Some(end) = rest.iter().position(|b| *b == 0) {
                let message: Vec<u8> = rest.drain(..=end).collect();
                let Ok(message) = serde_json::from_slice(&message[..end]) else { return };
                if tell.send(message).is_err() {
                    return;
                }
            }
        }
    });
    told
}

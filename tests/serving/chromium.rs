//! A headless Chromium for one test, controlled over a pipe: it shows what a user would see of a
//! page.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A size of window and a choice of colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) colours: &'static str,
}

pub(crate) const LOOKS: [Look; 4] = [
    Look { name: "desktop-light", width: 1280, height: 1400, colours: "light" },
    Look { name: "desktop-dark", width: 1280, height: 1400, colours: "dark" },
    Look { name: "phone-light", width: 360, height: 1600, colours: "light" },
    Look { name: "phone-dark", width: 360, height: 1600, colours: "dark" },
];

/// The browser with one page. It ends when dropped.
pub(crate) struct Chromium {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    session: Option<String>,
    number: u64,
    /// The complaints of the page in the console.
    pub(crate) complaints: Vec<String>,
    _profile: TempDir,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        let profile = TempDir::new().expect("a folder");
        // It reads commands from descriptor 3 and answers on 4.
        let mut process = Command::new("sh")
            .args([
                "-c",
                "exec chromium \"$@\" --remote-debugging-pipe 3<&0 4>&1 </dev/null >/dev/null",
                "sh",
            ])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--disable-dev-shm-usage", "--ignore-certificate-errors"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let commands = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut chromium = Self {
            process,
            commands,
            answers,
            session: None,
            number: 0,
            complaints: Vec::new(),
            _profile: profile,
        };
        let target = chromium.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = chromium.call("Target.attachToTarget", attach);
        chromium.session = session["sessionId"].as_str().map(str::to_owned);
        chromium.call("Page.enable", json!({}));
        chromium.call("Log.enable", json!({}));
        chromium
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) fn open(&mut self, address: &str) {
        self.complaints.clear();
        self.call("Page.navigate", json!({"url": address}));
        while self.message()["method"] != "Page.loadEventFired" {}
    }

    pub(crate) fn look(&mut self, look: Look) {
        let size = json!({"width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": look.width < 600});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let colours = json!([{"name": "prefers-color-scheme", "value": look.colours}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": colours}));
    }

    /// Returns the value of an expression of JavaScript, by the debugger: the page itself may run
    /// none.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let result =
            self.call("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Returns the text that can be read on the page.
    pub(crate) fn visible_text(&mut self) -> String {
        self.value("document.body.innerText").as_str().expect("a text").to_owned()
    }

    /// Saves a picture beside what cargo builds.
    pub(crate) fn screenshot(&mut self, name: &str) -> PathBuf {
        let picture = self.call("Page.captureScreenshot", json!({"format": "png"}));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("status-page");
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(format!("{name}.png"));
        let bytes = BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture"));
        std::fs::write(&path, bytes.expect("base64")).expect("room for a picture");
        path
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut command = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let sent = self.commands.write_all(format!("{command}\0").as_bytes());
        sent.expect("chromium runs: is it installed? Run `make tools`");
        loop {
            let message = self.message();
            if message["id"] == self.number {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn message(&mut self) -> Value {
        let mut text = Vec::new();
        self.answers.read_until(0, &mut text).expect("an answer");
        assert_eq!(text.pop(), Some(0), "chromium ended: is it installed? Run `make tools`");
        let message: Value = serde_json::from_slice(&text).expect("JSON");
        if message["method"] == "Log.entryAdded" {
            self.complaints.push(message["params"]["entry"]["text"].to_string());
        }
        message
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // `sh` has become the browser; its children end with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

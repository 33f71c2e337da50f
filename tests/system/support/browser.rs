//! A real browser, driven by its driver: what a page is to whoever opens it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Options without which Chromium does not run as root, or asks the network for things of its own.
const OPTIONS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,900",
];

/// Chromium with an empty profile.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    profile: TempDir,
}

impl Browser {
    /// Starts one; `None`, and the reason said, where there is no Chromium.
    pub(crate) fn start() -> Option<Self> {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut driver) = driver else {
            super::skipped("pages in a browser", "chromium-driver is not installed");
            return None;
        };
        let mut said = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        // From here on it ends with this value, whatever fails.
        let mut browser = Self { driver, session: String::new(), profile };
        let port: u16 = said
            .find_map(|line| {
                line.ok()?.rsplit_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
            })
            .expect("chromedriver says its port");
        // It goes on talking: nobody may close its pipe.
        std::thread::spawn(move || said.for_each(drop));
        let mut arguments: Vec<String> = OPTIONS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", browser.profile.path().display()));
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let root = format!("http://127.0.0.1:{port}/session");
        let opened = ask(&root, &capabilities);
        let id = opened["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {opened}"));
        browser.session = format!("{root}/{id}");
        Some(browser)
    }

    /// Opens a file, and returns the addresses that were asked for on its behalf.
    pub(crate) fn open(&self, file: &Path) -> Vec<String> {
        self.log("performance");
        self.ask("url", &json!({ "url": format!("file://{}", file.display()) }));
        let events = self.log("performance");
        let events = events.iter().filter_map(|entry| serde_json::from_str(entry["message"].as_str()?).ok());
        let requests = events.filter_map(|event: Value| {
            let message = &event["message"];
            let sent = message["method"] == "Network.requestWillBeSent";
            sent.then(|| message["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
        });
        requests.collect()
    }

    /// What the page's console holds since it was last asked: errors, and what its own policy forbade.
    pub(crate) fn console(&self) -> Vec<Value> {
        self.log("browser")
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        self.ask("se/log", &json!({ "type": kind })).as_array().cloned().unwrap_or_default()
    }

    /// Shows pages as to somebody who prefers `scheme`, `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let parameters = json!({ "features": features });
        self.ask("goog/cdp/execute", &json!({ "cmd": "Emulation.setEmulatedMedia", "params": parameters }));
    }

    /// Shows pages as they are printed.
    pub(crate) fn as_on_paper(&self) {
        let parameters = json!({ "media": "print" });
        self.ask("goog/cdp/execute", &json!({ "cmd": "Emulation.setEmulatedMedia", "params": parameters }));
    }

    /// The width of the window, in CSS pixels.
    pub(crate) fn resize(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        let command = "Emulation.setDeviceMetricsOverride";
        self.ask("goog/cdp/execute", &json!({ "cmd": command, "params": metrics }));
    }

    /// What the body of a function in the page returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", &json!({ "script": script, "args": [] }))
    }

    #[track_caller]
    fn ask(&self, what: &str, body: &Value) -> Value {
        ask(&format!("{}/{what}", self.session), body)
    }
}

#[track_caller]
fn ask(url: &str, body: &Value) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.post(url).send(body.to_string()).expect("chromedriver answers");
    let text = answer.body_mut().read_to_string().expect("a text");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert!(document["value"].get("error").is_none(), "{url}: {document}");
    document["value"].clone()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session; one that has gone already is as well.
        if !self.session.is_empty() {
            let _ = ureq::delete(&self.session).call();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

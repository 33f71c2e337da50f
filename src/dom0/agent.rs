//! [`Agent`]: the program in a guest that does what it is asked through xenstore.
//!
//! A request is `{"name": …, "value": …}` in the guest's record `data/host/ID`; the answer appears in `data/guest/ID`.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::domain::DomainId;
use super::error::Error;
use super::record::Record;
use super::xenstore::Xenstore;
use crate::wire::{Value, json};

/// How often the answer is looked for: os-xenapi agent.py `_wait_for_agent`.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest that anybody can wait: xapi forgets sessions and tasks after a day.
const LONGEST: u64 = 24 * 60 * 60;

/// The agent in a guest.
#[derive(Debug)]
pub struct Agent<'x> {
    xenstore: &'x Xenstore,
    domain: DomainId,
}

impl<'x> Agent<'x> {
    /// The agent in `domain`.
    #[must_use]
    pub fn new(xenstore: &'x Xenstore, domain: DomainId) -> Self {
        Self { xenstore, domain }
    }

    /// Asks under the name `id` and waits for the answer, which is JSON. Without one, the request is taken back.
    ///
    /// # Errors
    /// There is no answer within `seconds`, the guest goes away, or xenstore cannot be asked.
    pub fn ask(&self, id: &str, name: &str, value: &Value, seconds: u64) -> Result<String, Error> {
        if seconds > LONGEST {
            return Err(Error::argument("timeout", "at most 86400 seconds", seconds));
        }
        if id.contains('/') {
            return Err(Error::argument("id", "a uuid", id));
        }
        let request = self.record(&format!("data/host/{id}"))?;
        let answer = self.record(&format!("data/guest/{id}"))?;
        self.xenstore.write(&request, &message(name, value))?;
        let result = self.wait(&answer, seconds);
        if matches!(result, Err(Error::Timeout { .. } | Error::Reboot { .. }))
            && let Err(error) = self.xenstore.remove(&request)
        {
            tracing::warn!("taking back the request {request}: {error}");
        }
        result
    }

    fn wait(&self, answer: &Record, seconds: u64) -> Result<String, Error> {
        let start = Instant::now();
        let name = self.record("name")?;
        while start.elapsed() < Duration::from_secs(seconds) {
            match self.xenstore.find(answer)?.map(json::jsonified) {
                // The agent's way to say nothing, as well as ours.
                Some(text) if text != r#""None""# => return Ok(text),
                _ => thread::sleep(PAUSE),
            }
            // After the pause, so that xenstore has caught up with a guest that has gone.
            if !self.xenstore.exists(&name)? {
                return Err(Error::Reboot { domain: self.domain });
            }
        }
        Err(Error::Timeout { seconds })
    }

    /// What the agent can do, by its own word: the names of its functions.
    ///
    /// # Errors
    /// Those of [`ask`](Self::ask).
    pub fn features(&self, seconds: u64) -> Result<Vec<String>, Error> {
        let id = uuid::Uuid::new_v4().to_string();
        let answer = json::read(&self.ask(&id, "features", &"".into(), seconds)?).unwrap_or(Value::None);
        let names = answer.get("message").and_then(Value::as_text).unwrap_or_default();
        Ok(names.split(',').map(|name| name.trim().to_owned()).collect())
    }

    fn record(&self, path: &str) -> Result<Record, Error> {
        Record::new(self.domain, path)
    }
}

/// How an agent with these features is asked to write a file: name and value of the request. Path and contents are in
/// base64; old agents want both in one.
///
/// # Errors
/// It cannot, or one of them is not base64.
pub fn file_request(features: &[String], path: &str, contents: &str) -> Result<(&'static str, Value), Error> {
    let has = |feature: &str| features.iter().any(|name| name == feature);
    if has("file_inject") {
        let value = Value::dict([("b64_path", path.into()), ("b64_file", contents.into())]);
        Ok(("file_inject", value))
    } else if has("injectfile") {
        let both = [decoded("b64_path", path)?, decoded("b64_contents", contents)?].join(&b',');
        Ok(("injectfile", STANDARD.encode(both).into()))
    } else {
        Err(Error::NotImplemented("Agent does not support file injection."))
    }
}

fn decoded(what: &'static str, base64: &str) -> Result<Vec<u8>, Error> {
    let base64: String = base64.split_ascii_whitespace().collect();
    // What it is does not matter, and may be a secret.
    STANDARD.decode(base64).map_err(|_| Error::argument(what, "base64", std::format_args!("something else")))
}

/// The request as Python's `json` writes it, in ASCII: agents are old, and there are several.
fn message(name: &str, value: &Value) -> String {
    let mut message = format!(r#"{{"name": "{name}", "value": "#);
    for c in json::write(value).chars() {
        if c.is_ascii() {
            message.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| message.push_str(&format!("\\u{unit:04x}")));
        }
    }
    message + "}"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_in_ascii() {
        assert_eq!(message("version", &"agent".into()), r#"{"name": "version", "value": "agent"}"#);
        assert_eq!(
            message("password", &"é\"😀\n".into()),
            r#"{"name": "password", "value": "\u00e9\"\ud83d\ude00\n"}"#
        );
    }

    #[test]
    fn a_file_is_asked_for_as_the_agent_knows_it() {
        let ask = |features: &[&str], path: &str| {
            let features: Vec<String> = features.iter().map(|name| (*name).to_owned()).collect();
            file_request(&features, path, "Y29u\ndGVudA==")
        };
        let new = Value::dict([("b64_path", "L2E=".into()), ("b64_file", "Y29u\ndGVudA==".into())]);
        assert_eq!(ask(&["injectfile", "file_inject"], "L2E=").unwrap(), ("file_inject", new));
        assert_eq!(ask(&["injectfile"], "L2E=").unwrap(), ("injectfile", "L2EsY29udGVudA==".into()));
        assert!(matches!(ask(&["injectfile"], "=").unwrap_err(), Error::Argument { .. }));
        let error = ask(&["", "features"], "L2E=").unwrap_err();
        assert_eq!(error.to_string(), "NOT IMPLEMENTED: Agent does not support file injection.");
    }
}

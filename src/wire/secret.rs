//! [`Secret`]: a text that may be used but never shown.

use std::fmt;

use super::scrub;

/// A token, a password or a session reference. `Debug` and `Display` give `***`, and from the moment it is made
/// [`scrub::scrub`] takes its text out of every message and log line, however it got into them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes `text` and has the scrubber remember it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        scrub::remember(&text);
        Self(text)
    }

    /// The text itself, for the one place that must send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(scrub::MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(scrub::MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_nothing_and_is_scrubbed_everywhere() {
        let secret = Secret::new("gAAAAAB-a-token");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(
            scrub::scrub("the server said: gAAAAAB-a-token is stale"),
            "the server said: *** is stale"
        );
        assert_eq!(secret.expose(), "gAAAAAB-a-token");
    }
}

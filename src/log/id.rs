//! What this run is called: one process is one call.

use std::sync::OnceLock;

use uuid::Uuid;

/// Digits of an id: few enough to be typed, and enough for the runs that a host remembers.
const DIGITS: usize = 8;

/// The id of this run: eight hexadecimal digits, by chance. It stands in every line of the log, and is what the run's
/// status is found by.
pub fn id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| {
        let mut id = Uuid::new_v4().simple().to_string();
        id.truncate(DIGITS);
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_the_same() {
        assert!(id().len() == DIGITS && id().bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(id(), id());
    }
}

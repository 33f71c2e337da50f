//! An error and what is behind it.

use std::error::Error;

/// `error`, what caused it, what caused that, and so on.
pub fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The messages of all of them, on one line.
#[must_use]
pub fn in_full(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn every_cause_is_told_once() {
        let error = crate::os::Error::at("opening", "/x")(io::Error::other("no such thing"));
        assert_eq!(in_full(&error), "opening /x: no such thing");
        assert_eq!(causes(&error).filter(|cause| cause.is::<io::Error>()).count(), 1);
    }
}

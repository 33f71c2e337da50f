//! System calls that a signal interrupted: what was asked for was not refused, so it is asked for again.
//!
//! A plain local file system never says so to a process without signal handlers; NFS and FUSE may.

use std::io;

/// Makes `call` until it is not interrupted.
///
/// # Errors
/// Any other error of `call`.
pub fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_interruption_is_a_reason_to_ask_again() {
        let mut answers = vec![Ok(7), Err(io::ErrorKind::Interrupted), Err(io::ErrorKind::Interrupted)];
        assert_eq!(again(|| answers.pop().unwrap().map_err(io::Error::from)).unwrap(), 7);
        let refused = again(|| Err::<(), _>(io::Error::from(io::ErrorKind::NotFound)));
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

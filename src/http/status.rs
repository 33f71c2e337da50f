//! The table of status codes: what each one means for whoever asks again.

/// What a status amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx: what was asked for.
    Success,
    /// 404.
    NotFound,
    /// Asking again gives the same answer.
    Permanent,
    /// The server is in trouble; asking again may help.
    Ephemeral,
    /// Not in the table. Taken for ephemeral, as os-xenapi does.
    Unexpected,
}

/// The outcome of `status` (os-xenapi glance.py `check_resp_status_and_retry`).
#[must_use]
pub fn outcome(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Success,
        404 => Outcome::NotFound,
        400..=403 | 405..=407 | 409..=417 | 422..=424 | 426 | 501 | 505 | 510 => Outcome::Permanent,
        408 | 500 | 502..=504 | 507 => Outcome::Ephemeral,
        _ => Outcome::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_os_xenapi() {
        let permanent = [
            400, 401, 402, 403, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 423, 424,
            426, 501, 505, 510,
        ];
        let ephemeral = [408, 500, 502, 503, 504, 507];
        for status in 100..600 {
            let expected = match status {
                200..300 => Outcome::Success,
                404 => Outcome::NotFound,
                _ if permanent.contains(&status) => Outcome::Permanent,
                _ if ephemeral.contains(&status) => Outcome::Ephemeral,
                _ => Outcome::Unexpected,
            };
            assert_eq!(outcome(status), expected, "{status}");
        }
    }
}

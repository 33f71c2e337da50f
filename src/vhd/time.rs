//! VHD time: seconds since 2000-01-01 00:00:00 UTC.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix time of the VHD epoch.
const EPOCH: u64 = 946_684_800;

/// How far into the future a timestamp may lie before `vhd-util check`, and so we, call it wrong: seconds.
const SLACK: u32 = 1800;

/// A point in time as footers and headers hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VhdTime(pub u32);

impl VhdTime {
    /// `time` in whole seconds; what the field cannot hold becomes its nearest value.
    #[must_use]
    pub fn from_system(time: SystemTime) -> Self {
        let unix = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        Self(u32::try_from(unix.saturating_sub(EPOCH)).unwrap_or(u32::MAX))
    }

    /// Seconds since 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub fn unix(self) -> u64 {
        u64::from(self.0) + EPOCH
    }

    /// Whether this lies so far behind `now` that the clocks of two hosts must differ.
    #[must_use]
    pub fn is_future(self, now: Self) -> bool {
        self.0 > now.0.saturating_add(SLACK)
    }
}

impl fmt::Display for VhdTime {
    /// RFC 3339, UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.unix() / 86_400, self.unix() % 86_400);
        let (y, m, d) = civil(days);
        let (h, min, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{y:04}-{m:02}-{d:02}T{h:02}:{min:02}:{s:02}Z")
    }
}

/// Days since 1970-01-01 as a date of the Gregorian calendar: years are counted from March, so that the leap day is
/// a year's last day.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, doe) = (days / 146_097, days % 146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    (era * 400 + yoe + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_dates_in_utc() {
        assert_eq!(VhdTime(0).to_string(), "2000-01-01T00:00:00Z");
        assert_eq!(VhdTime(762_609_600).to_string(), "2024-03-01T12:00:00Z");
        assert_eq!(VhdTime(u32::MAX).to_string(), "2136-02-07T06:28:15Z");
    }

    #[test]
    fn half_an_hour_of_skew_is_forgiven() {
        let now = VhdTime(1000);
        assert!(!VhdTime(2800).is_future(now));
        assert!(VhdTime(2801).is_future(now));
    }
}

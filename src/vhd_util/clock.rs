//! The time: what "now" is, and how a dump shows a date.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::vhd::VhdTime;

/// The time now; `SOURCE_DATE_EPOCH` (seconds since 1970) in the environment pins it.
pub(crate) fn now() -> VhdTime {
    let pinned = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|v| v.trim().parse().ok());
    VhdTime::from_system(pinned.map_or_else(SystemTime::now, |secs| UNIX_EPOCH + Duration::from_secs(secs)))
}

/// A date as C's `ctime` shows it, in UTC: `Fri Mar  1 12:00:00 2024`.
pub(crate) fn ctime(time: VhdTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // `VhdTime` shows itself as "2024-03-01T12:00:00Z".
    let text = time.to_string();
    let field =
        |from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<usize>().ok()).unwrap_or(0);
    let weekday = DAYS[usize::try_from(time.unix() / 86_400 % 7).unwrap_or(0)];
    let month = MONTHS[field(5, 7).saturating_sub(1) % 12];
    format!("{weekday} {month} {:2} {} {}", field(8, 10), &text[11..19], &text[..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_dates_as_ctime_does() {
        assert_eq!(ctime(VhdTime(0)), "Sat Jan  1 00:00:00 2000");
        assert_eq!(ctime(VhdTime(762_609_600)), "Fri Mar  1 12:00:00 2024");
    }
}

//! The status of transfers, for people.
//!
//! ```text
//! 5f3a09c2  glance.download_vhd2  unpacking for 1:32
//!           ████████░░░░░░░░  50 %  5.0 GiB of 10.0 GiB  110.0 MiB/s  0:46 left
//!           glance:4f5c8d2e-… into /run/sr-mount/5ca3034b-…
//! 0b77e1d4  export  done, 12.0 GiB in 2:05, 3 min ago
//!           /run/sr-mount/5ca3034b-… to /mnt/backup.tar.gz
//! ```

use std::time::{SystemTime, UNIX_EPOCH};

use super::show::size;
use crate::status::{Record, State};

/// Where what stands behind the id begins.
const INDENT: &str = "          ";
/// How many that have ended are shown, unless all are.
const LATEST: usize = 10;
/// How old they may be, seconds.
const RECENT: u64 = 24 * 3600;
/// Longest bar.
const BAR: usize = 40;

/// How it is shown.
pub(super) struct Panel {
    /// Longer lines are cut, if there is a width.
    pub(super) width: Option<usize>,
    /// Whether all that have ended are shown.
    pub(super) all: bool,
    /// Whether everything that is known is shown.
    pub(super) detailed: bool,
    /// Whether bars are drawn.
    pub(super) bars: bool,
}

impl Panel {
    /// All of `records`, in their order.
    pub(super) fn of(&self, records: &[Record]) -> String {
        self.at(records, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    fn at(&self, records: &[Record], now: u64) -> String {
        let shown = self.chosen(records, now);
        let mut text = String::new();
        for line in shown.iter().flat_map(|record| self.lines(record, now)) {
            text += &format!("{}\n", self.cut(&line));
        }
        let more = records.len() - shown.len();
        match (shown.is_empty(), more) {
            (true, 0) => "no transfers\n".to_owned(),
            (true, more) => format!("no transfers, and {more} earlier ones: --all shows them\n"),
            (false, 0) => text,
            (false, more) => format!("{text}and {more} earlier ones: --all shows them\n"),
        }
    }

    fn chosen<'r>(&self, records: &'r [Record], now: u64) -> Vec<&'r Record> {
        let mut ended = 0;
        let chosen = records.iter().filter(|record| {
            let running = record.state == State::Running;
            ended += usize::from(!running);
            running
                || self.all
                || self.detailed
                || (ended <= LATEST && now.saturating_sub(end(record)) <= RECENT)
        });
        chosen.collect()
    }

    fn lines(&self, record: &Record, now: u64) -> Vec<String> {
        let mut lines = vec![format!("{}  {}  {}", record.id, record.what, head(record, now))];
        let running = record.state == State::Running;
        let more = [
            record.why.clone(),
            running.then(|| self.progress(record)).flatten(),
            place(record),
            (running || self.detailed).then(|| vdis(record, self.detailed)).flatten(),
            self.detailed.then(|| format!("process {}", record.pid)),
        ];
        lines.extend(
            more.into_iter()
                .flatten()
                .flat_map(|text| text.lines().map(|line| format!("{INDENT}{line}")).collect::<Vec<_>>()),
        );
        lines
    }

    fn progress(&self, record: &Record) -> Option<String> {
        let rate = format!("{}/s", size(record.rate));
        let Some(total) = record.total.filter(|total| *total > 0) else {
            return (record.bytes > 0).then(|| format!("{}  {rate}", size(record.bytes)));
        };
        let percent = percent(record.bytes, total);
        let left = record.eta.map_or(String::new(), |eta| format!("  {} left", clock(eta)));
        let words = format!("{percent:>3} %  {} of {}  {rate}{left}", size(record.bytes), size(total));
        // As long as the words are at their longest, so that it does not jump.
        let room = self.width.unwrap_or(80).saturating_sub(INDENT.len() + 58).min(BAR);
        if !self.bars || room < 4 {
            return Some(words);
        }
        let full = room * usize::try_from(percent).unwrap_or(100) / 100;
        Some(format!("{}{} {words}", "█".repeat(full), "░".repeat(room - full)))
    }

    /// The line, as much of it as there is room for.
    fn cut(&self, line: &str) -> String {
        match self.width {
            Some(width) if line.chars().count() > width && !self.detailed => {
                line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
            }
            _ => line.to_owned(),
        }
    }
}

/// When it ended; of one that died, when it was last heard of.
fn end(record: &Record) -> u64 {
    record.ended.unwrap_or(record.updated)
}

/// What it is doing, or how it ended.
fn head(record: &Record, now: u64) -> String {
    let (stage, time) = (record.stage.as_deref(), clock(record.seconds));
    let ago = ago(now.saturating_sub(end(record)));
    match record.state {
        State::Running => format!("{} for {time}", stage.unwrap_or("beginning")),
        State::Done if record.bytes > 0 => format!("done, {} in {time}, {ago} ago", size(record.bytes)),
        State::Done => format!("done in {time}, {ago} ago"),
        State::Failed | State::Stopped | State::Died => {
            let how = match record.state {
                State::Failed => "failed",
                State::Stopped => "stopped",
                _ => "died",
            };
            let stage = stage.map_or(String::new(), |stage| format!(" {stage}"));
            format!("{how}{stage}, after {time}, {ago} ago")
        }
    }
}

/// From where to where.
fn place(record: &Record) -> Option<String> {
    match (&record.source, &record.target, &record.sr) {
        (Some(source), Some(target), _) => Some(format!("{source} to {target}")),
        (Some(source), None, Some(sr)) => Some(format!("{source} into {sr}")),
        (None, Some(target), Some(sr)) => Some(format!("{sr} to {target}")),
        (None, None, Some(sr)) => Some(format!("in {sr}")),
        (Some(place), None, None) | (None, Some(place), None) => Some(place.clone()),
        (None, None, None) => None,
    }
}

fn vdis(record: &Record, all: bool) -> Option<String> {
    let (leaf, parents) = record.vdis.split_first()?;
    let more = match parents.len() {
        0 => String::new(),
        _ if all => parents.iter().map(|uuid| format!("\nVDI {uuid}")).collect(),
        count => format!(" and {count} more"),
    };
    Some(format!("VDI {leaf}{more}"))
}

fn percent(bytes: u64, total: u64) -> u64 {
    u64::try_from(u128::from(bytes) * 100 / u128::from(total.max(1))).unwrap_or(100).min(100)
}

/// Minutes and seconds, and hours where there are any.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// About how long that is.
fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

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
            (true, more) => format!("no transfers of late, {more} earlier: --all shows them\n"),
            (false, 0) => text,
            (false, more) => format!("{text}and {more} more: --all shows them\n"),
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

    /// The line, as much of it as there is room for. Everything that is known is only cut where it is drawn again and again.
    fn cut(&self, line: &str) -> String {
        match self.width {
            Some(width) if line.chars().count() > width && (self.bars || !self.detailed) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 100_000;

    fn record(state: State, id: &str) -> Record {
        let running = state == State::Running;
        Record {
            id: id.into(),
            what: "glance.download_vhd2".into(),
            pid: 77,
            state,
            why: (state == State::Failed).then(|| "no space left".into()),
            source: Some("glance:4f5c8d2e-83b8-4a0c-9c3f-c2d5b0e2a7f1".into()),
            target: None,
            sr: Some("/run/sr-mount/5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11".into()),
            vdis: vec![uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2)],
            stage: (state != State::Done).then(|| "unpacking".into()),
            bytes: 5 << 30,
            total: Some(10 << 30),
            rate: 100 << 20,
            eta: running.then_some(51),
            started: NOW - 200,
            updated: NOW - 180,
            ended: (!running).then_some(NOW - 180),
            seconds: 92,
        }
    }

    fn shown(panel: &Panel, records: &[Record]) -> Vec<String> {
        panel.at(records, NOW).lines().map(str::to_owned).collect()
    }

    const PLAIN: Panel = Panel { width: None, all: false, detailed: false, bars: false };

    #[test]
    fn what_runs_is_told_with_its_progress_and_what_has_ended_with_its_end() {
        let place = "glance:4f5c8d2e-83b8-4a0c-9c3f-c2d5b0e2a7f1 into /run/sr-mount/5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11";
        let place = format!("{INDENT}{place}");
        let expected = [
            "5f3a09c2  glance.download_vhd2  unpacking for 1:32",
            "           50 %  5.0 GiB of 10.0 GiB  100.0 MiB/s  0:51 left",
            &place,
            "          VDI 00000000-0000-0000-0000-000000000001 and 1 more",
        ];
        assert_eq!(shown(&PLAIN, &[record(State::Running, "5f3a09c2")]), expected);
        for (state, head) in [
            (State::Done, "done, 5.0 GiB in 1:32, 3 min ago"),
            (State::Failed, "failed unpacking, after 1:32, 3 min ago"),
            (State::Stopped, "stopped unpacking, after 1:32, 3 min ago"),
            (State::Died, "died unpacking, after 1:32, 3 min ago"),
        ] {
            let lines = shown(&PLAIN, &[record(state, "5f3a09c2")]);
            assert_eq!(lines[0], format!("5f3a09c2  glance.download_vhd2  {head}"));
            assert_eq!(lines.len(), if state == State::Failed { 3 } else { 2 });
        }
        let detailed = shown(&Panel { detailed: true, ..PLAIN }, &[record(State::Done, "5f3a09c2")]);
        assert_eq!(
            detailed[3..],
            ["          VDI 00000000-0000-0000-0000-000000000002", "          process 77"]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let records = [record(State::Running, "5f3a09c2"), record(State::Failed, "00000000")];
        for width in [40, 80, 120] {
            let panel = Panel { width: Some(width), bars: true, ..PLAIN };
            let lines = shown(&panel, &records);
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:#?}");
            assert_eq!(lines[1].contains('█'), width >= 80, "{lines:#?}");
            assert!(lines[2].ends_with('…') || width == 120, "{lines:#?}");
        }
    }

    #[test]
    fn the_latest_are_shown_and_the_others_counted() {
        assert_eq!(shown(&PLAIN, &[]), ["no transfers"]);
        let many = vec![record(State::Done, "5f3a09c2"); LATEST + 3];
        let lines = shown(&PLAIN, &many);
        assert_eq!(
            (lines.len(), lines.last().unwrap().as_str()),
            (2 * LATEST + 1, "and 3 more: --all shows them")
        );
        assert_eq!(shown(&Panel { all: true, ..PLAIN }, &many).len(), 2 * many.len());
        let old = Record { ended: Some(0), ..record(State::Died, "5f3a09c2") };
        assert_eq!(shown(&PLAIN, &[old]), ["no transfers of late, 1 earlier: --all shows them"]);
    }
}

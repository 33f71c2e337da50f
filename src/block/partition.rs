//! Partitions: writing a table with one, and making a file system in one.

use super::device::Device;
use super::error::Error;
use super::file_system::{FileSystem, Maker};
use super::programs::Programs;
use super::window::Window;
use crate::os::Job;

/// Bytes of the sectors that sfdisk and partx count in, whatever those of the device are.
const SECTOR: u64 = 512;

/// Gives `device` a partition table with one partition, from sector `start` to its end.
///
/// # Errors
/// The device is in use, or sfdisk failed.
pub fn make_partition(device: &Device, start: u64, programs: &Programs) -> Result<(), Error> {
    device.require_idle()?;
    let sfdisk = || Job::of(programs.sfdisk.clone());
    let version = programs.run(&sfdisk().args(["-v"]))?.stdout;
    let force: &[&str] = if miscounts_cylinders(&version) { &["--force"] } else { &[] };
    let job = sfdisk().args(force).args(["-uS"]).args([device.path()]).input(format!("{start},;\n"));
    programs.run(&job)?;
    device.sync()
}

/// Makes `file_system` in partition `number` of `device`.
///
/// # Errors
/// The device is in use, has no such partition, or a program failed.
pub fn format(
    device: &Device,
    number: u64,
    file_system: &FileSystem,
    programs: &Programs,
) -> Result<(), Error> {
    device.require_idle()?;
    let (offset, len) = locate(device, number, programs)?;
    let window = Window::open(device, offset, len, programs)?;
    let maker = match file_system.maker() {
        Maker::Mkfs => &programs.mkfs,
        Maker::Mkswap => &programs.mkswap,
    };
    programs.run(&Job::of(maker.clone()).args(file_system.args()).args([window.path()]))?;
    window.close()?;
    device.sync()
}

/// Where partition `number` is: offset and length, bytes.
fn locate(device: &Device, number: u64, programs: &Programs) -> Result<(u64, u64), Error> {
    let number_text = number.to_string();
    let job = Job::of(programs.partx.clone());
    let job = job.args(["--noheadings", "--raw", "--output", "START,SECTORS", "--nr", &number_text]);
    let job = job.args([device.path()]);
    let printed = programs.run(&job)?.stdout;
    let mut numbers = printed.split_whitespace();
    let (Some(start), Some(sectors), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        return Err(Error::NoPartition { device: device.path().to_owned(), number });
    };
    let bytes = |sectors: &str| sectors.parse::<u64>().ok()?.checked_mul(SECTOR);
    match (bytes(start), bytes(sectors)) {
        (Some(offset), Some(len)) if len > 0 => Ok((offset, len)),
        _ => {
            let expected = "start and length of a partition, in sectors";
            Err(Error::Output { command: job.shown(), expected, found: printed })
        }
    }
}

/// Whether this is an sfdisk that refuses good partitions, because it miscounts cylinders when it is told sectors: 2.23 up to
/// 2.25, which `--force` helps (os-xenapi `partition_utils.py` `make_partition`).
fn miscounts_cylinders(version: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    let version = version.lines().next().unwrap_or_default().split(|c: char| !c.is_ascii_digit() && c != '.');
    let numbered = version.filter_map(|word| word.split_once('.'));
    let mut versions = numbered.filter_map(|(major, rest)| {
        let minor = rest.split('.').next().unwrap_or_default();
        Some((number(major)?, number(minor)?))
    });
    versions.next().is_some_and(|version| ((2, 23)..=(2, 25)).contains(&version))
}

#[cfg(test)]
mod tests {
    use super::miscounts_cylinders;

    #[test]
    fn only_some_versions_are_forced() {
        for (version, forced) in [
            ("sfdisk from util-linux 2.23.2\n", true),
            ("sfdisk from util-linux 2.25\n", true),
            ("sfdisk from util-linux 2.26.1\n", false),
            ("sfdisk from util-linux 2.38.1\n", false),
            ("sfdisk (util-linux 2.13-pre7)\n", false),
            ("sfdisk\n2.23", false),
            ("", false),
        ] {
            assert_eq!(miscounts_cylinders(version), forced, "{version}");
        }
    }
}

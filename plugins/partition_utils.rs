//! `partition_utils`: a disk that is attached to the control domain gets a partition and a file system.

use std::time::Duration;

use vhd_porter::block::{self, Device, FileSystem, Programs};
use vhd_porter::config::key;
use vhd_porter::host::{self, Arguments, Class, Failure, Function, Parameter, Plugin};
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "partition_utils",
    about: "Partitions and formats disks of instances",
    functions: &[
        Function::pickled(
            "wait_for_dev",
            &[Parameter::required("dev_path"), Parameter::required("max_seconds")],
            wait_for_dev,
        ),
        Function::pickled(
            "make_partition",
            &[
                Parameter::required("dev"),
                Parameter::required("partition_start"),
                Parameter::required("partition_end"),
            ],
            make_partition,
        ),
        Function::pickled(
            "mkfs",
            &[
                Parameter::required("dev"),
                Parameter::required("partnum"),
                Parameter::required("fs_type"),
                Parameter::required("fs_label"),
            ],
            mkfs,
        ),
    ],
};

/// Longest wait, seconds; OpenStack waits for 10.
const LONGEST: u64 = 3600;
/// Most partitions that a table of any kind has by default (GPT).
const PARTITIONS: u64 = 128;

/// Waits for a block device; its path as given, or an empty text if it did not come.
fn wait_for_dev(arguments: &Arguments) -> Result<Value, Failure> {
    let path = arguments.text("dev_path")?;
    let seconds = within(arguments, "max_seconds", 0, LONGEST)?;
    let came = Device::wait_for(path, Duration::from_secs(seconds))?;
    Ok(if came { path } else { "" }.into())
}

/// Gives a disk one partition, from a sector to its end: `None`.
fn make_partition(arguments: &Arguments) -> Result<Value, Failure> {
    let device = arguments.text("dev")?;
    let start = within(arguments, "partition_start", 1, u64::MAX)?;
    if arguments.text("partition_end")? != "-" {
        return Err(Failure::new(Class::PluginError, "Can only create unbounded partitions"));
    }
    block::make_partition(&Device::find(device)?, start, &programs()?)?;
    Ok(Value::None)
}

/// Makes a file system in a partition: `None`.
fn mkfs(arguments: &Arguments) -> Result<Value, Failure> {
    let device = arguments.text("dev")?;
    let number = within(arguments, "partnum", 1, PARTITIONS)?;
    let label = arguments.optional_text("fs_label")?.unwrap_or_default();
    let file_system = FileSystem::new(arguments.text("fs_type")?, label)?;
    block::format(&Device::find(device)?, number, &file_system, &programs()?)?;
    Ok(Value::None)
}

fn within(arguments: &Arguments, name: &str, least: u64, most: u64) -> Result<u64, Failure> {
    let number = arguments.u64(name)?;
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(Failure::argument(format!("argument {name}: expected {least} to {most}, found {number}")))
}

fn programs() -> Result<Programs, Failure> {
    let settings = host::settings()?;
    Ok(Programs {
        sfdisk: settings.command(key::SFDISK),
        partx: settings.command(key::PARTX),
        losetup: settings.command(key::LOSETUP),
        mkfs: settings.command(key::MKFS),
        mkswap: settings.command(key::MKSWAP),
        deadline: settings.seconds(key::DISK_DEADLINE),
    })
}

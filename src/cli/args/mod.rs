//! The whole command line in one place. Parsing touches neither disk nor network.
//!
//! Here are the program and its subcommands; the arguments of those that work on the same thing share a file.

mod disk;
mod host;
mod image;
mod repository;
mod setup;
mod shared;
mod values;

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};

pub(super) use disk::{Coalesce, Compare, Convert, Create, Flatten, Map, Repair, Snapshot};
pub(super) use host::{Call, Cancel, Config, ConfigCheck, ConfigCommand, ConfigShow, Doctor, Status};
pub(super) use image::{Copy, Export, Import};
pub(super) use repository::{Check, Inspect, List, Recover, Report};
pub(super) use setup::{Install, Uninstall};
pub(super) use shared::{Glance, Tool};

/// Moves VHD images and chains in and out of storage repositories.
#[derive(Debug, Parser)]
#[command(name = "vhd-porter", version, about, max_term_width = 100)]
pub struct Cli {
    /// Say more: -v stages, -vv details
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show no progress and no warnings
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Configuration file, instead of /etc/vhd-porter/config.toml
    #[arg(long, global = true, value_name = "FILE", env = "VHD_PORTER_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Threads that may work on one thing; 0 for as many as the CPU quota allows
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<u64>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring an image or a lone VHD into an SR
    Import(Import),
    /// Write a chain of VDIs as one tar.gz
    Export(Export),
    /// Copy a chain of VDIs within its SR, sharing storage where possible
    Copy(Copy),
    /// Find everything that is wrong with VHD files or an SR
    Check(Check),
    /// Show an SR's chains, their sizes and health
    List(List),
    /// Write a page on an SR: its chains, what takes the space, what is garbage or unhealthy
    Report(Report),
    /// Show a VHD's fields or an image's members
    Inspect(Inspect),
    /// Make one standalone dynamic VHD of a chain
    Flatten(Flatten),
    /// Turn a disk into another form: raw, dynamic or fixed
    Convert(Convert),
    /// Compare two disks by what a guest would read
    Compare(Compare),
    /// Show which link of a chain supplies which part of its disk
    Map(Map),
    /// Make an empty VHD
    Create(Create),
    /// Make an empty child that takes a disk's writes from now on
    Snapshot(Snapshot),
    /// Fold a leaf into its parent, which then holds the same disk
    Coalesce(Coalesce),
    /// Rewrite a damaged footer from the good one
    Repair(Repair),
    /// End what runs that died have left in an SR
    Recover(Recover),
    /// Show what the transfers of this host are doing
    Status(Status),
    /// Stop a transfer in good order
    Cancel(Cancel),
    /// Call a plugin function the way xapi does
    Call(Call),
    /// Show or check the settings, or print a configuration file to begin with
    Config(Config),
    /// Look at this host and maybe an SR: what is there, what is not, and what to do
    Doctor(Doctor),
    /// Put this program and the plugins in place
    Install(Install),
    /// Take them away, and give back the plugins that were there before
    Uninstall(Uninstall),
}

impl Command {
    /// Whether it is work that a signal stops in good order: it makes files that are to go again, or tells how far it is.
    /// The others just die.
    #[must_use]
    pub fn stops_in_order(&self) -> bool {
        matches!(
            self,
            Self::Import(_)
                | Self::Export(_)
                | Self::Copy(_)
                | Self::Check(_)
                | Self::Flatten(_)
                | Self::Convert(_)
                | Self::Compare(_)
                | Self::Coalesce(_)
                | Self::Doctor(_)
                | Self::Report(_)
        )
    }

    /// Whether standard output carries one JSON document.
    #[must_use]
    pub fn json(&self) -> bool {
        match self {
            Self::Import(a) => a.json,
            Self::Export(a) => a.json,
            Self::Copy(a) => a.json,
            Self::Check(a) => a.json,
            Self::List(a) => a.json,
            Self::Report(a) => a.json,
            Self::Inspect(a) => a.json,
            Self::Flatten(a) => a.json,
            Self::Convert(a) => a.json,
            Self::Compare(a) => a.json,
            Self::Map(a) => a.json,
            Self::Create(a) => a.json,
            Self::Snapshot(a) => a.json,
            Self::Coalesce(a) => a.json,
            Self::Repair(a) => a.json,
            Self::Recover(a) => a.json,
            Self::Status(a) => a.json,
            Self::Cancel(a) => a.json,
            Self::Call(a) => a.json.is_some(),
            Self::Config(a) => a.json(),
            Self::Doctor(a) => a.json,
            Self::Install(a) => a.json,
            Self::Uninstall(a) => a.json,
        }
    }
}

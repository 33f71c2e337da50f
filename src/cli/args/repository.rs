//! Arguments of what looks at an SR as a whole, or sets it right.

use std::path::PathBuf;

use clap::Args;
use uuid::Uuid;

use super::shared::{Glance, Place};
use super::values::uuid;
use crate::sr::VdiName;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// VHD files
    #[arg(value_name = "FILE", required_unless_present_any = ["sr", "sr_uuid"], conflicts_with_all = ["sr", "sr_uuid"])]
    pub files: Vec<PathBuf>,
    /// Directory of an SR: all its VHDs, and how they fit together
    #[arg(long, value_name = "DIR", conflicts_with = "sr_uuid")]
    pub sr: Option<PathBuf>,
    /// Uuid of an SR, mounted on this host
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    pub sr_uuid: Option<Uuid>,
    /// Read all data as well, to hold it against the bitmaps
    #[arg(long)]
    pub deep: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub place: Place,
    /// Only the chains of this VDI: its uuid, or enough of its beginning; may be given several times
    #[arg(long = "vdi", value_name = "UUID")]
    pub vdis: Vec<VdiName>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct Report {
    #[command(flatten)]
    pub place: Place,
    /// The page to write: a file that does not exist yet, or - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// Print what stands in the page as one JSON document instead
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// A VHD file or an image, the URL of one, or glance:ID
    #[arg(value_name = "FILE", required_unless_present_any = ["sr", "sr_uuid"], conflicts_with_all = ["sr", "sr_uuid"])]
    pub file: Option<String>,
    /// Directory of an SR: the same as `list --sr`
    #[arg(long, value_name = "DIR", conflicts_with = "sr_uuid")]
    pub sr: Option<PathBuf>,
    /// Uuid of an SR, mounted on this host: the same as `list --sr-uuid`
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    pub sr_uuid: Option<Uuid>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub glance: Glance,
}

/// Arguments of `recover`.
#[derive(Debug, Args)]
pub struct Recover {
    #[command(flatten)]
    pub place: Place,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Remove directories that look like those of the Python plugins, too: make sure that none is running
    #[arg(long)]
    pub legacy: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

//! Arguments of what works on one disk or chain at a time.

use std::path::PathBuf;

use clap::Args;

use super::values::{form, size};
use crate::pipeline::Form;

/// Arguments of `flatten`.
#[derive(Debug, Args)]
pub struct Flatten {
    /// The leaf, whose parents are found beside it; or all links, leaf first
    #[arg(value_name = "FILE", required = true)]
    pub links: Vec<PathBuf>,
    /// The file to make; it must not exist
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `convert`.
#[derive(Debug, Args)]
pub struct Convert {
    /// A VHD, whose parents are found beside it, or a raw disk
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    /// The file to make; it must not exist
    #[arg(value_name = "OUTPUT")]
    pub output: PathBuf,
    /// The form of the new file
    #[arg(long, default_value = "dynamic", value_parser = form())]
    pub to: Form,
    /// Take the input for a raw disk, whatever its bytes say: a guest may have written them
    #[arg(long)]
    pub raw: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// A VHD, whose parents are found beside it, or a raw disk
    #[arg(value_name = "LEFT")]
    pub left: PathBuf,
    /// Another
    #[arg(value_name = "RIGHT")]
    pub right: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `map`.
#[derive(Debug, Args)]
pub struct Map {
    /// The leaf, whose parents are found beside it; or all links, leaf first
    #[arg(value_name = "FILE", required = true)]
    pub links: Vec<PathBuf>,
    /// Draw the map to an SVG file that does not exist yet
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `create`.
#[derive(Debug, Args)]
pub struct Create {
    /// The file to make; it must not exist
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Size of the disk: bytes, or with K, M, G or T of 1024; rounded up to 2 MiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub size: u64,
    /// Make a fixed image instead of a dynamic one
    #[arg(long)]
    pub fixed: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `snapshot`.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// The VHD that becomes a parent
    #[arg(value_name = "PARENT")]
    pub parent: PathBuf,
    /// The child to make, in the same directory; it must not exist
    #[arg(value_name = "CHILD")]
    pub child: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `coalesce`.
#[derive(Debug, Args)]
pub struct Coalesce {
    /// The leaf; its parent lies beside it, and has no other child there
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `repair`.
#[derive(Debug, Args)]
pub struct Repair {
    /// The VHD
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

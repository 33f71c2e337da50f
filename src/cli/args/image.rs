//! Arguments of what moves images: `import`, `export`, `copy`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use uuid::Uuid;

use super::shared::{Glance, Place, Tool};
use super::values::{digest, level, uuid};
use crate::sr::VdiName;
use crate::stream::{Algorithm, Compression};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The image: a file, - for standard input, a file://, http:// or https:// URL, or glance:ID; tar.gz, tar or VHD, told
    /// apart by content
    #[arg(value_name = "IMAGE")]
    pub image: String,
    #[command(flatten)]
    pub place: Place,
    /// Create the SR's directory if there is none
    #[arg(long, conflicts_with_all = ["sr_uuid", "scan"])]
    pub create_sr: bool,
    /// Have xapi scan the SR afterwards, so that it knows the new VDIs
    #[arg(long, conflicts_with = "dry_run")]
    pub scan: bool,
    /// Uuid for a link, leaf first, once for each link [default: random]
    #[arg(long = "uuid", value_name = "UUID", value_parser = uuid)]
    pub uuids: Vec<Uuid>,
    /// Make one image of the chain: it takes one uuid, and lands in one step
    #[arg(long)]
    pub flatten: bool,
    /// Do everything but land
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Digest of the image to report; may be given more than once
    #[arg(long = "digest", value_name = "NAME", default_value = "sha256", value_parser = digest())]
    pub digests: Vec<Algorithm>,
    /// Rewrite a damaged footer from the good one; nothing else is ever repaired
    #[arg(long)]
    pub repair: bool,
    #[command(flatten)]
    pub tool: Tool,
    #[command(flatten)]
    pub glance: Glance,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    pub place: Place,
    /// VDI to export, leaf first, once for each link: its uuid, or enough of its beginning
    #[arg(long = "vdi", value_name = "UUID", required = true)]
    pub vdis: Vec<VdiName>,
    /// Add all parents of the one VDI that is given
    #[arg(long)]
    pub chain: bool,
    /// Write one image that holds the chain's disk, instead of its links
    #[arg(long)]
    pub flatten: bool,
    /// Where to: a file that does not exist yet, - for standard output, or glance:ID for an image that waits for data
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: String,
    /// Container; gzip is read by everything, zstd is faster and smaller
    #[arg(long, value_name = "NAME", default_value = "gzip", value_parser = PossibleValuesParser::new(Compression::NAMES))]
    pub compress: String,
    /// Compression level: for gzip 1 (fast) to 9 (small) or store [default: 6]; for zstd 1 to 19 [default: 3]
    #[arg(long, value_name = "N", value_parser = level)]
    pub level: Option<u64>,
    /// Digest of the image to report; may be given more than once
    #[arg(long = "digest", value_name = "NAME", default_value = "sha256", value_parser = digest())]
    pub digests: Vec<Algorithm>,
    /// Print one JSON document (on standard error when the image goes to standard output)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub glance: Glance,
}

/// Arguments of `copy`.
#[derive(Debug, Args)]
pub struct Copy {
    #[command(flatten)]
    pub place: Place,
    /// VDI to copy, leaf first, once for each link: its uuid, or enough of its beginning
    #[arg(long = "vdi", value_name = "UUID", required = true)]
    pub vdis: Vec<VdiName>,
    /// Uuid for a copy, leaf first, once for each link [default: random]
    #[arg(long = "uuid", value_name = "UUID", value_parser = uuid)]
    pub uuids: Vec<Uuid>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub tool: Tool,
}

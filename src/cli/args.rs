//! The whole command line in one place. Parsing touches neither disk nor network.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, builder::PossibleValuesParser, builder::TypedValueParser};
use uuid::Uuid;

use crate::pipeline::{Form, parse_uuid};
use crate::tool::Choice;

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
    /// Show a VHD's fields, an image's members or an SR's chains
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
    /// Call a plugin function the way xapi does
    Call(Call),
}

impl Command {
    /// Whether it makes files that are to go again when a signal stops it. The others just die.
    #[must_use]
    pub fn cleans_up(&self) -> bool {
        matches!(
            self,
            Self::Import(_) | Self::Export(_) | Self::Copy(_) | Self::Flatten(_) | Self::Convert(_)
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
            Self::Call(a) => a.json.is_some(),
        }
    }
}

fn uuid(text: &str) -> Result<Uuid, String> {
    parse_uuid(text).map_err(|e| e.to_string())
}

fn tool() -> impl TypedValueParser<Value = Choice> {
    PossibleValuesParser::new(Choice::NAMES).try_map(|name| name.parse::<Choice>())
}

fn form() -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Form::NAMES).try_map(|name| name.parse::<Form>())
}

/// Bytes, or a number with K, M, G or T of 1024.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KIB" => 10,
        "M" | "MIB" => 20,
        "G" | "GIB" => 30,
        "T" | "TIB" => 40,
        unit => return Err(format!("unknown unit {unit:?}: expected K, M, G or T")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("expected a whole number, found {digits:?}"))?;
    number.checked_mul(1 << shift).ok_or_else(|| "more bytes than can be counted".to_owned())
}

/// Who relinks and checks.
#[derive(Debug, Args)]
pub struct Tool {
    /// Who relinks, queries and checks; the gate in front of the SR is always our own
    #[arg(long, default_value = "auto", value_parser = tool())]
    pub tool: Choice,
    /// The host's vhd-util: program and first arguments, quoted as in a shell
    #[arg(long, value_name = "COMMAND")]
    pub vhd_util: Option<String>,
}

/// Which Glance an image `glance:ID` is in, where the environment does not say it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images in Glance")]
pub struct Glance {
    /// URL of the Image API
    #[arg(long = "glance-endpoint", value_name = "URL", help = "URL of the Image API [env: OS_IMAGE_URL]")]
    pub endpoint: Option<String>,
    /// File with a token
    #[arg(long = "glance-token-file", value_name = "FILE", help = TOKEN_HELP)]
    pub token_file: Option<PathBuf>,
    /// Version of the Image API
    #[arg(long = "glance-api-version", value_name = "N", help = "1 or 2 [env: OS_IMAGE_API_VERSION]")]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=2))]
    pub api_version: Option<u8>,
}

/// Why there is no option for the token itself.
const TOKEN_HELP: &str = "File with the token to send, where everybody on the host would see it in an option \
    [env: OS_TOKEN]";

/// Which SR.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// Directory of the SR
    #[arg(long, value_name = "DIR")]
    pub sr: Option<PathBuf>,
    /// Uuid of the SR, mounted on this host
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    pub sr_uuid: Option<Uuid>,
}

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
    /// VDI to export, leaf first, once for each link
    #[arg(long = "vdi", value_name = "UUID", required = true, value_parser = uuid)]
    pub vdis: Vec<Uuid>,
    /// Add all parents of the one VDI that is given
    #[arg(long)]
    pub chain: bool,
    /// Write one image that holds the chain's disk, instead of its links
    #[arg(long)]
    pub flatten: bool,
    /// Where to: a file that does not exist yet, - for standard output, or glance:ID for an image that waits for data
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: String,
    /// Compression level, 1 (fast) to 9 (small)
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=9))]
    pub level: u32,
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
    /// VDI to copy, leaf first, once for each link
    #[arg(long = "vdi", value_name = "UUID", required = true, value_parser = uuid)]
    pub vdis: Vec<Uuid>,
    /// Uuid for a copy, leaf first, once for each link [default: random]
    #[arg(long = "uuid", value_name = "UUID", value_parser = uuid)]
    pub uuids: Vec<Uuid>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub tool: Tool,
}

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

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// A VHD file or an image, the URL of one, or glance:ID
    #[arg(value_name = "FILE", required_unless_present_any = ["sr", "sr_uuid"], conflicts_with_all = ["sr", "sr_uuid"])]
    pub file: Option<String>,
    /// Directory of an SR: its chains
    #[arg(long, value_name = "DIR", conflicts_with = "sr_uuid")]
    pub sr: Option<PathBuf>,
    /// Uuid of an SR, mounted on this host
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    pub sr_uuid: Option<Uuid>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub glance: Glance,
}

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

/// Arguments of `call`.
#[derive(Debug, Args)]
pub struct Call {
    /// The plugin, with or without .py
    pub plugin: String,
    /// The function
    pub function: String,
    /// Arguments; lists, objects and quoted texts are JSON, every other value is text
    #[arg(value_name = "KEY=VALUE")]
    pub arguments: Vec<String>,
    /// All arguments as one JSON object; the answer is then JSON as well
    #[arg(long, value_name = "DOC", conflicts_with = "arguments")]
    pub json: Option<String>,
    /// Directory of the plugins to call [default: where this program is]
    #[arg(long, value_name = "DIR")]
    pub plugin_dir: Option<PathBuf>,
}

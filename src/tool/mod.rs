//! Who relinks, queries and checks images: the embedded engine, the host's `vhd-util`, or both side by side.
//!
//! Whoever it is, the gate in front of the SR is the embedded engine's: the host's tool passes images that break an SR.

mod both;
mod embedded;
mod error;
mod host;
mod output;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use both::Both;
pub use embedded::Embedded;
pub use error::Error;
pub use host::HostTool;
pub use output::{CheckVerdict, parse_check, parse_query};

/// What a tool says of an image, in the units of `vhd-util query`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Size of the virtual disk in whole MiB, rounded down.
    pub virtual_mib: u64,
    /// Bytes up to and with the footer.
    pub physical: u64,
    /// The parent's file, if the image has a parent.
    pub parent: Option<PathBuf>,
    /// The hidden flag.
    pub hidden: bool,
}

/// Something that edits and judges VHD files by path.
pub trait VhdTool: fmt::Debug + Sync {
    /// Names `parent`, which lies in the same directory, as the parent of `child`.
    ///
    /// # Errors
    /// The tool refused or failed.
    fn set_parent(&self, child: &Path, parent: &Path) -> Result<(), Error>;

    /// Sets or clears the hidden flag of `image`.
    ///
    /// # Errors
    /// The tool refused or failed.
    fn set_hidden(&self, image: &Path, hidden: bool) -> Result<(), Error>;

    /// What `image` is.
    ///
    /// # Errors
    /// The tool refused or failed.
    fn query(&self, image: &Path) -> Result<Facts, Error>;

    /// Whether `image`, whose parent lies beside it, is sound.
    ///
    /// # Errors
    /// The tool failed; an unsound image is a verdict, not an error.
    fn check(&self, image: &Path) -> Result<CheckVerdict, Error>;

    /// What the tool noticed beside its answers since it was asked last.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Which tool to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The host's `vhd-util` where there is one, else the embedded engine.
    #[default]
    Auto,
    /// The embedded engine.
    Embedded,
    /// The host's `vhd-util`.
    VhdUtil,
    /// The embedded engine, with the host's `vhd-util` looking over its shoulder.
    Both,
}

impl Choice {
    /// The names that can be chosen.
    pub const NAMES: [&'static str; 4] = ["auto", "embedded", "vhd-util", "both"];
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "auto" => Ok(Self::Auto),
            "embedded" => Ok(Self::Embedded),
            "vhd-util" => Ok(Self::VhdUtil),
            "both" => Ok(Self::Both),
            _ => Err(format!("unknown tool {name:?}: expected one of {}", Self::NAMES.join(", "))),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Embedded => "embedded",
            Self::VhdUtil => "vhd-util",
            Self::Both => "both",
        })
    }
}

/// The tool of `choice`, where the host's is started as `command` (program and arguments, quoted as in a shell).
///
/// # Errors
/// The host's tool is asked for and cannot be found, or `command` is not quoted properly.
pub fn select(choice: Choice, command: &str) -> Result<Box<dyn VhdTool>, Error> {
    match choice {
        Choice::Embedded => Ok(Box::new(Embedded::new())),
        Choice::VhdUtil => Ok(Box::new(HostTool::new(command)?)),
        Choice::Both => Ok(Box::new(Both::new(Embedded::new(), HostTool::new(command)?))),
        Choice::Auto => match HostTool::new(command) {
            Ok(host) => Ok(Box::new(host)),
            Err(Error::Missing { .. }) => Ok(Box::new(Embedded::new())),
            Err(other) => Err(other),
        },
    }
}

//! Arguments of what installs the program itself.

use std::path::PathBuf;

use clap::Args;

use super::values::place;

/// Arguments of `install`.
#[derive(Debug, Args)]
pub struct Install {
    /// Directory of xapi's plugins
    #[arg(long, value_name = "DIR", default_value = "/etc/xapi.d/plugins", value_parser = place)]
    pub plugin_dir: PathBuf,
    /// Where programs, man pages and completions go [default: /usr where a package has put this program there, else
    /// /usr/local]
    #[arg(long, value_name = "DIR", value_parser = place)]
    pub prefix: Option<PathBuf>,
    /// Install into the tree at DIR, which will be the root of a system
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Install vhd-util as well; the host's own stays where it is
    #[arg(long)]
    pub with_vhd_util: bool,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `uninstall`.
#[derive(Debug, Args)]
pub struct Uninstall {
    /// Uninstall from the tree at DIR
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

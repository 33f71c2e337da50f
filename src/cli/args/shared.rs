//! Options that several subcommands have.

use std::path::PathBuf;

use clap::Args;
use uuid::Uuid;

use super::values::{tool, uuid};
use crate::tool::Choice;

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

//! Arguments of what concerns the host and its plugins.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::values::uuid;

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

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// One transfer only, by its id or the beginning of it
    pub id: Option<String>,
    /// Go on showing it; with an id, until that has ended
    #[arg(short, long)]
    pub watch: bool,
    /// Show all that is remembered, and not only the latest
    #[arg(short, long)]
    pub all: bool,
    /// Print one JSON document, with --watch one in each line; of all that is remembered
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `cancel`.
#[derive(Debug, Args)]
pub struct Cancel {
    /// The transfer, by its id or the beginning of it
    pub id: String,
    /// How many seconds to wait for its end
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub wait: u64,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Directory of an SR to look at; probing it writes into a private directory in it, which is removed
    #[arg(long, value_name = "DIR", conflicts_with = "sr_uuid")]
    pub sr: Option<PathBuf>,
    /// Uuid of the SR, mounted on this host
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    pub sr_uuid: Option<Uuid>,
    /// Directory of xapi's plugins [default: /etc/xapi.d/plugins]
    #[arg(long, value_name = "DIR")]
    pub plugin_dir: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// What about it
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What can be asked about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting and its value in force, as lines of a configuration file; secrets are masked
    Show(ConfigShow),
    /// Print a complete, commented configuration file
    Example,
    /// Find everything that is wrong with a configuration file
    Check(ConfigCheck),
}

/// Arguments of `config show`.
#[derive(Debug, Args)]
pub struct ConfigShow {
    /// Say where each value comes from
    #[arg(long)]
    pub origin: bool,
    /// Print one JSON document, which says it in any case
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `config check`.
#[derive(Debug, Args)]
pub struct ConfigCheck {
    /// The file [default: the one in force]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

impl Config {
    /// Whether standard output carries one JSON document.
    pub fn json(&self) -> bool {
        match &self.command {
            ConfigCommand::Show(show) => show.json,
            ConfigCommand::Check(check) => check.json,
            ConfigCommand::Example => false,
        }
    }
}

//! Arguments of what concerns the host and its plugins.

use std::path::PathBuf;

use clap::Args;

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

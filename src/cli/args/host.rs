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

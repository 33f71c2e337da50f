//! The program for admins: what was typed becomes one call into the pipeline, its result becomes text or JSON.

mod args;
mod bars;
mod call;
mod check;
mod copy;
mod export;
mod import;
mod inspect;
mod outcome;
mod session;
mod show;

pub use args::Cli;
pub use outcome::{Exit, run};

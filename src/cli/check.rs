//! `vhd-porter check`.

use serde_json::json;

use super::args::Check as Args;
use super::outcome::{Exit, Failure};
use super::{session, show};
use crate::pipeline::{FileCheckup, check_file, check_repository};
use crate::sr::Repository;

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let checkups: Vec<FileCheckup> =
        session::with_context(&session::embedded(), true, |ctx| match &args.sr {
            Some(sr) => check_repository(&Repository::open(sr)?, ctx),
            None => args.files.iter().map(|file| check_file(file, ctx)).collect(),
        })?;
    let total: u64 = checkups.iter().map(|c| c.findings.len() as u64 + c.more).sum();
    if args.json {
        show::document(&json!({ "checked": checkups.len(), "findings": total, "files": checkups }));
    } else {
        show::text(&words(&checkups));
    }
    Ok(if total == 0 { Exit::Done } else { Exit::Failed })
}

fn words(checkups: &[FileCheckup]) -> String {
    let mut text = String::new();
    for checkup in checkups {
        if checkup.findings.is_empty() {
            text += &format!("{}: sound\n", checkup.file);
        }
        for finding in &checkup.findings {
            text += &format!("{}: {finding}\n", checkup.file);
        }
        if checkup.more > 0 {
            text += &format!("{}: and {} more\n", checkup.file, checkup.more);
        }
    }
    text
}

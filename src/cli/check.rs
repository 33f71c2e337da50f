//! `vhd-porter check`.

use super::args::Check as Args;
use super::outcome::{Exit, Failure};
use super::{place, session, show};
use crate::pipeline::{Checkups, Depth, FileCheckup, check_files, check_repository};
use crate::sr::Repository;
use crate::status::Subject;

pub(super) fn run(args: &Args, quiet: bool) -> Result<Exit, Failure> {
    let depth = if args.deep { Depth::Data } else { Depth::Metadata };
    let sr = if args.files.is_empty() { Some(place::find(args.sr.as_deref(), args.sr_uuid)?) } else { None };
    let subject = Subject::new("check").source_paths(&args.files);
    let subject = sr.iter().fold(subject, |subject, sr| subject.sr(sr));
    let checkups = session::transfer(subject, &session::embedded(), quiet, |ctx| match &sr {
        Some(sr) => check_repository(&Repository::open(sr)?, depth, ctx),
        None => check_files(&args.files, depth, ctx),
    });
    let checkups = Checkups::of(checkups?);
    if args.json {
        show::document(&checkups);
    } else {
        show::text(&words(&checkups.files));
    }
    Ok(if checkups.findings == 0 { Exit::Done } else { Exit::Failed })
}

fn words(checkups: &[FileCheckup]) -> String {
    let mut text = String::new();
    for checkup in checkups {
        if checkup.findings.is_empty() {
            let in_use = if checkup.in_use { ", in use or left so (no footer at its end)" } else { "" };
            text += &format!("{}: sound{in_use}\n", checkup.file);
        }
        text += &findings(checkup);
    }
    text
}

/// Every finding in a file; what to do stands once behind those that ask for the same.
pub(super) fn findings(checkup: &FileCheckup) -> String {
    let mut text = String::new();
    for same in checkup.findings.chunk_by(|a, b| a.hint == b.hint) {
        for advised in same {
            text += &format!("{}: {}\n", checkup.file, advised.finding);
        }
        text += &format!("  hint: {}\n", same[0].hint);
    }
    if checkup.more > 0 {
        text += &format!("{}: and {} more\n", checkup.file, checkup.more);
    }
    text
}

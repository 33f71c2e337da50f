//! `vhd-porter copy`.

use super::args::Copy as Args;
use super::outcome::{Exit, Failure};
use super::{place, session, show};
use crate::pipeline::Copy;
use crate::sr::Repository;
use crate::status::Subject;

pub(super) fn run(args: &Args, quiet: bool) -> Result<Exit, Failure> {
    let settings = session::settings()?;
    let sr_path = place::find(args.place.sr.as_deref(), args.place.sr_uuid)?;
    let sr = Repository::open_writable(&sr_path, &settings)?;
    let vdis = sr.find_all(&args.vdis)?;
    let subject = Subject::new("copy").sr(&sr_path).vdis(&vdis);
    let copied = session::transfer(subject, &args.tool, quiet, |ctx| {
        Copy { vdis, uuids: session::identities(&args.uuids) }.run(&sr, ctx)
    })?;
    if args.json {
        show::document(&copied);
        return Ok(Exit::Done);
    }
    let mut text = format!("copied within {}\n", session::shown(&sr_path));
    text += &show::chain(&copied.chain);
    for note in &copied.notes {
        text += &format!("note: {note}\n");
    }
    show::text(&text);
    Ok(Exit::Done)
}

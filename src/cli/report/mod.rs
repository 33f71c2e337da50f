//! `vhd-porter report`: a page on an SR, in one file that needs nothing else.
//!
//! What stands in it is a [`Survey`](crate::pipeline::Survey). The page has no script, and asks its reader's browser to load
//! nothing. Everything that comes from files is text in it: `maud` escapes whatever is not written here.

mod bar;
mod chains;
mod garbage;
mod page;
mod space;
mod unhealthy;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use super::args::Report as Args;
use super::outcome::{Exit, Failure};
use super::{list, place, session, show};
use crate::os;
use crate::pipeline::survey;
use crate::sr::Repository;
use crate::transport::NewFile;

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let path = place::find(args.place.sr.as_deref(), args.place.sr_uuid)?;
    if args.json {
        return list::list(&path, &[], true);
    }
    let to_stdout = args.output == Path::new("-");
    if to_stdout && std::io::stdout().is_terminal() {
        let message = "a page is not for the eye: name a file with -o, or send standard output elsewhere";
        return Err(Failure::Usage(message.into()));
    }
    // Before the work: a name that is taken is taken.
    let file = if to_stdout { None } else { Some(NewFile::create(&args.output)?) };
    let survey = session::at_once(|ctx| survey(&Repository::open(&path)?, ctx))?;
    let page = page::page(&survey);
    let Some(new) = file else {
        show::text(&page);
        return Ok(Exit::Done);
    };
    let mut file = new.file().map_err(os::Error::at("opening", &args.output))?;
    file.write_all(page.as_bytes()).map_err(os::Error::at("writing", &args.output))?;
    new.commit()?;
    Ok(Exit::Done)
}

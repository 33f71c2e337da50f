//! `vhd-porter export`.

use std::io::IsTerminal;

use super::args::Export as Args;
use super::outcome::{Exit, Failure};
use super::{openstack, place, session, show};
use crate::pipeline::Export;
use crate::sr::Repository;
use crate::status::Subject;
use crate::transport::{Sink, Target};

pub(super) fn run(args: &Args, quiet: bool) -> Result<Exit, Failure> {
    let target = Target::from(args.output.as_str());
    if target == Target::Stdout && std::io::stdout().is_terminal() {
        let message = "an image is not for the eye: name a file with -o, or send standard output elsewhere";
        return Err(Failure::Usage(message.into()));
    }
    let export =
        Export { vdis: args.vdis.clone(), chain: args.chain, flatten: args.flatten, level: args.level };
    let settings = openstack::settings(&args.glance)?;
    let sr_path = place::find(args.place.sr.as_deref(), args.place.sr_uuid)?;
    let subject = Subject::new("export").sr(&sr_path).vdis(&args.vdis);
    let subject = match &target {
        Target::File(path) => subject.target_path(path),
        Target::Stdout => subject.target("standard output"),
        Target::Glance(_) => subject.target(&args.output),
    };
    let exported = session::transfer(subject, &session::embedded(), quiet, |ctx| {
        let sr = Repository::open(&sr_path)?;
        export.run(&sr, Sink::open(&target, &settings)?, ctx)
    })?;
    let text = if args.json {
        show::pretty(&exported)
    } else {
        format!(
            "exported {} VDIs, {} of VHD in {}\nmd5    {}\nsha256 {}\n",
            exported.vdis.len(),
            show::size(exported.bytes_read),
            show::size(exported.bytes_written),
            exported.md5,
            exported.sha256
        )
    };
    match target {
        Target::Stdout if quiet && !args.json => {}
        Target::Stdout => eprint!("{text}"),
        Target::File(_) | Target::Glance(_) => show::text(&text),
    }
    Ok(Exit::Done)
}

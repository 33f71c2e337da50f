//! `vhd-porter export`.

use std::io::IsTerminal;

use super::args::Export as Args;
use super::outcome::{Exit, Failure};
use super::{openstack, place, session, show};
use crate::pipeline::{Export, Exported};
use crate::sr::Repository;
use crate::status::Subject;
use crate::stream::Compression;
use crate::transport::{Sink, Target};

pub(super) fn run(args: &Args, quiet: bool) -> Result<Exit, Failure> {
    let target = Target::from(args.output.as_str());
    if target == Target::Stdout && std::io::stdout().is_terminal() {
        let message = "an image is not for the eye: name a file with -o, or send standard output elsewhere";
        return Err(Failure::Usage(message.into()));
    }
    let compression = Compression::named(&args.compress, args.level).map_err(Failure::Usage)?;
    let settings = openstack::settings(&args.glance)?;
    let sr_path = place::find(args.place.sr.as_deref(), args.place.sr_uuid)?;
    let sr = Repository::open(&sr_path)?;
    let vdis = sr.find_all(&args.vdis)?;
    let subject = Subject::new("export").sr(&sr_path).vdis(&vdis);
    let subject = match &target {
        Target::File(path) => subject.target_path(path),
        Target::Stdout => subject.target("standard output"),
        Target::Glance(_) => subject.target(&args.output),
    };
    let exported = session::transfer(subject, &session::embedded(), quiet, |ctx| {
        let digests = args.digests.clone();
        let export = Export { vdis, chain: args.chain, flatten: args.flatten, compression, digests };
        export.run(&sr, Sink::open(&target, &settings)?, ctx)
    })?;
    let text = if args.json {
        show::pretty(&exported)
    } else {
        let (count, read) = (exported.vdis.len(), show::size(exported.bytes_read));
        let text =
            format!("exported {count} VDIs, {read} of VHD in {}\n", show::size(exported.bytes_written));
        let Exported { md5, sha256, sha512, .. } = &exported;
        text + &show::digests(&[("md5", md5), ("sha256", sha256), ("sha512", sha512)])
    };
    match target {
        Target::Stdout if quiet && !args.json => {}
        Target::Stdout => eprint!("{text}"),
        Target::File(_) | Target::Glance(_) => show::text(&text),
    }
    Ok(Exit::Done)
}

//! `vhd-porter import`.

use super::args::Import as Args;
use super::outcome::{Exit, Failure};
use super::{openstack, session, show};
use crate::pipeline::Import;
use crate::sr::Repository;
use crate::transport::Source;

pub(super) fn run(args: &Args, quiet: bool) -> Result<Exit, Failure> {
    let import = Import {
        uuids: session::identities(&args.uuids),
        repair: args.repair,
        flatten: args.flatten,
        dry_run: args.dry_run,
    };
    let mut settings = session::settings()?;
    openstack::apply(&args.glance, &mut settings)?;
    // A URL is shown as its source shows it: without secrets.
    let mut name = String::new();
    let imported = session::with_context(&args.tool, quiet, |ctx| {
        let source = Source::open(&args.image, &settings)?;
        source.name().clone_into(&mut name);
        let sr =
            if args.create_sr { Repository::create(&args.sr) } else { Repository::open_writable(&args.sr) }?;
        import.run(source, &sr, ctx)
    })?;
    if args.json {
        show::document(&imported);
        return Ok(Exit::Done);
    }
    let verb = if args.dry_run { "would import" } else { "imported" };
    let mut text = format!("{verb} {name} into {}\n", session::shown(&args.sr));
    text += &show::chain(&imported.chain);
    for note in &imported.notes {
        text += &format!("note: {note}\n");
    }
    show::text(&text);
    Ok(Exit::Done)
}

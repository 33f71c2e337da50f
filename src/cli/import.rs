//! `vhd-porter import`.

use super::args::Import as Args;
use super::outcome::{Exit, Failure};
use super::{session, show};
use crate::pipeline::Import;
use crate::sr::Repository;
use crate::transport::{Origin, Source};

pub(super) fn run(args: &Args, quiet: bool) -> Result<Exit, Failure> {
    let import = Import {
        uuids: session::identities(&args.uuids),
        repair: args.repair,
        flatten: args.flatten,
        dry_run: args.dry_run,
    };
    let settings = session::settings()?;
    let imported = session::with_context(&args.tool, quiet, |ctx| {
        let sr = if args.create_sr {
            Repository::create(&args.sr, &settings)
        } else {
            Repository::open_writable(&args.sr, &settings)
        }?;
        import.run(Origin::of(&args.image), || Source::open(&args.image), &sr, ctx)
    })?;
    if args.json {
        show::document(&imported);
        return Ok(Exit::Done);
    }
    let verb = if args.dry_run { "would import" } else { "imported" };
    let mut text = format!("{verb} {} into {}\n", args.image, session::shown(&args.sr));
    text += &show::chain(&imported.chain);
    for note in &imported.notes {
        text += &format!("note: {note}\n");
    }
    show::text(&text);
    Ok(Exit::Done)
}

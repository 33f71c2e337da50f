//! `vhd-porter import`.

use serde::Serialize;
use serde_json::{Value, json};

use super::args::Import as Args;
use super::outcome::{self, Exit, Failure};
use super::place::{self, Known};
use super::{openstack, session, show};
use crate::pipeline::{Import, Imported};
use crate::sr::Repository;
use crate::status::Subject;
use crate::transport::{Origin, Source};
use crate::wire::scrub::scrub;

/// What an import came to, and the scan after it.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    imported: &'a Imported,
    /// Whether xapi has scanned the SR; left out where nobody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    scanned: Option<bool>,
    /// Why it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

pub(super) fn run(args: &Args, quiet: bool) -> Result<Exit, Failure> {
    let import = Import {
        uuids: session::identities(&args.uuids),
        repair: args.repair,
        flatten: args.flatten,
        dry_run: args.dry_run,
        digests: args.digests.clone(),
    };
    let (sr, sr_uuid) = (args.place.sr.as_deref(), args.place.sr_uuid);
    // Whether xapi can scan the SR is asked before anything lands.
    let known = if args.scan { Some(Known::find(sr, sr_uuid)?) } else { None };
    let path = match &known {
        Some(known) => known.path.clone(),
        None => place::find(sr, sr_uuid)?,
    };
    let settings = openstack::settings(&args.glance)?;
    // A URL is shown as its source shows it: without secrets. Where the call was done before, none is opened.
    let mut name = scrub(&args.image);
    let subject = Subject::new("import").source(Source::shown(&args.image)).sr(&path).vdis(&args.uuids);
    let imported = session::transfer(subject, &args.tool, quiet, |ctx| {
        let sr = if args.create_sr {
            Repository::create(&path, &settings)
        } else {
            Repository::open_writable(&path, &settings)
        }?;
        let open =
            || Source::open(&args.image, &settings).inspect(|source| source.name().clone_into(&mut name));
        import.run(Origin::of(&args.image), open, &sr, ctx)
    })?;
    let scan = known.as_ref().map(|known| known.scan().map_err(|error| unscanned(known, &error)));
    let failure = scan.as_ref().and_then(|scan| scan.as_ref().err());
    if args.json {
        let error = failure.map(|message| json!({ "kind": "xapi", "message": message }));
        let scanned = scan.as_ref().map(Result::is_ok);
        show::document(&Document { imported: &imported, scanned, error });
    } else {
        let verb = if args.dry_run { "would import" } else { "imported" };
        let mut text = format!("{verb} {name} into {}\n", session::shown(&path));
        text += &show::chain(&imported.chain);
        for note in &imported.notes {
            text += &format!("note: {note}\n");
        }
        show::text(&text);
        if let Some(message) = failure {
            eprintln!("vhd-porter: {message}");
        }
    }
    Ok(if failure.is_some() { Exit::Failed } else { Exit::Done })
}

/// The import is done, the scan is not.
fn unscanned(known: &Known, error: &Failure) -> String {
    let (uuid, why) = (known.uuid, outcome::message(error));
    format!("the import is done, but xapi has not scanned SR {uuid}: {why}; try xe sr-scan uuid={uuid}")
}

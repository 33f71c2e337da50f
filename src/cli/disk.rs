//! `vhd-porter flatten`, `convert`, `compare`, `create`, `snapshot`, `coalesce` and `repair`: one disk or chain at a time.

use super::args::{Coalesce, Compare, Convert, Create, Flatten, Repair, Snapshot};
use super::outcome::{Exit, Failure};
use super::{check, session, show};
use crate::pipeline::{self, Form, Made};
use crate::status::Subject;

pub(super) fn flatten(args: &Flatten, quiet: bool) -> Result<Exit, Failure> {
    let flatten = pipeline::Flatten { links: args.links.clone(), output: args.output.clone() };
    let subject = Subject::new("flatten").source_paths(&args.links).target_path(&args.output);
    let flat = session::transfer(subject, &session::embedded(), quiet, |ctx| flatten.run(ctx))?;
    let words = || {
        let (links, disk, file) =
            (flat.links.len(), show::size(flat.virtual_size), show::size(flat.physical_size));
        format!("{} holds the {disk} disk of {links} links in {file}\n", args.output.display())
    };
    show::either(args.json, &flat, words);
    Ok(Exit::Done)
}

pub(super) fn convert(args: &Convert, quiet: bool) -> Result<Exit, Failure> {
    let (input, output) = (args.input.clone(), args.output.clone());
    let convert = pipeline::Convert { input, raw: args.raw, output, form: args.to };
    let subject = Subject::new("convert").source_path(&args.input).target_path(&args.output);
    let converted = session::transfer(subject, &session::embedded(), quiet, |ctx| convert.run(ctx))?;
    let words = || {
        let (disk, file) = (show::size(converted.virtual_size), show::size(converted.physical_size));
        format!("{} holds the {disk} disk in {file}\n", args.output.display())
    };
    show::either(args.json, &converted, words);
    Ok(Exit::Done)
}

pub(super) fn compare(args: &Compare, quiet: bool) -> Result<Exit, Failure> {
    let subject = Subject::new("compare").source_path(&args.left).target_path(&args.right);
    let comparison = session::transfer(subject, &session::embedded(), quiet, |ctx| {
        pipeline::compare(&args.left, &args.right, ctx)
    })?;
    let words = || match comparison.first_difference {
        _ if comparison.same => "the disks are the same\n".to_owned(),
        Some(at) => format!("{} sectors differ, the first at byte {at}\n", comparison.differing_sectors),
        None => {
            let [left, right] = comparison.sizes;
            format!(
                "the sizes differ: {left} and {right} bytes; as far as both reach, the content is the same\n"
            )
        }
    };
    show::either(args.json, &comparison, words);
    Ok(if comparison.same { Exit::Done } else { Exit::Failed })
}

pub(super) fn create(args: &Create) -> Result<Exit, Failure> {
    let form = if args.fixed { Form::Fixed } else { Form::Dynamic };
    let made = session::at_once(|ctx| pipeline::create(&args.file, args.size, form, ctx))?;
    Ok(show_made(args.json, &made))
}

pub(super) fn snapshot(args: &Snapshot) -> Result<Exit, Failure> {
    let made = session::at_once(|ctx| pipeline::snapshot(&args.parent, &args.child, ctx))?;
    Ok(show_made(args.json, &made))
}

fn show_made(json: bool, made: &Made) -> Exit {
    let of = made.parent.as_ref().map_or(String::new(), |parent| format!(", child of {parent}"));
    show::either(json, made, || format!("made {}: {} disk{of}\n", made.file, show::size(made.virtual_size)));
    Exit::Done
}

pub(super) fn coalesce(args: &Coalesce, quiet: bool) -> Result<Exit, Failure> {
    let subject = Subject::new("coalesce").source_path(&args.file);
    let coalesced =
        session::transfer(subject, &session::embedded(), quiet, |ctx| pipeline::coalesce(&args.file, ctx))?;
    let words = || {
        let (bytes, leaf) = (show::size(coalesced.sectors * 512), args.file.display());
        format!("{} took {bytes} and holds the disk now; {leaf} is not needed any more\n", coalesced.parent)
    };
    show::either(args.json, &coalesced, words);
    Ok(Exit::Done)
}

pub(super) fn repair(args: &Repair) -> Result<Exit, Failure> {
    let repaired = session::at_once(|ctx| pipeline::repair(&args.file, ctx))?;
    let words = || {
        let done =
            if repaired.changed { "a footer was rewritten from the other" } else { "both footers were good" };
        let mut text = format!("{}: {done}\n", repaired.after.file);
        text += &check::findings(&repaired.after);
        text
    };
    show::either(args.json, &repaired, words);
    Ok(if repaired.after.findings.is_empty() { Exit::Done } else { Exit::Failed })
}

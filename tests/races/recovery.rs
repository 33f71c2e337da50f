//! What becomes of that which the dead leave.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::json;
use uuid::Uuid;
use vhd_porter::vhd::{self, Image, ParentLink, VhdTime};

use crate::image::chain;
use crate::place::Place;
use crate::staged::{Dead, everything, told};

/// What is in the SR in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing of it: it can come in again.
    Nothing,
    /// The whole chain.
    Chain,
}

#[test]
fn every_state_ends_in_the_whole_chain_or_in_nothing() {
    use End::{Chain, Nothing};
    type Make = fn(&Place) -> Dead;
    const PARENTS: &str = "parents-first";
    const LEAF: &str = "leaf-first";
    let states: &[(&str, Make, &str, usize, End)] = &[
        ("no journal", |p| Dead::in_place(p, PARENTS).not_landed(p, &[0, 1, 2]), "removed", 0, Nothing),
        (
            "half a journal",
            |p| Dead::in_place(p, PARENTS).not_landed(p, &[0, 1, 2]).half_a_journal(),
            "removed",
            0,
            Nothing,
        ),
        (
            "nothing landed",
            |p| Dead::in_place(p, PARENTS).not_landed(p, &[0, 1, 2]).journal(""),
            "removed",
            0,
            Nothing,
        ),
        (
            "the base landed",
            |p| Dead::in_place(p, PARENTS).not_landed(p, &[0, 1]).journal(""),
            "rolled-back",
            1,
            Nothing,
        ),
        (
            "both parents landed",
            |p| Dead::in_place(p, PARENTS).not_landed(p, &[0]).journal(""),
            "rolled-back",
            2,
            Nothing,
        ),
        (
            "parents landed by a rename",
            |p| Dead::in_place(p, PARENTS).renamed().not_landed(p, &[0]).journal(""),
            "rolled-back",
            2,
            Nothing,
        ),
        ("all landed", |p| Dead::in_place(p, PARENTS).journal(""), "finished", 0, Chain),
        ("half a mark", |p| Dead::in_place(p, PARENTS).journal("commi"), "finished", 0, Chain),
        ("committed", |p| Dead::in_place(p, PARENTS).journal("committed\n"), "finished", 0, Chain),
        (
            "committed, destroyed since",
            |p| Dead::in_place(p, PARENTS).not_landed(p, &[0, 1, 2]).journal("committed\n"),
            "finished",
            0,
            Nothing,
        ),
        (
            "leaf first: nothing landed",
            |p| Dead::in_place(p, LEAF).not_landed(p, &[0, 1, 2]).journal(""),
            "removed",
            0,
            Nothing,
        ),
        (
            "leaf first: the leaf landed",
            |p| Dead::in_place(p, LEAF).not_landed(p, &[1, 2]).journal(""),
            "rolled-forward",
            2,
            Chain,
        ),
        (
            "leaf first: all but the base",
            |p| Dead::in_place(p, LEAF).not_landed(p, &[2]).journal(""),
            "rolled-forward",
            1,
            Chain,
        ),
        ("leaf first: all landed", |p| Dead::in_place(p, LEAF).journal(""), "finished", 0, Chain),
        (
            "leaf first: the leaf was destroyed",
            |p| Dead::in_place(p, LEAF).not_landed(p, &[0]).journal(""),
            "rolled-back",
            2,
            Nothing,
        ),
    ];
    for (name, make, action, vdis, end) in states {
        println!("{name}");
        let place = Place::new();
        let dead = make(&place);
        let before = everything(place.sr());
        let rehearsed = place.recover(&["--dry-run"]).done();
        assert_eq!(told(&rehearsed), ((*action).to_owned(), *vdis), "{name}: rehearsed");
        assert_eq!((&rehearsed.answer["dry_run"], everything(place.sr()) == before), (&json!(true), true));
        assert_eq!(told(&place.recover(&[]).done()), ((*action).to_owned(), *vdis), "{name}");
        let whole: [(&[Uuid], &str); 1] = [(&dead.uuids, &dead.archive.sha256)];
        place.assert_holds(if *end == Chain { &whole } else { &[] });
        assert_eq!(place.recover(&[]).done().answer["recovered"], json!([]), "{name}: nothing is left to do");
        let again = place.import(&dead.archive.path, &dead.uuids);
        // The receipt was removed: a chain that is there can only be refused.
        drop(if *end == Chain { again.refused("taken") } else { again.done().stderr });
        place.assert_holds(&whole);
    }
}

#[test]
fn an_import_ends_what_concerns_it_by_itself() {
    let place = Place::new();
    let dead = Dead::in_place(&place, "parents-first").not_landed(&place, &[0]).journal("");
    place.import(&dead.archive.path, &dead.uuids).done();
    place.assert_holds(&[(&dead.uuids, &dead.archive.sha256)]);
}

/// A child of the VDI `parent`, as a snapshot or clone makes it; its file.
fn child_of(place: &Place, parent: Uuid) -> PathBuf {
    let of = Image::open(fs::File::open(place.vdi(parent)).unwrap()).unwrap();
    let now = VhdTime::from_system(SystemTime::now());
    let link = ParentLink { file_name: format!("{parent}.vhd"), uuid: of.uuid(), modified: now };
    let path = place.vdi(Uuid::new_v4());
    let file = fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    vhd::create_differencing(file, of.virtual_size(), Uuid::new_v4(), now, &link).unwrap();
    path
}

#[test]
fn parents_that_got_another_child_are_kept() {
    for (tail, in_use) in [("", false), ("", true), ("committed\n", false)] {
        let place = Place::new();
        let dead = Dead::in_place(&place, "parents-first").journal(tail);
        let child = child_of(&place, dead.uuids[1]);
        if in_use {
            // tapdisk overwrites the footer at the end of a disk that is attached (block-vhd.c `vhd_kill_footer`).
            let (file, len) =
                (fs::File::options().write(true).open(&child).unwrap(), child.metadata().unwrap().len());
            std::os::unix::fs::FileExt::write_all_at(&file, &[0xc7; 512], len - 512).unwrap();
        }
        fs::remove_file(place.vdi(dead.uuids[0])).unwrap();
        let kept = [place.vdi(dead.uuids[1]), place.vdi(dead.uuids[2]), child]
            .map(|path| (fs::read(&path).unwrap(), path));
        assert_eq!(told(&place.recover(&[]).done()), ("finished".to_owned(), 0), "{tail:?}");
        assert!(kept.iter().all(|(bytes, path)| fs::read(path).unwrap() == *bytes));
        assert_eq!(place.arrived().len(), 3);
    }
}

#[test]
fn a_name_that_leads_to_another_file_is_not_touched() {
    let place = Place::new();
    let dead = Dead::in_place(&place, "parents-first").not_landed(&place, &[0, 1]).journal("");
    let foreign = place.vdi(dead.uuids[1]);
    let mut file = chain(77, 1, &mut vec![0; 2 << 20]).remove(0);
    std::io::Seek::rewind(&mut file).unwrap();
    std::io::copy(&mut file, &mut fs::File::create_new(&foreign).unwrap()).unwrap();
    let bytes = fs::read(&foreign).unwrap();
    assert_eq!(told(&place.recover(&[]).done()), ("rolled-back".to_owned(), 1));
    assert!(fs::read(&foreign).unwrap() == bytes);
    assert_eq!(place.arrived(), [foreign.file_name().unwrap().to_str().unwrap()]);
}

//! Owners that live, and locks of the storage manager that somebody holds.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use vhd_porter::os::{Dir, Lock};

use crate::place::{Outcome, Place, ended, run, some_uuids};
use crate::staged::{Dead, everything, told};

#[test]
fn the_area_of_a_living_owner_is_left_alone() {
    let place = Place::new();
    let dead = Dead::in_place(&place, "parents-first").not_landed(&place, &[0]).journal("");
    let owner = Lock::try_take(&Dir::open(&dead.staging).unwrap(), "claim").unwrap().unwrap();
    let before = everything(place.sr());
    let told_of = place.recover(&[]).done();
    assert_eq!(told(&told_of), ("in-work".to_owned(), 0));
    assert_eq!(told_of.answer["recovered"][0]["owner"]["pid"], 4_000_000);
    let message = place.import(&dead.archive.path, &dead.uuids).refused("taken");
    assert!(message.contains("process 4000000 on elsewhere"), "{message}");
    assert!(everything(place.sr()) == before);
    drop(owner);
    assert_eq!(told(&place.recover(&[]).done()), ("rolled-back".to_owned(), 2));
}

/// The storage manager's lock of this name, held by somebody else.
fn held(place: &Place, name: &str) -> Lock {
    fs::create_dir_all(place.locks()).unwrap();
    Lock::try_take(&Dir::open(place.locks()).unwrap(), name).unwrap().unwrap()
}

/// `import` or `recover` that waits a second for locks, no more.
fn impatient(mut command: std::process::Command) -> Outcome {
    run({
        command.env("VHD_PORTER_SR_LOCK_WAIT", "1");
        command
    })
}

#[test]
fn what_landed_by_halves_is_taken_back_between_collections_only() {
    let place = Place::new();
    let dead = Dead::in_place(&place, "parents-first").not_landed(&place, &[0]).journal("");
    let collection = held(&place, "gc_active");
    let before = everything(place.sr());
    let mut recover = place.porter(&[], &["recover", "--json", "--sr"]);
    recover.arg(place.sr());
    let failed = impatient(recover);
    assert_eq!((failed.status, told(&failed).0.as_str()), (Some(1), "failed"));
    let problem = failed.answer["recovered"][0]["problem"].as_str().unwrap();
    assert!(
        problem.contains("gc_active: locked for more than 1 s") && problem.contains("try again"),
        "{problem}"
    );
    impatient(place.importing(&[], &dead.archive.path, &dead.uuids)).refused("busy");
    assert!(everything(place.sr()) == before);
    // Whom it does not concern is not kept waiting.
    let others = some_uuids(3);
    place.import(&dead.archive.path, &others).done();
    let waiting = place.importing(&[], &dead.archive.path, &dead.uuids).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(collection);
    ended(waiting).done();
    let sha256 = dead.archive.sha256.as_str();
    place.assert_holds(&[(&dead.uuids, sha256), (&others, sha256)]);
}

#[test]
fn whoever_waits_too_long_is_told_to_come_again() {
    let place = Place::new();
    let (archive, uuids, command) = (place.archive(1, 2), some_uuids(2), held(&place, "sr"));
    let message = impatient(place.importing(&[], &archive.path, &uuids)).refused("busy");
    assert!(
        message.contains("/sr: locked for more than 1 s") && message.contains("try again later"),
        "{message}"
    );
    place.assert_holds(&[]);
    // The lock is that of the SR, by whichever way it is reached.
    let link = place.path("link");
    std::os::unix::fs::symlink(place.sr(), &link).unwrap();
    let through_link = || {
        let mut command = place.porter(&[], &["import", "--json", "--sr"]);
        command.arg(&link).arg(&archive.path);
        uuids.iter().for_each(|uuid| {
            command.args(["--uuid", &uuid.to_string()]);
        });
        command
    };
    impatient(through_link()).refused("busy");
    drop(command);
    let answer = run(through_link()).done().answer;
    assert_eq!(place.import(&archive.path, &uuids).done().answer, answer, "and so is the receipt");
    place.assert_holds(&[(&uuids, &archive.sha256)]);
}

#[test]
fn standard_input_is_never_the_same_twice() {
    let place = Place::new();
    let (archive, uuids) = (place.archive(1, 2), some_uuids(2));
    let import = || {
        let mut command = place.importing(&[], Path::new("-"), &uuids);
        command.stdin(fs::File::open(&archive.path).unwrap());
        run(command)
    };
    import().done();
    import().refused("taken");
    place.assert_holds(&[(&uuids, &archive.sha256)]);
}

#[test]
fn an_sr_that_was_replaced_meanwhile_is_left_alone() {
    let place = Place::new();
    let (archive, uuids, away) = (place.archive(1, 2), some_uuids(2), place.path("away"));
    let bytes = fs::read(&archive.path).unwrap();
    let mut command = place.importing(&[], Path::new("-"), &uuids);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&bytes[..100]).unwrap();
    while !place.arrived().iter().any(|name| name.ends_with(".staging")) {
        std::thread::sleep(Duration::from_millis(1));
    }
    fs::rename(place.sr(), &away).unwrap();
    fs::create_dir(place.sr()).unwrap();
    pipe.write_all(&bytes[100..]).unwrap();
    drop(pipe);
    let message = ended(child).refused("bad-sr");
    assert!(message.contains("unmounted meanwhile"), "{message}");
    assert_eq!(fs::read_dir(place.sr()).unwrap().count(), 0);
    // When it is back, what was left in it goes.
    fs::remove_dir(place.sr()).unwrap();
    fs::rename(&away, place.sr()).unwrap();
    place.recover(&[]).done();
    place.assert_holds(&[]);
}

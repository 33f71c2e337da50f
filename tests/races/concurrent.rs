//! Calls that run at the same time, while the storage manager scans and collects.

use std::process::Child;

use uuid::Uuid;

use crate::long;
use crate::place::{Outcome, Place, ended, some_uuids};

/// Starts every import at once; waits for all.
fn together(place: &Place, calls: &[(&std::path::Path, &[Uuid])]) -> Vec<Outcome> {
    let start = |(archive, uuids): &(&std::path::Path, &[Uuid])| {
        place.importing(&[], archive, uuids).spawn().unwrap()
    };
    let children: Vec<Child> = calls.iter().map(start).collect();
    children.into_iter().map(ended).collect()
}

#[test]
fn the_same_call_by_many_is_done_once() {
    let place = Place::new();
    let (archive, manager) = (place.archive(1, 3), place.manager());
    for _ in 0..if long() { 300 } else { 5 } {
        let uuids = some_uuids(3);
        let outcomes = together(&place, &[(archive.path.as_path(), uuids.as_slice()); 6]);
        let answers: Vec<_> = outcomes.iter().filter(|o| o.status == Some(0)).map(|o| &o.answer).collect();
        assert!(!answers.is_empty() && answers.iter().all(|answer| *answer == answers[0]), "{outcomes:?}");
        let others = outcomes.iter().filter(|o| o.status != Some(0));
        others.for_each(|outcome| drop(outcome.clone().refused("busy")));
        assert_eq!(
            place.import(&archive.path, &uuids).done().answer,
            *answers[0],
            "once more, from the receipt"
        );
        place.assert_holds(&[(&uuids, &archive.sha256)]);
        place.destroy(&uuids);
    }
    let work = manager.stop();
    assert!(work.scans > 0 && work.collections > 0, "{work:?}");
    println!("{work:?}");
}

#[test]
fn calls_with_uuids_of_their_own_all_land() {
    let place = Place::new();
    let archives: Vec<_> = (1..=6).map(|fill| place.archive(fill, 2)).collect();
    let manager = place.manager();
    for _ in 0..if long() { 300 } else { 4 } {
        let uuids: Vec<_> = archives.iter().map(|_| some_uuids(2)).collect();
        let calls: Vec<_> =
            archives.iter().zip(&uuids).map(|(a, u)| (a.path.as_path(), u.as_slice())).collect();
        together(&place, &calls).into_iter().for_each(|outcome| drop(outcome.done()));
        let chains: Vec<_> =
            archives.iter().zip(&uuids).map(|(a, u)| (u.as_slice(), a.sha256.as_str())).collect();
        place.assert_holds(&chains);
        uuids.iter().for_each(|uuids| place.destroy(uuids));
    }
    println!("{:?}", manager.stop());
}

#[test]
fn of_calls_that_share_a_uuid_one_lands_and_nothing_is_mixed() {
    let place = Place::new();
    let archives: Vec<_> = (1..=4).map(|fill| place.archive(fill, 3)).collect();
    let manager = place.manager();
    for round in 0..if long() { 300 } else { 5 } {
        // Each has one uuid that all others have as well, in another place of its chain every time.
        let shared = Uuid::new_v4();
        let uuids: Vec<Vec<Uuid>> = (0..archives.len())
            .map(|index| {
                let mut own = some_uuids(3);
                own[(index + round) % 3] = shared;
                own
            })
            .collect();
        let calls: Vec<_> =
            archives.iter().zip(&uuids).map(|(a, u)| (a.path.as_path(), u.as_slice())).collect();
        let outcomes = together(&place, &calls);
        let landed: Vec<usize> = (0..outcomes.len()).filter(|i| outcomes[*i].status == Some(0)).collect();
        let [winner] = landed[..] else { panic!("{outcomes:?}") };
        for (index, outcome) in outcomes.into_iter().enumerate().filter(|(index, _)| *index != winner) {
            outcome.refused("taken");
            assert!(uuids[index].iter().all(|uuid| *uuid == shared || !place.vdi(*uuid).exists()));
        }
        place.assert_holds(&[(&uuids[winner], &archives[winner].sha256)]);
        place.destroy(&uuids[winner]);
    }
    println!("{:?}", manager.stop());
}

//! Calls that are killed anywhere, slowed down where it hurts, and made again, beside recoveries and the storage manager.

use std::process::{Child, Command};
use std::time::Duration;

use uuid::Uuid;

use crate::image::Archive;
use crate::manager::Work;
use crate::place::{Outcome, Place, ended, some_uuids};
use crate::{long, skipped};

/// System calls that change names in the SR, or wait for others: a killed or slow one leaves the most behind.
const CALLS: [&str; 9] =
    ["linkat", "linkat", "linkat", "unlinkat", "unlink", "rmdir", "renameat2", "fsync", "fcntl"];

/// A source of numbers, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_of<'a, T>(&mut self, many: &'a [T]) -> &'a T {
        &many[usize::try_from(self.roll(many.len() as u64)).unwrap()]
    }
}

/// The words that make a run die before the Nth of a system call, or dawdle in each.
fn tampered(dice: &mut Dice) -> Vec<String> {
    let call = *dice.one_of(&CALLS);
    let inject = match dice.roll(4) {
        0 => format!("inject={call}:delay_exit={}ms", 1 + dice.roll(10)),
        _ => {
            format!("inject={call}:signal=KILL:when={}", 1 + dice.roll(if call == "fcntl" { 20 } else { 6 }))
        }
    };
    let trace = format!("trace={call}");
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject].map(str::to_owned).into()
}

/// A call that is made until it is done.
struct Call<'a> {
    archive: &'a Archive,
    uuids: Vec<Uuid>,
}

/// One round: some calls, of which some share a uuid; some die; all are made again until each is done or refused.
fn round(place: &Place, archives: &[Archive], dice: &mut Dice, died: &mut u32) {
    let shared = Uuid::new_v4();
    let calls: Vec<Call<'_>> = (0..3 + dice.roll(3))
        .map(|index| {
            let mut uuids = some_uuids(3);
            if index < 2 {
                uuids[*dice.one_of(&[0, 1, 2])] = shared;
            }
            Call { archive: dice.one_of(archives), uuids }
        })
        .collect();
    let mut running: Vec<Child> = Vec::new();
    for call in &calls {
        // Now and then the control plane is impatient and makes a call twice.
        for _ in 0..1 + dice.roll(2) {
            let wrapper = if dice.roll(3) == 0 { Vec::new() } else { tampered(dice) };
            let plain = wrapper.is_empty();
            let mut child = place.importing(&wrapper, &call.archive.path, &call.uuids).spawn().unwrap();
            if plain && dice.roll(2) == 0 {
                std::thread::sleep(Duration::from_millis(dice.roll(40)));
                child.kill().unwrap();
            }
            running.push(child);
        }
        if dice.roll(2) == 0 {
            let mut recover = place.porter(&[], &["recover", "--json", "--sr"]);
            running.push(recover.arg(place.sr()).spawn().unwrap());
        }
    }
    let outcomes: Vec<Outcome> = running.into_iter().map(ended).collect();
    *died += u32::try_from(outcomes.iter().filter(|o| o.status.is_none_or(|s| s > 128)).count()).unwrap();
    for outcome in outcomes.iter().filter(|o| o.status == Some(1)) {
        assert!(["busy", "taken"].contains(&outcome.kind()), "{outcome:?}");
    }
    let mut landed: Vec<&Call<'_>> = Vec::new();
    for call in &calls {
        match again(place, call.archive, &call.uuids) {
            outcome if outcome.status == Some(0) => landed.push(call),
            outcome => drop(outcome.refused("taken")),
        }
    }
    let sharing = landed.iter().filter(|call| call.uuids.contains(&shared)).count();
    assert_eq!((landed.len(), sharing), (calls.len() - 1, 1), "one of the two that share a uuid");
    place.recover(&[]).done();
    let chains: Vec<_> = landed.iter().map(|c| (c.uuids.as_slice(), c.archive.sha256.as_str())).collect();
    place.assert_holds(&chains);
    landed.iter().for_each(|call| place.destroy(&call.uuids));
}

/// Makes the call until it is not told to come again.
fn again(place: &Place, archive: &Archive, uuids: &[Uuid]) -> Outcome {
    loop {
        let outcome = place.import(&archive.path, uuids);
        if outcome.kind() != "busy" {
            return outcome;
        }
    }
}

#[test]
fn whoever_dies_wherever_the_sr_is_never_worse_for_it() {
    if !strace_works() {
        return skipped("calls that are killed anywhere", "there is no strace that may trace");
    }
    let seed = std::env::var("VHD_PORTER_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("VHD_PORTER_SEED={seed}");
    let (place, mut dice, mut died) = (Place::new(), Dice(seed), 0);
    let archives: Vec<_> = (1..=4).map(|fill| place.archive(fill, 3)).collect();
    let rounds = std::env::var("VHD_PORTER_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let rounds = rounds.unwrap_or(if long() { 2000 } else { 12 });
    let manager = place.manager();
    for _ in 0..rounds {
        round(&place, &archives, &mut dice, &mut died);
    }
    let Work { scans, collections, removed } = manager.stop();
    println!(
        "{rounds} rounds, {died} runs died; {scans} scans, {collections} collections removed {removed} files"
    );
    assert!(died > 0);
}

pub(crate) fn strace_works() -> bool {
    let mut command = Command::new("strace");
    command.args(["-qq", "-o", "/dev/null", "true"]);
    command.status().is_ok_and(|status| status.success())
}

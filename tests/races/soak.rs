//! Thousands in a row, half of them faulty: nothing is left, nothing grows.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use uuid::Uuid;
use vhd_porter::pipeline::{Context, Export, Identities, Import, Silent};
use vhd_porter::sr::Repository;
use vhd_porter::stream::{Compression, Level};
use vhd_porter::tool::{self, Choice};
use vhd_porter::transport::{Origin, Sink, Source, Target};

use crate::long;
use crate::place::{Place, run, some_uuids};

/// Archives that cannot come in: one that was cut off, one of noise, one that is empty.
fn bad_archives(place: &Place, good: &Path) -> Vec<PathBuf> {
    let bytes = fs::read(good).unwrap();
    let noise: Vec<u8> = (0..4096u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let bad = [("cut", &bytes[..bytes.len() / 2]), ("noise", &noise), ("empty", &[])];
    bad.iter()
        .map(|(name, bytes)| {
            let path = place.path(name);
            fs::File::create_new(&path).unwrap().write_all(bytes).unwrap();
            path
        })
        .collect()
}

#[test]
fn nothing_is_left_of_many_runs_of_which_half_fail() {
    let place = Place::new();
    let archive = place.archive(1, 3);
    let bad = bad_archives(&place, &archive.path);
    let exporting = |vdi: Uuid| {
        let mut command = place.porter(&[], &["export", "--json", "--chain", "-o", "/dev/null", "--sr"]);
        command.arg(place.sr()).arg("--vdi").arg(vdi.to_string());
        command
    };
    let rounds = if long() { 400 } else { 12 };
    let (mut done, mut failed, mut died) = (0, 0, 0);
    for round in 0..rounds {
        let uuids = some_uuids(3);
        place.import(&archive.path, &uuids).done();
        run(exporting(uuids[0])).done();
        let archive = &bad[round % bad.len()];
        assert_eq!(place.import(archive, &some_uuids(3)).status, Some(1), "{}", archive.display());
        run(exporting(Uuid::new_v4())).refused("not-found");
        (done, failed) = (done + 2, failed + 2);
        let mut victim = place.importing(&[], &place.path("1-3.tar.gz"), &some_uuids(3)).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(round as u64 % 40));
        victim.kill().unwrap();
        let outcome = crate::place::ended(victim);
        if outcome.status.is_none() {
            died += 1;
        }
        place.recover(&[]).done();
        let arrived = place.arrived();
        assert!(arrived.len() == 3 || arrived.len() == 6, "{arrived:?}");
        for name in arrived {
            fs::remove_file(place.sr().join(name)).unwrap();
        }
    }
    let receipts = fs::read_dir(place.path("state/receipts")).unwrap().count();
    assert!(receipts <= 2 * rounds, "{receipts}: one for each run that landed, and no more");
    let locks = fs::read_dir(place.locks()).unwrap().count();
    assert_eq!(locks, 2, "the storage manager's own");
    place.assert_holds(&[]);
    println!("{done} runs done, {failed} failed, {died} died; {receipts} receipts");
}

#[test]
fn one_process_does_not_grow() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "soak::many_in_this_process", "--ignored", "--nocapture"]);
    // Threads come and go with every run. What glibc keeps of freed memory in the arenas of each depends on their timing, and
    // is nothing that a run has left.
    command.env("MALLOC_ARENA_MAX", "1");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said.lines().filter(|line| line.contains("KiB")).for_each(|line| println!("{line}"));
}

/// Open descriptors, and KiB of memory that is resident.
fn held() -> (usize, u64) {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    (descriptors, resident.trim().trim_end_matches(" kB").parse().unwrap())
}

/// Most that the process may grow once it is warm, KiB.
const GROWTH: u64 = 4096;

#[test]
#[ignore = "alone in its process: one_process_does_not_grow starts it"]
fn many_in_this_process() {
    let place = Place::new();
    let archive = place.archive(1, 3);
    let bad = bad_archives(&place, &archive.path);
    let mut settings = vhd_porter::config::Settings::default();
    for (key, value) in
        [(vhd_porter::config::key::STATE, "state"), (vhd_porter::config::key::SR_LOCKS, "locks")]
    {
        settings.set(key, place.path(value).to_str().unwrap(), vhd_porter::config::Origin::Option).unwrap();
    }
    let tool = tool::select(Choice::Embedded, "").unwrap();
    let ctx = Context { tool: tool.as_ref(), progress: &Silent, clock: SystemTime::now, threads: 2 };
    let import = |path: &Path, uuids: &[Uuid]| {
        let sr = Repository::open_writable(place.sr(), &settings).unwrap();
        let import = Import { uuids: Identities::LeafFirst(uuids.to_vec()), ..Import::default() };
        let name = path.to_str().unwrap();
        import.run(Origin::of(name), || Source::open(name, &settings), &sr, ctx)
    };
    let export = |vdi: Uuid| {
        let sr = Repository::open(place.sr()).unwrap();
        let export = Export {
            vdis: vec![vdi],
            chain: true,
            flatten: false,
            compression: Compression::Gzip(Level::Deflate(1)),
            digests: Vec::new(),
        };
        export.run(&sr, Sink::open(&Target::from("/dev/null"), &settings)?, ctx)
    };
    let rounds = if long() { 1000 } else { 60 };
    let (mut warm, mut most) = ((0, 0), 0);
    for round in 0..rounds {
        let uuids = some_uuids(3);
        assert_eq!(import(&archive.path, &uuids).unwrap().root.uuid, uuids[0]);
        export(uuids[0]).unwrap();
        import(&bad[round % bad.len()], &some_uuids(3)).unwrap_err();
        export(Uuid::new_v4()).unwrap_err();
        place.destroy(&uuids);
        if round == rounds / 5 {
            warm = held();
        } else if round > rounds / 5 {
            let (descriptors, resident) = held();
            assert_eq!(descriptors, warm.0, "descriptors in round {round}");
            most = most.max(resident);
        }
    }
    assert!(most < warm.1 + GROWTH, "{} KiB, then {most} KiB", warm.1);
    println!(
        "{rounds} rounds of four: {} descriptors; {} KiB when warm, at most {most} KiB later",
        warm.0, warm.1
    );
    place.assert_holds(&[]);
}

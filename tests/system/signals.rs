//! Signals: the first one stops the work in good order, the second one kills; the SR is never worse for either.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use uuid::Uuid;

use crate::support::{Disk, Porter, Run, Snapshot, Sr, chain, tar_gz};

const SIGNALS: [(Signal, i32, &str); 3] =
    [(Signal::HUP, 129, "SIGHUP"), (Signal::INT, 130, "SIGINT"), (Signal::TERM, 143, "SIGTERM")];

/// Three links that take a while.
fn image() -> Vec<u8> {
    let disk = |index: u8| {
        let disk =
            (0..12).fold(Disk::new(7 + u128::from(index), 64 << 20), |disk, block| disk.block(block, index));
        Disk { hidden: index > 0, ..disk }
    };
    let [leaf, middle, base] = [0, 1, 2].map(disk);
    let (leaf, middle) = (leaf.parent(middle.uuid), middle.parent(base.uuid));
    let members: Vec<_> =
        [leaf, middle, base].iter().enumerate().map(|(n, disk)| (format!("{n}.vhd"), disk.bytes())).collect();
    tar_gz(&members)
}

/// The staging areas in an SR.
fn staging(root: &std::path::Path) -> Vec<PathBuf> {
    let names = root.read_dir().unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|e| e == "staging")).collect()
}

#[track_caller]
fn assert_stopped(run: &Run, code: i32, name: &str) {
    assert_eq!(run.status, code, "{}{}", run.text(), run.stderr);
    let document = run.json();
    assert_eq!(document["error"]["kind"], "stopped");
    assert_eq!(document["error"]["message"], format!("stopped by {name}, nothing landed"));
}

/// An import of half an image, whose other half is waited for as long as it works.
fn waiting(sr: &Sr, image: &[u8]) -> Porter {
    let (root, half) = (sr.root().to_owned(), image[..image.len() / 2].to_vec());
    sr.importing("-").feed(move |pipe| {
        pipe.write_all(&half)?;
        let start = Instant::now();
        while !staging(&root).is_empty() && start.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    })
}

#[test]
fn an_import_that_waits_for_more_stops_and_cleans_up() {
    let image = image();
    for (signal, code, name) in SIGNALS {
        let sr = Sr::new();
        let (before, root) = (sr.snapshot(), sr.root().to_owned());
        let run = waiting(&sr, &image).signal(signal, move |_| !staging(&root).is_empty()).run();
        assert_stopped(&run, code, name);
        assert_eq!(sr.snapshot(), before, "after {name}");
    }
}

#[test]
fn the_second_signal_kills_and_a_recovery_cleans_up() {
    let sr = Sr::new();
    let (before, root) = (sr.snapshot(), sr.root().to_owned());
    let (end, killed) = std::sync::mpsc::channel::<()>();
    let run = sr
        .importing("-")
        .feed(move |pipe| {
            pipe.write_all(&[0; 100])?;
            let _ = killed.recv_timeout(Duration::from_secs(60));
            Ok(())
        })
        .signal(Signal::STOP, move |_| !staging(&root).is_empty())
        // Both wait for it when it goes on.
        .signal(Signal::TERM, |_| true)
        .signal(Signal::INT, |_| true)
        .signal(Signal::CONT, move |_| end.send(()).is_ok())
        .run();
    assert_eq!(run.status, -1, "{}{}", run.text(), run.stderr);
    assert_eq!(staging(sr.root()).len(), 1, "killed in the middle");
    Porter::new(["recover", "--sr"]).arg(sr.root()).run().done();
    assert_eq!(sr.snapshot(), before);
}

/// How often a campaign is stopped: a few times, or many with `VHD_PORTER_LONG`.
fn rounds() -> u32 {
    if std::env::var_os("VHD_PORTER_LONG").is_some() { 100 } else { 12 }
}

/// Stops `start`'s program at moments from its beginning to its end. `judge` looks at what became of each one, and says
/// whether it was done.
fn stop_anywhere(what: &str, start: impl Fn(u32) -> Porter, judge: impl Fn(&Run, u32) -> bool) {
    let begin = Instant::now();
    let undisturbed = start(0).run();
    // Somewhat longer than it takes, so that some come too late.
    let (rounds, span) = (rounds(), begin.elapsed() * 6 / 5);
    assert!(judge(&undisturbed, 0), "{what}: undisturbed");
    let mut done = 0;
    for round in 1..=rounds {
        let (signal, ..) = SIGNALS[round as usize % 3];
        let moment = span * round / rounds;
        let run = start(round).signal(signal, move |elapsed| elapsed >= moment).run();
        done += u32::from(judge(&run, round));
    }
    println!("{what}: {rounds} signals, {done} runs done, {} stopped, 0 violations", rounds - done);
}

/// Whether a run was done; any other end than that and a stop is a failure.
#[track_caller]
fn was_done(run: &Run, round: u32) -> bool {
    if run.status == 0 {
        return true;
    }
    // A signal that comes before the program looks for signals kills it: nothing has begun by then.
    if run.status != -1 {
        let (_, code, name) = SIGNALS[round as usize % 3];
        assert_stopped(run, code, name);
    }
    false
}

/// Judges a run that brings a chain into an SR, of which nothing or all must be there; and empties the SR again.
#[track_caller]
fn all_or_nothing(sr: &Sr, before: &Snapshot, run: &Run, round: u32) -> bool {
    let done = was_done(run, round);
    if done {
        let vdis = chain(run);
        sr.assert_chain(&vdis);
        vdis.iter().for_each(|vdi| std::fs::remove_file(sr.vdi(vdi)).unwrap());
    }
    assert_eq!(sr.snapshot(), *before, "round {round}: {}{}", run.text(), run.stderr);
    done
}

#[test]
fn imports_are_stopped_anywhere() {
    let (sr, scratch) = (Sr::new(), tempfile::tempdir().unwrap());
    let path = scratch.path().join("image");
    std::fs::write(&path, image()).unwrap();
    let before = sr.snapshot();
    stop_anywhere("import", |_| sr.importing(&path), |run, round| all_or_nothing(&sr, &before, run, round));
    stop_anywhere(
        "import --flatten",
        |_| sr.importing(&path).arg("--flatten"),
        |run, round| all_or_nothing(&sr, &before, run, round),
    );
}

#[test]
fn copies_are_stopped_anywhere() {
    let sr = Sr::new();
    let vdis = sr.import(image());
    let before = sr.snapshot();
    stop_anywhere(
        "copy",
        |_| Porter::new(["copy", "--json", "--sr"]).arg(sr.root()).vdis(&vdis),
        |run, round| all_or_nothing(&sr, &before, run, round),
    );
}

/// Judges a run that makes `output` from what is in an SR.
#[track_caller]
fn whole_or_none(sr: &Sr, before: &Snapshot, output: &std::path::Path, run: &Run, round: u32) -> bool {
    let done = was_done(run, round);
    assert_eq!(sr.snapshot(), *before, "round {round}: {}{}", run.text(), run.stderr);
    let made: Vec<_> = output.parent().unwrap().read_dir().unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(made, if done { vec![output.to_owned()] } else { Vec::new() }, "round {round}");
    made.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    done
}

#[test]
fn exports_and_flattenings_are_stopped_anywhere() {
    let (sr, scratch) = (Sr::new(), tempfile::tempdir().unwrap());
    let vdis: Vec<Uuid> = sr.import(image());
    let (before, output) = (sr.snapshot(), scratch.path().join("output"));
    stop_anywhere(
        "export",
        |_| sr.exporting().args(["--json", "--level", "1"]).vdis(&vdis).arg("-o").arg(&output),
        |run, round| whole_or_none(&sr, &before, &output, run, round),
    );
    stop_anywhere(
        "flatten",
        |_| Porter::new(["flatten", "--json"]).arg(sr.vdi(vdis[0])).arg("-o").arg(&output),
        |run, round| whole_or_none(&sr, &before, &output, run, round),
    );
}

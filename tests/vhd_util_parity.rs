//! `vhd-util` against what the real one did: every recorded run is run again, and has to end in the same words, the same
//! exit code and the same bytes, or in a way that `docs/vhd-util.md` lists.
//!
//! `PARITY_SHOW=pattern` prints the runs whose name contains the pattern and that differ.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(missing_docs, reason = "a test")]

#[path = "parity/deviations.rs"]
mod deviations;
#[path = "parity/record.rs"]
mod record;
#[path = "parity/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use record::{Group, Record};
use world::World;

/// How many runs agree. It may only rise.
const AGREE: usize = 15_560;

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// All as recorded.
    Exact,
    /// The real one crashed or hung; ours ended.
    Better,
    /// Other words, same end.
    Words,
    /// Other bytes in a file.
    Files,
    /// Ours failed where the real one did not.
    Stricter,
    /// The other way round.
    Laxer,
    /// Ours was killed by a signal.
    Crash,
}

#[test]
fn agrees_with_the_real_program() {
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/oracle");
    let world = World::unpack(&oracle.join("images.tar.gz"));
    let groups = record::groups(&oracle.join("transcripts.jsonl.gz"));
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = replay(&world, group);
                    results.lock().unwrap().extend(done);
                }
            });
        }
    });
    let results = results.into_inner().unwrap();
    let agree = results.iter().filter(|(_, kind)| *kind <= Kind::Better).count();
    println!("{agree} of {} identical", results.len());
    let mut named: BTreeMap<&str, BTreeMap<Kind, usize>> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (record, kind) in results.iter().filter(|(_, kind)| *kind > Kind::Better) {
        match deviations::name(record) {
            Some(name) => *named.entry(name).or_default().entry(*kind).or_default() += 1,
            None => unexplained.push(format!("{kind:?} {} {}", record.id, record.argv.join(" "))),
        }
    }
    for (name, kinds) in &named {
        println!("  {name}: {kinds:?}");
    }
    let documented = std::fs::read_to_string(oracle.join("../../docs/vhd-util.md")).unwrap();
    for name in named.keys() {
        assert!(documented.contains(&format!("| `{name}` |")), "{name} is not in docs/vhd-util.md");
    }
    assert!(unexplained.is_empty(), "{} not explained:\n{}", unexplained.len(), unexplained.join("\n"));
    assert!(results.iter().all(|(_, kind)| *kind != Kind::Crash));
    assert!(agree >= AGREE, "{agree} agree, {AGREE} did before");
}

fn replay<'a>(world: &World, group: &'a Group) -> Vec<(&'a Record, Kind)> {
    let mut results = Vec::new();
    let case = &group.records[0].case;
    if !world.has(case) {
        return results;
    }
    let (_home, directory) = world.copy(case);
    for record in &group.records {
        record.extra_files.iter().for_each(|name| world.lend(name, &directory));
        let output = run(record, &directory);
        let kind = judge(record, &output, &directory);
        show(record, kind, &output);
        results.push((record, kind));
        if kind > Kind::Better && record.files.as_ref().is_some_and(|f| !f.is_empty()) {
            // Later runs of the group would start from other files.
            break;
        }
    }
    results
}

fn run(record: &Record, directory: &PathBuf) -> Output {
    let here = directory.to_str().unwrap();
    Command::new(env!("CARGO_BIN_EXE_vhd-util"))
        .args(record.argv.iter().map(|arg| arg.replace("@DIR@", here)))
        .current_dir(directory)
        .envs([("TZ", "UTC"), ("LC_ALL", "C"), ("SOURCE_DATE_EPOCH", "1735689600")])
        .envs(&record.env)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn judge(record: &Record, output: &Output, directory: &Path) -> Kind {
    let Some(code) = output.status.code() else { return Kind::Crash };
    if record.signal.is_some() || record.timeout {
        return Kind::Better;
    }
    let here = directory.to_str().unwrap();
    let same = |bytes: &[u8], recorded: &str| {
        let text = String::from_utf8_lossy(bytes).replace(here, "@DIR@");
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        if record.unordered { sorted(&text) == sorted(recorded) } else { text == recorded }
    };
    let said = match &record.stdout_bin {
        Some(binary) => binary.is(&output.stdout),
        None => same(&output.stdout, &record.stdout),
    };
    let files = record.files.iter().flatten();
    let written =
        files.clone().all(|(name, file)| world::is_as_recorded(&directory.join(name), file.as_ref()));
    let recorded = record.rc.unwrap_or(-1);
    if said && written && same(&output.stderr, &record.stderr) && code == recorded {
        Kind::Exact
    } else if (code == 0) != (recorded == 0) {
        if code == 0 { Kind::Laxer } else { Kind::Stricter }
    } else if written {
        Kind::Words
    } else {
        Kind::Files
    }
}

fn show(record: &Record, kind: Kind, output: &Output) {
    let wanted = std::env::var("PARITY_SHOW").ok().filter(|p| kind > Kind::Better && record.id.contains(p));
    if wanted.is_some() {
        println!("{kind:?} {}: vhd-util {}", record.id, record.argv.join(" "));
        println!("  recorded {:?} {:?} {:?}", record.rc, record.stdout, record.stderr);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        println!("  now {:?} {:?} {:?}", output.status.code(), text(&output.stdout), text(&output.stderr));
    }
}

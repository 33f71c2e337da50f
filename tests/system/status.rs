//! What transfers tell of themselves: seen while they work and when they have ended, stopped by whoever sees them, and of no
//! consequence where nothing can be written.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Fixture, Porter, Run, Sr};

/// A pipe that an image comes through when the test wants it to, and a place for the status.
struct Place {
    scratch: TempDir,
    sr: Sr,
}

impl Place {
    fn new() -> Self {
        let place = Self { scratch: tempfile::tempdir().unwrap(), sr: Sr::new() };
        place.pipe("pipe");
        place
    }

    fn pipe(&self, name: &str) {
        rustix::fs::mkfifoat(rustix::fs::CWD, self.path(name), rustix::fs::Mode::RWXU).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.scratch.path().join(name)
    }

    fn porter<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Porter {
        Porter::new(words).env("VHD_PORTER_STATE", self.path("state"))
    }

    fn importing(&self, pipe: &str) -> Porter {
        self.sr.importing(self.path(pipe)).env("VHD_PORTER_STATE", self.path("state"))
    }

    /// What `status --json` shows.
    fn shown(&self) -> Vec<Value> {
        let document = self.porter(["status", "--json"]).run().done().json();
        document["transfers"].as_array().unwrap().clone()
    }

    /// Waits until one that fits is shown.
    #[track_caller]
    fn wait(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let shown = self.shown();
            if let Some(one) = shown.iter().find(|one| fits(one)) {
                return one.clone();
            }
            assert!(start.elapsed() < Duration::from_secs(30), "nothing fits: {shown:#?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts an import from `pipe` that has got `head`, and calls `then` with the pipe and what is shown of it.
    fn while_importing(&self, head: &[u8], then: impl FnOnce(File, Value)) -> Run {
        thread::scope(|scope| {
            let run = scope.spawn(|| self.importing("pipe").arg("-v").run());
            // Opened for reading as well: it does not wait for the other end, nor end when that has not come yet.
            let mut pipe = File::options().read(true).write(true).open(self.path("pipe")).unwrap();
            pipe.write_all(head).unwrap();
            let shown = self.wait(|one| one["state"] == "running" && one["bytes"] == json!(head.len()));
            then(pipe, shown);
            run.join().unwrap()
        })
    }
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

fn image() -> Vec<u8> {
    fs::read(&Fixture::diff3().path).unwrap()
}

#[test]
fn a_transfer_is_seen_at_work_and_when_it_is_done() {
    let (place, image) = (Place::new(), image());
    let run = place.while_importing(&image[..1000], |mut pipe, shown| {
        assert_eq!((&shown["what"], &shown["stage"]), (&json!("import"), &json!("unpacking")));
        assert_eq!(shown["source"], json!(place.path("pipe")));
        assert_eq!(shown["sr"], json!(place.sr.root()));
        assert_eq!(
            (&shown["total"], &shown["ended"], &shown["why"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        let text = place.porter(["status", &id(&shown)[..7]]).run().done().text();
        assert!(text.starts_with(&format!("{}  import  unpacking for ", id(&shown))), "{text}");
        pipe.write_all(&image[1000..]).unwrap();
    });
    run.done();
    let shown = place.shown();
    assert_eq!(
        (shown.len(), &shown[0]["state"], &shown[0]["bytes"]),
        (1, &json!("done"), &json!(image.len()))
    );
    assert!(shown[0]["ended"].is_number() && shown[0]["stage"].is_null() && shown[0]["why"].is_null());
}

#[test]
fn a_transfer_is_stopped_by_its_id_and_nothing_is_left() {
    let place = Place::new();
    let before = place.sr.snapshot();
    let run = place.while_importing(&image()[..1000], |_, shown| {
        let unknown = place.porter(["cancel", "--json", "nothing"]).run();
        assert!(unknown.refused("not-found").contains("no transfer is called \"nothing\""));
        let slip = format!("{}x", &id(&shown)[..7]);
        let slip = place.porter(["cancel", "--json", &slip]).run().refused("not-found");
        assert!(slip.contains(&format!("did you mean {}?", id(&shown))), "{slip}");
        assert_eq!(place.shown()[0]["state"], "running");
        let stopped = place.porter(["cancel", "--json", &id(&shown)[..4]]).run().done().json();
        assert_eq!((&stopped["id"], &stopped["state"]), (&shown["id"], &json!("stopped")));
    });
    assert_eq!(run.status, 143, "{}", run.stderr);
    assert_eq!(run.json()["error"]["message"], "stopped by SIGTERM, nothing landed");
    assert!(run.stderr.contains("asked to stop by vhd-porter cancel"), "{}", run.stderr);
    assert_eq!(place.sr.snapshot(), before);
    let shown = place.shown();
    let why = json!("stopped by SIGTERM, nothing landed");
    assert_eq!((&shown[0]["state"], &shown[0]["why"]), (&json!("stopped"), &why));
    // Again is as well: it has stopped.
    place.porter(["cancel", id(&shown[0])]).run().done();
}

#[test]
fn a_transfer_that_was_killed_has_died_and_cannot_be_stopped() {
    let place = Place::new();
    let run = place.while_importing(&image()[..1000], |_, shown| {
        // It is not waited for yet by its parent: the number is still its own.
        let pid = Pid::from_raw(i32::try_from(shown["pid"].as_i64().unwrap()).unwrap());
        kill_process(pid.unwrap(), Signal::KILL).unwrap();
        place.wait(|one| one["state"] == "died" && one["id"] == shown["id"]);
    });
    assert_eq!(run.status, -1);
    let shown = place.shown();
    let again = place.porter(["cancel", "--json", id(&shown[0])]).run();
    assert_eq!((again.status, &again.json()["state"]), (1, &json!("died")));
    assert_eq!(place.porter(["status", "--watch", "--json", id(&shown[0])]).run().status, 1);
    // The next one is not disturbed, and both are remembered.
    place.porter(["check", "--sr"]).arg(place.sr.root()).run();
    let states: Vec<_> = place.shown().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, [json!("done"), json!("died")]);
}

#[test]
fn two_transfers_at_once_are_two() {
    let (place, image) = (Place::new(), image());
    place.pipe("other");
    let other = thread::scope(|scope| {
        let other = scope.spawn(|| place.importing("other").arg("-v").run());
        let mut slow = File::options().read(true).write(true).open(place.path("other")).unwrap();
        slow.write_all(&image[..500]).unwrap();
        place.wait(|one| one["bytes"] == 500);
        let run = place.while_importing(&image[..1000], |_, shown| {
            let running = place.shown();
            let ids: Vec<&str> = running.iter().map(id).collect();
            assert!(ids.len() == 2 && ids[0] != ids[1], "{running:#?}");
            place.porter(["cancel", id(&shown)]).run().done();
        });
        assert_eq!(run.status, 143);
        assert_eq!(place.shown()[0]["state"], "running", "the other one goes on");
        slow.write_all(&image[500..]).unwrap();
        drop(slow);
        other.join().unwrap()
    });
    other.done();
    let states: Vec<_> = place.shown().iter().map(|one| one["state"].clone()).collect();
    assert!(states.contains(&json!("done")) && states.contains(&json!("stopped")), "{states:?}");
}

#[test]
fn a_watch_of_one_ends_with_it() {
    let (place, image) = (Place::new(), image());
    let mut seen = Vec::new();
    place.while_importing(&image[..1000], |mut pipe, shown| {
        thread::scope(|scope| {
            let watch = scope.spawn(|| place.porter(["status", "--watch", "--json", id(&shown)]).run());
            thread::sleep(Duration::from_millis(1500));
            pipe.write_all(&image[1000..]).unwrap();
            drop(pipe);
            let run = watch.join().unwrap().done();
            seen = run.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
        });
    });
    let states: Vec<&Value> = seen.iter().map(|document| &document["transfers"][0]["state"]).collect();
    assert!(states.len() >= 2 && states[0] == "running", "{states:?}");
    assert_eq!(states[states.len() - 1], "done");
}

#[test]
fn the_log_of_a_run_has_the_id_of_its_status_and_what_each_stage_came_to() {
    let (place, image) = (Place::new(), image());
    let run = place.while_importing(&image[..1000], |mut pipe, _| pipe.write_all(&image[1000..]).unwrap());
    let shown = place.shown();
    let (lines, id) = (run.stderr.clone(), id(&shown[0]));
    let told: Vec<&str> = lines.lines().filter(|line| line.contains(" INFO ")).collect();
    assert!(told.iter().all(|line| line.starts_with(&format!("{id} INFO "))), "{lines}");
    for stage in [
        &format!("unpacking bytes={} seconds=", image.len()),
        "relinking and checking seconds=",
        "moving into the SR seconds=",
    ] {
        assert_eq!(told.iter().filter(|line| line.contains(stage)).count(), 1, "{stage}: {lines}");
    }
    assert!(!lines.contains("held back"), "nothing failed: {lines}");
}

#[test]
fn a_run_that_fails_tells_what_it_held_back_to_whoever_wants_to_know() {
    let place = Place::new();
    fs::write(place.path("damaged"), &image()[..2000]).unwrap();
    let run = place.importing("damaged").arg("-v").run();
    run.refused("bad-archive");
    let shown = place.shown();
    assert_eq!((&shown[0]["state"], &shown[0]["stage"]), (&json!("failed"), &json!("unpacking")));
    assert_eq!(shown[0]["why"], run.json()["error"]["message"]);
    let start = format!("{} held back, at ", id(&shown[0]));
    assert!(
        run.stderr.lines().any(|line| line.starts_with(&start) && line.contains("DEBUG")),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("broken_off=true"), "{}", run.stderr);
    let quiet = place.importing("damaged").run();
    assert_eq!(quiet.stderr, "", "nobody asked");
}

#[test]
fn everything_that_moves_data_has_a_status() {
    let place = Place::new();
    let vdis = place.sr.import(image());
    let leaf = place.sr.vdi(vdis[0]).display().to_string();
    let [flat, raw, out] = ["flat.vhd", "raw", "out"].map(|name| place.path(name).display().to_string());
    let (child, parent) =
        (place.path("child.vhd").display().to_string(), place.path("new.vhd").display().to_string());
    let (sr, vdi) = (place.sr.root().display().to_string(), vdis[0].to_string());
    for (words, status) in [
        (&["flatten", &leaf, "-o", &flat][..], json!({"source": leaf, "target": flat})),
        (&["convert", &flat, &raw, "--to", "raw"], json!({"source": flat, "target": raw})),
        (&["compare", &flat, &raw], json!({"source": flat, "target": raw})),
        (&["check", "--deep", &flat], json!({"source": flat, "target": null, "sr": null})),
        (&["check", "--sr", &sr], json!({"source": null, "sr": sr})),
        (
            &["export", "--sr", &sr, "--vdi", &vdi, "--chain", "-o", &out],
            json!({"target": out, "sr": sr, "vdis": [vdi]}),
        ),
        (
            &["copy", "--sr", &sr, "--vdi", &vdis[2].to_string()],
            json!({"source": null, "sr": sr, "vdis": [vdis[2]]}),
        ),
        (&["create", &parent, "--size", "4M"], Value::Null),
        (&["snapshot", &parent, &child], Value::Null),
        (&["coalesce", &child], json!({"source": child})),
        (&["inspect", &child], Value::Null),
        (&["map", &child], Value::Null),
    ] {
        let before = place.shown().len();
        place.porter(words.iter().copied()).run().done();
        let shown = place.shown();
        assert_eq!(shown.len(), before + usize::from(status.is_object()), "{words:?}");
        let Some(expected) = status.as_object() else { continue };
        let one = shown.iter().find(|one| one["what"] == words[0] && one["source"] == status["source"]);
        let one = one.unwrap_or_else(|| panic!("{words:?}: {shown:#?}"));
        assert_eq!(one["state"], "done", "{words:?}");
        expected.iter().for_each(|(key, value)| assert_eq!(&one[key], value, "{words:?}: {key}"));
    }
}

#[test]
fn where_nothing_can_be_written_there_is_no_status_and_all_else_works() {
    let (place, sr) = (Place::new(), Sr::new());
    let file = place.path("file");
    fs::write(&file, "").unwrap();
    let [foreign, led] = ["foreign", "led"].map(|name| place.path(name));
    fs::create_dir_all(foreign.join("status")).unwrap();
    fs::set_permissions(foreign.join("status"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    fs::create_dir(&led).unwrap();
    std::os::unix::fs::symlink(place.scratch.path(), led.join("status")).unwrap();
    for state in [file.as_path(), &foreign, &led, Path::new("/dev/null/none"), Path::new("/proc/none")] {
        let run = sr.importing(&Fixture::diff3().path).env("VHD_PORTER_STATE", state).run();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{}", state.display());
        let status = Porter::new(["status", "--json"]).env("VHD_PORTER_STATE", state).run();
        if state == foreign {
            assert!(status.refused("system").contains("nobody else can write to"));
        } else if state != led {
            assert_eq!(status.done().json(), json!({ "transfers": [] }), "{}", state.display());
        }
    }
    assert_eq!(fs::read_dir(foreign.join("status")).unwrap().count(), 0);
}

#[test]
fn files_of_others_in_the_directory_disturb_nobody() {
    let place = Place::new();
    let check = || place.porter(["check", "--sr"]).arg(place.sr.root()).run().done();
    check();
    let directory = place.path("state/status");
    let name = |id: &str| directory.join(format!("{id}.status"));
    std::os::unix::fs::symlink("/etc/passwd", name("aaaaaaaa")).unwrap();
    fs::write(name("bbbbbbbb"), "00000000 {}").unwrap();
    File::create(name("cccccccc")).unwrap().set_len(8 << 30).unwrap();
    fs::create_dir(name("dddddddd")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, name("eeeeeeee"), rustix::fs::Mode::RWXU).unwrap();
    fs::write(directory.join("another"), "one").unwrap();
    check();
    assert_eq!(place.shown().len(), 2);
    let all = place.porter(["status", "--all"]).run().done();
    assert!(
        all.text().lines().count() == 4 && all.peak_kib < 64 << 10,
        "{} KiB: {}",
        all.peak_kib,
        all.text()
    );
    place.porter(["cancel", "--json", "aaaaaaaa"]).run().refused("not-found");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 8);
}

#[test]
fn no_secret_is_in_the_status() {
    let place = Place::new();
    for url in
        ["http://user:pa55w0rd@127.0.0.1:1/image?sig=f00ba7", "ftp://user:pa55w0rd@127.0.0.1/x?sig=f00ba7"]
    {
        let run = place.sr.importing(url).env("VHD_PORTER_STATE", place.path("state"));
        let run = run.arg("-v").env("VHD_PORTER_HTTP_RETRIES", "0").run();
        assert_eq!(run.status, 1, "{}", run.stderr);
        let said = format!("{}{}{:?}", run.text(), run.stderr, place.shown());
        let stored: Vec<u8> = fs::read_dir(place.path("state/status"))
            .unwrap()
            .flat_map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .collect();
        let said = said + &String::from_utf8_lossy(&stored);
        assert!(!said.contains("pa55w0rd") && !said.contains("f00ba7"), "{said}");
    }
}

#[test]
fn a_comparison_stops_as_well() {
    let place = Place::new();
    // So much data in so many places takes seconds, if nothing stops it.
    let disk = fs::File::create(place.path("one.raw")).unwrap();
    disk.set_len(1 << 40).unwrap();
    for run in 0..100_000 {
        std::os::unix::fs::FileExt::write_all_at(&disk, &[7; 512], run << 22).unwrap();
    }
    fs::hard_link(place.path("one.raw"), place.path("two.raw")).unwrap();
    let [one, two] = ["one.raw", "two.raw"].map(|name| place.path(name).display().to_string());
    thread::scope(|scope| {
        let run = scope.spawn(|| place.porter(["compare", "--json", &one, &two]).run());
        let shown = place.wait(|shown| shown["stage"] == "comparing");
        place.porter(["cancel", id(&shown)]).run().done();
        assert_eq!(run.join().unwrap().status, 143);
    });
}

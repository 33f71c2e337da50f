//! What an error says to do next: in words, and as `hint` in the document.

use uuid::Uuid;

use crate::support::{Disk, Fixture, Part, Porter, Sr, Vhd};

const SIZE: u64 = 4 << 20;

/// A command, the kind of its error, and words of its hint.
type Case<'a> = (&'a [&'a str], &'a str, &'a str);

fn table(sr: &Sr, cases: &[Case<'_>]) {
    for (command, kind, words) in cases {
        let run = |more: &[&str]| Porter::new(*command).args(more).current_dir(&sr.beside("")).run();
        let document = run(&["--json"]).json();
        assert_eq!(document["error"]["kind"], *kind, "{command:?}: {document}");
        let hint = document["error"]["hint"].as_str().unwrap_or_else(|| panic!("{command:?}: {document}"));
        assert!(hint.contains(words), "{command:?}: {words} in {hint}");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(!message.contains(words), "{command:?}: it is said once: {message}");
        let told = run(&[]).stderr;
        assert!(told.ends_with(&format!("{message}\nhint: {hint}\n")), "{command:?}: {told}");
    }
}

#[test]
fn common_failures_say_what_to_do_next() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let [leaf, chain] = [vdis[0].to_string(), Fixture::diff3().path.display().to_string()];
    let place = sr.beside("");
    std::fs::write(place.join("raw.img"), vec![7; 1 << 20]).unwrap();
    let cut = std::fs::read(&Fixture::ext4_chain().path).unwrap();
    std::fs::write(place.join("cut.tgz"), &cut[..cut.len() / 2]).unwrap();
    let bad = Vhd(Disk::new(9, SIZE).bytes()).spoil(Part::Footer, 0, b"X");
    std::fs::write(place.join("bad.vhd"), bad.0).unwrap();
    let short = Vhd(Disk::new(9, SIZE).block(0, 1).bytes()).cut(1 << 20);
    std::fs::write(place.join("short.vhd"), short.0).unwrap();
    std::fs::write(place.join("there"), "").unwrap();
    table(
        &sr,
        &[
            (&["import", "none", "--sr", "sr"], "not-found", "how the path is written"),
            (&["import", &chain, "--sr", "none"], "not-found", "--create-sr"),
            (&["import", &chain, "--sr", "raw.img"], "bad-sr", "<uuid>.vhd files"),
            (&["import", "raw.img", "--sr", "sr"], "bad-archive", "convert --raw"),
            (&["import", "cut.tgz", "--sr", "sr"], "bad-archive", "compare its digest"),
            (&["import", "bad.vhd", "--sr", "sr"], "bad-image", "import --repair"),
            (&["import", "short.vhd", "--sr", "sr"], "bad-image", "get it again"),
            (&["import", &chain, "--sr", "sr", "--uuid", &leaf], "taken", "list --sr"),
            (
                &["import", &chain, "--sr", "sr", "--uuid", &Uuid::from_u128(1).to_string()],
                "too-few-uuids",
                "one --uuid for each",
            ),
            (&["import", "sr", "--sr", "sr"], "bad-argument", "vhd-porter list"),
            (&["import", "http://127.0.0.1:1/x", "--sr", "sr"], "network", "try again"),
            (&["export", "--sr", "sr", "--vdi", "7777777", "-o", "x"], "not-found", "vhd-porter list --sr"),
            (&["export", "--sr", "sr", "--vdi", &leaf, "--chain", "-o", "there"], "taken", "another name"),
            (&["flatten", "raw.img", "-o", "x"], "bad-image", "convert --raw"),
            (&["check", "none.vhd"], "not-found", "how the path is written"),
        ],
    );
}

#[test]
fn a_vdi_is_named_by_the_beginning_of_its_uuid() {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let near = |uuid: Uuid, digit: char| {
        let mut text = uuid.to_string();
        text.replace_range(35.., &digit.to_string());
        text
    };
    let twin = vdis[0].to_string();
    let digit = if twin.ends_with('0') { '1' } else { '0' };
    std::fs::copy(sr.vdi(vdis[2]), sr.vdi(near(vdis[0], digit))).unwrap();
    let export = |vdi: &str, out: &str| {
        Porter::new(["export", "--json", "--sr"])
            .arg(sr.root())
            .args(["--vdi", vdi, "-o"])
            .arg(sr.beside(out))
            .run()
    };
    let exported = export(&vdis[2].to_string().to_uppercase()[..11], "base.tar.gz").done().json();
    assert_eq!(exported["vdis"], serde_json::json!([vdis[2]]));
    let copied = Porter::new(["copy", "--json", "--sr"])
        .arg(sr.root())
        .args(["--vdi", &vdis[2].to_string()[..18]])
        .run();
    copied.done();
    // Of several, all are named; of none, the one that is most like it.
    let several = export(&twin[..30], "x");
    let message = several.refused("bad-argument");
    assert!(message.contains("of 2 uuids") && message.contains(&twin), "{message}");
    assert!(several.json()["error"]["hint"].as_str().unwrap().contains("more characters"));
    let none = export(&near(vdis[1], if vdis[1].to_string().ends_with('0') { '1' } else { '0' }), "x");
    assert!(none.refused("not-found").contains(" is not in "));
    let hint = none.json()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with(&format!("did you mean {}", vdis[1])), "{hint}");
    assert_eq!(export("../1", "x").status, 2);
    assert!(!sr.beside("x").exists());
}

#[test]
fn what_is_like_a_name_is_suggested() {
    for (command, status, words) in [
        (&["improt"][..], 2, "'import'"),
        (&["call", "glnace", "download_vhd2"], 1, "glnace: no such plugin; did you mean glance?"),
        (&["call", "porter", "chekc", "path=x"], 1, "no such function: the plugin porter has"),
        (&["call", "porter", "chekc", "path=x"], 1, "; did you mean check?"),
    ] {
        let run = Porter::new(command).run();
        assert_eq!(run.status, status, "{command:?}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{command:?}: {words} in {}", run.stderr);
    }
}

#[test]
fn what_a_full_or_locked_sr_needs_is_said() {
    let (sr, _) = Sr::with(Fixture::diff3());
    let gate = std::fs::File::create(sr.root().join(".vhd-porter.gate")).unwrap();
    let lock = nix::libc::flock {
        l_type: i16::try_from(nix::libc::F_WRLCK).unwrap(),
        l_whence: 0,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    nix::fcntl::fcntl(&gate, nix::fcntl::FcntlArg::F_OFD_SETLK(&lock)).unwrap();
    let busy = sr.importing(&Fixture::diff3().path).env("VHD_PORTER_SR_LOCK_WAIT", "1").run();
    busy.refused("busy");
    assert!(busy.json()["error"]["hint"].as_str().unwrap().contains("VHD_PORTER_SR_LOCK_WAIT"));
    drop(gate);
    let full = sr.importing(&Fixture::diff3().path).env("VHD_PORTER_SR_RESERVE", "100").run();
    full.refused("no-space");
    assert!(full.json()["error"]["hint"].as_str().unwrap().contains("lower sr.reserve"));
}

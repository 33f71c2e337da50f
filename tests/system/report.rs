//! `report`: the page on an SR as a file, as text, and in a real browser.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Browser, Disk, Fixture, Locators, Part, Porter, Sr, Vhd};

const SIZE: u64 = 4 << 20;
/// A name that a page must show, and not obey.
const HOSTILE: &str = "<img src=x onerror=document.title='taken'>&\u{202e}\u{1b}[31m'\".vhd";

/// An SR that has some of everything: a chain, garbage of all kinds, a disk in use, a damaged one, a hostile name.
fn troubled() -> (Sr, Vec<Uuid>) {
    let (sr, vdis) = Sr::with(Fixture::diff3());
    let write = |disk: &Disk, change: &dyn Fn(Vhd) -> Vhd| {
        std::fs::write(sr.vdi(disk.uuid), change(Vhd(disk.bytes())).0).unwrap();
        disk.uuid
    };
    let base = Disk { hidden: true, ..Disk::new(0x11, SIZE).block(0, 1) };
    let child = Disk { hidden: true, locators: Locators::Beside, ..Disk::new(0x12, SIZE).parent(base.uuid) };
    let garbage = write(&base, &|v| v);
    write(&child, &|v| v);
    let in_use = write(&Disk::new(0x13, SIZE).block(0, 1), &|v| v.spoil(Part::Footer, 0, &[0xc7; 512]));
    let damaged = write(&Disk::new(0x14, SIZE).block(0, 1), &|v| v.cut(-(1 << 20)));
    std::fs::write(sr.root().join(HOSTILE.replace('/', "")), "odd").unwrap();
    let legacy = sr.root().join("tmpAb3_xY");
    std::fs::create_dir(&legacy).unwrap();
    std::fs::write(legacy.join("0.vhd"), [1; 8192]).unwrap();
    let staging = sr.root().join(".vhd-porter-abcdef.staging");
    std::fs::create_dir(&staging).unwrap();
    let claim = json!({ "owner": { "host": "<b>h</b>", "pid": 7, "since": 0 }, "claim": { "call": "", "uuids": [] } });
    std::fs::write(staging.join("claim"), claim.to_string()).unwrap();
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    std::fs::File::open(&staging).unwrap().set_modified(hour_ago).unwrap();
    // What a link leads to is not of the SR, whatever its name is.
    let elsewhere = sr.beside("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("large"), vec![1; 1 << 20]).unwrap();
    for name in [".vhd-porter-ghijkl.staging", "tmp123456", "link"] {
        std::os::unix::fs::symlink(&elsewhere, sr.root().join(name)).unwrap();
    }
    (sr, [&vdis[..], &[garbage, in_use, damaged]].concat())
}

fn report(sr: &Sr) -> PathBuf {
    let page = sr.beside("report.html");
    Porter::new(["report", "--sr"]).arg(sr.root()).arg("-o").arg(&page).run().done();
    page
}

#[test]
fn the_page_appears_whole_and_over_nothing() {
    let (sr, _) = troubled();
    let before = sr.snapshot();
    let page = report(&sr);
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>"), "{text}");
    let again = Porter::new(["report", "--sr"]).arg(sr.root()).arg("-o").arg(&page).run();
    assert_eq!(again.status, 1);
    assert!(again.stderr.contains("exists already") && again.stderr.contains("hint: remove it"), "{again:?}");
    let piped = Porter::new(["report", "-o", "-", "--sr"]).arg(sr.root()).run().done().text();
    let timeless = |text: &str| text.split_once("<time").unwrap().0.to_owned();
    assert_eq!(timeless(&piped), timeless(&text));
    assert_eq!(sr.snapshot(), before, "reading changes nothing");
    let names: Vec<_> = sr.beside("").read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let list = |command: &str| Porter::new([command, "--json", "--sr"]).arg(sr.root()).run().done().json();
    let [mut one, mut other] = ["report", "list"].map(list);
    (one["time"], other["time"]) = (Value::Null, Value::Null);
    assert_eq!(one["vdis"], other["vdis"]);
    assert_eq!(one["totals"], other["totals"]);
    assert_eq!(one["legacy"].as_array().unwrap().len(), 1);
    let staging = one["staging"].as_array().unwrap();
    let link = staging.iter().find(|area| area["directory"] == ".vhd-porter-ghijkl.staging").unwrap();
    assert_eq!((&link["occupied_size"], link["problem"].is_string()), (&json!(0), true), "{link}");
}

#[test]
fn the_page_stands_alone_in_a_browser_in_light_and_dark() {
    let Some(browser) = Browser::start() else { return };
    let (sr, vdis) = troubled();
    let page = report(&sr);
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        let asked = browser.open(&page);
        assert_eq!(asked.iter().filter(|url| url.starts_with("file:")).count(), 1, "{asked:?}");
        assert!(asked.iter().all(|url| url.starts_with("file:") || url.starts_with("data:")), "{asked:?}");
        assert_eq!(browser.console(), Vec::<Value>::new());
        let dark = browser.run(LUMINANCE).as_f64().unwrap() < 0.5;
        assert_eq!(dark, scheme == "dark");
        assert_eq!(browser.run(FAINT), json!([]), "texts whose contrast is below 4.5, in {scheme}");
    }
    assert_eq!(browser.run("return document.title"), json!(format!("SR {}", sr.root().display())));
    assert_eq!(browser.run("return document.querySelectorAll('script, img, b').length"), 0);
    let text = browser.run("return document.body.innerText");
    let text = text.as_str().unwrap();
    for uuid in &vdis {
        assert!(text.contains(&uuid.to_string()), "{uuid}");
    }
    for words in [
        "<img src=x onerror=document.title='taken'>&\u{fffd}\u{fffd}[31m'\".vhd",
        "a block lies beyond the data of the file: the file is truncated",
        "data is missing: restore it from a backup",
        "hidden, and no visible VDI descends from it",
        "process 7 on <b>h</b>",
        "tmpAb3_xY",
        "in use",
        "Free",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn the_page_is_usable_without_eyes_in_a_narrow_window_and_on_paper() {
    let Some(browser) = Browser::start() else { return };
    let (sr, _) = troubled();
    browser.open(&report(&sr));
    assert_eq!(browser.run(UNNAMED), json!([]), "pictures and links without words");
    assert_eq!(browser.run("return document.documentElement.lang"), "en");
    assert_eq!(browser.run("return document.querySelectorAll('h1').length"), 1);
    assert_eq!(browser.run("return document.querySelectorAll('table:not(:has(th[scope]))').length"), 0);
    for width in [1200, 700, 360] {
        browser.resize(width);
        let beyond = "const e = document.documentElement; return e.scrollWidth - e.clientWidth";
        assert_eq!(browser.run(beyond), 0, "nothing sticks out at {width} pixels");
    }
    // What is folded away is printed as well.
    let tables = "document.querySelectorAll('details').forEach(d => d.open = false);
        return [...document.querySelectorAll('details.chain table')].filter(t => t.checkVisibility()).length";
    assert_eq!(browser.run(tables), 0);
    browser.as_on_paper();
    assert_ne!(browser.run(tables), 0);
}

#[test]
fn a_thousand_vdis_are_a_page_that_opens_at_once() {
    let Some(browser) = Browser::start() else { return };
    let sr = Sr::new();
    let image = |index: usize, parent: Option<Uuid>| {
        let disk = Disk {
            parent,
            hidden: index % 4 != 3,
            locators: Locators::Beside,
            ..Disk::new(0x1000 + index as u128, SIZE)
        };
        std::fs::write(sr.vdi(disk.uuid), disk.bytes()).unwrap();
        disk.uuid
    };
    let mut parent = None;
    let vdis: Vec<Uuid> = (0..1000)
        .map(|index| {
            let uuid = image(index, parent.filter(|_| index % 4 != 0));
            parent = Some(uuid);
            uuid
        })
        .collect();
    let page = report(&sr);
    assert!(page.metadata().unwrap().len() < 2 << 20, "{:?}", page.metadata());
    browser.open(&page);
    // With the neighbour that is in every SR of the tests.
    assert_eq!(browser.run("return document.querySelectorAll('details.chain').length"), 251);
    let shown =
        "return [...document.querySelectorAll('details.chain')].filter(d => d.checkVisibility()).length";
    assert_eq!(browser.run(shown), 50);
    let last = format!("return document.body.textContent.includes('{}')", vdis[998]);
    assert_eq!(browser.run(&last), true);
    let loaded = "return performance.getEntriesByType('navigation')[0].domComplete";
    let milliseconds = browser.run(loaded).as_f64().unwrap();
    assert!(milliseconds < 10_000.0, "{milliseconds}");
}

#[test]
fn a_map_is_a_picture_in_light_and_dark() {
    let Some(browser) = Browser::start() else { return };
    let (sr, vdis) = Sr::with(Fixture::ext4_chain());
    let picture = sr.beside("map.svg");
    Porter::new(["map", "--svg"]).arg(&picture).arg(sr.vdi(vdis[0])).run().done();
    for (scheme, ground) in [("light", "rgb(255, 255, 255)"), ("dark", "rgb(23, 26, 25)")] {
        browser.prefer(scheme);
        let asked = browser.open(&picture);
        assert!(asked.iter().all(|url| url.starts_with("file:")), "{asked:?}");
        assert_eq!(browser.console(), Vec::<Value>::new());
        assert_eq!(browser.run("return getComputedStyle(document.querySelector('.ground')).fill"), ground);
    }
    let text = browser.run("return document.documentElement.textContent");
    for uuid in &vdis {
        assert!(text.as_str().unwrap().contains(&format!("{uuid}.vhd")));
    }
    let beyond = "const r = document.documentElement.getBoundingClientRect();
        return [...document.querySelectorAll('text, rect')].filter(e => e.getBoundingClientRect().right > r.right).length";
    assert_eq!(browser.run(beyond), 0);
}

/// How light the ground is, 0 to 1.
const LUMINANCE: &str = "
    const [r, g, b] = getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number);
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255";

/// Texts whose contrast with what is behind them is less than WCAG asks of text of that size.
const FAINT: &str = "
    const channels = color => color.match(/[\\d.]+/g).map(Number);
    const luminance = color => {
        const [r, g, b] = channels(color).slice(0, 3).map(c => c / 255)
            .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = element => {
        for (let e = element; e; e = e.parentElement) {
            const color = getComputedStyle(e).backgroundColor;
            if ((channels(color)[3] ?? 1) > 0) return color;
        }
    };
    const faint = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; node = walker.nextNode();) {
        const element = node.parentElement;
        if (!node.data.trim() || element.closest('svg')) continue;
        const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
        if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) faint.add(node.data);
    }
    return [...faint]";

/// Pictures and links that have no words for whoever does not see them.
const UNNAMED: &str = "
    return [...document.querySelectorAll('svg, a')]
        .filter(e => e.getAttribute('aria-hidden') !== 'true')
        .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim()))
        .map(e => e.outerHTML)";

#[test]
fn a_page_can_be_asked_for_by_any_path() {
    let (sr, _) = troubled();
    let run =
        Porter::new(["report", "--sr", "sr", "-o", "here.html"]).current_dir(&sr.beside("")).run().done();
    assert_eq!(run.text(), "");
    assert!(Path::new(&sr.beside("here.html")).is_file());
    let none = Porter::new(["report", "--sr", "none", "-o", "no.html"]).current_dir(&sr.beside("")).run();
    assert_eq!(none.status, 1);
    assert!(!sr.beside("no.html").exists());
}

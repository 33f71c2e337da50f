//! The parsers of what `vhd-util query` and `vhd-util check` print.
//!
//! Any text gets a verdict. What is read from one is read again from a fresh print of it, and facts that are printed as
//! `vhd-util` prints them come back as they were.

use std::path::PathBuf;

use vhd_porter::tool::{CheckVerdict, Facts, parse_check, parse_query};

use super::input::Input;

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    match input.byte() % 3 {
        0 => query(&String::from_utf8_lossy(input.0)),
        1 => {
            let exit = [0, 1, 2, 22][input.choice(4)];
            check(exit, &String::from_utf8_lossy(input.0));
        }
        _ => printed(&mut input),
    }
}

fn query(text: &str) {
    if let Ok(facts) = parse_query(text) {
        assert_eq!(parse_query(&print(&facts)), Ok(facts), "read from {text:?}");
    }
}

fn check(exit: i32, text: &str) {
    let sound = exit == 0 && text.contains(" is valid");
    match parse_check(exit, text) {
        CheckVerdict::Valid => assert!(sound, "{exit} {text:?}"),
        CheckVerdict::Invalid(why) => assert!(!why.is_empty() && !why.contains('\n'), "{why:?}"),
    }
}

fn printed(input: &mut Input<'_>) {
    let (virtual_mib, physical) = (u64::from_le_bytes(input.array()), u64::from_le_bytes(input.array()));
    let hidden = input.byte() & 1 != 0;
    // One line, as the program prints it; blanks around it, "query failed" and the words for no parent are not a path.
    let path: String = input.text().chars().filter(|c| !c.is_control()).collect();
    let path = path.trim();
    let none = path.is_empty() || path == "query failed" || path.ends_with(" has no parent");
    let parent = (!none).then(|| PathBuf::from(path));
    let facts = Facts { virtual_mib, physical, parent, hidden };
    assert_eq!(parse_query(&print(&facts)), Ok(facts));
}

fn print(facts: &Facts) -> String {
    let parent = facts.parent.as_ref().map_or("x.vhd has no parent".into(), |p| p.display().to_string());
    format!("{}\n{}\n{parent}\nhidden: {}\n", facts.virtual_mib, facts.physical, u8::from(facts.hidden))
}

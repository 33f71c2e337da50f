//! Second stage: which member is which link.
//!
//! Images of the old style hold `snap.vhd` (leaf), `image.vhd` and `base.vhd`, those of the new style `0.vhd` (leaf),
//! `1.vhd`, and so on; a single VHD may have any name.

use super::carried::Carried;
use super::decode::{StagedMember, Unpacked};
use super::error::Error;
use crate::sr::MAX_DEPTH;

/// The old style's names, leaf first.
const LEGACY: [&str; 3] = ["snap.vhd", "image.vhd", "base.vhd"];

/// A chain in staging, leaf first; the files are called `0.vhd`, `1.vhd`, ….
#[derive(Debug)]
pub(crate) struct Sequenced {
    pub(crate) carried: Carried,
    pub(crate) links: Vec<StagedMember>,
}

/// Puts the members of an image in order. `image` is its name, for messages.
pub(crate) fn order(unpacked: Unpacked, image: &str) -> Result<Sequenced, Error> {
    let Unpacked { carried, members } = unpacked;
    let names: Vec<&str> = members.iter().map(|m| m.name.as_str()).collect();
    let order = plan(&names).map_err(|bad| Error::Archive {
        archive: image.to_owned(),
        problem: bad.problem,
        expected: bad.expected,
        found: bad.found,
    })?;
    let mut links = Vec::new();
    for (position, index) in order.into_iter().enumerate() {
        let link = StagedMember { name: members[index].name.clone(), staged: format!("{position}.vhd") };
        carried.staging.dir().rename(&members[index].staged, &link.staged)?;
        links.push(link);
    }
    Ok(Sequenced { carried, links })
}

/// Why names are no sequence.
#[derive(Debug, PartialEq, Eq)]
struct Misfit {
    problem: &'static str,
    expected: String,
    found: String,
}

/// The indices of `names` in the order of the chain, leaf first.
fn plan(names: &[&str]) -> Result<Vec<usize>, Misfit> {
    let listed = || if names.is_empty() { "no VHD".to_owned() } else { names.join(", ") };
    let misfit = |problem, expected: String| Err(Misfit { problem, expected, found: listed() });
    match names {
        [] => return misfit("nothing to import", "at least one VHD".into()),
        [_] => return Ok(vec![0]),
        _ => {}
    }
    if names.len() > MAX_DEPTH {
        let expected = format!("at most {MAX_DEPTH} links, so that one snapshot more is possible");
        return Err(Misfit { problem: "the chain is too deep", expected, found: format!("{}", names.len()) });
    }
    let legacy = LEGACY.iter().filter_map(|name| names.iter().position(|n| n == name));
    let mut order: Vec<usize> = legacy.collect();
    while order.len() < names.len() {
        let wanted = format!("{}.vhd", order.len());
        match names.iter().position(|n| *n == wanted) {
            Some(index) => order.push(index),
            None => return misfit("the sequence of VHDs is broken", wanted),
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered<'a>(names: &[&'a str]) -> Vec<&'a str> {
        plan(names).unwrap().into_iter().map(|i| names[i]).collect()
    }

    #[test]
    fn both_styles_and_lone_images_are_put_in_order() {
        assert_eq!(ordered(&["base.vhd", "snap.vhd", "image.vhd"]), ["snap.vhd", "image.vhd", "base.vhd"]);
        assert_eq!(ordered(&["base.vhd", "image.vhd"]), ["image.vhd", "base.vhd"]);
        assert_eq!(ordered(&["2.vhd", "0.vhd", "1.vhd"]), ["0.vhd", "1.vhd", "2.vhd"]);
        assert_eq!(ordered(&["my disk.vhd"]), ["my disk.vhd"]);
        assert_eq!(ordered(&["snap.vhd", "1.vhd"]), ["snap.vhd", "1.vhd"]);
    }

    #[test]
    fn gaps_strays_and_collisions_name_what_was_expected() {
        for (names, expected) in [
            (&["0.vhd", "2.vhd"][..], "1.vhd"),
            (&["1.vhd", "2.vhd"], "0.vhd"),
            (&["0.vhd", "stray.vhd"], "1.vhd"),
            (&["00.vhd", "1.vhd"], "0.vhd"),
            (&["snap.vhd", "0.vhd"], "1.vhd"),
        ] {
            let misfit = plan(names).unwrap_err();
            assert_eq!((misfit.expected.as_str(), misfit.found), (expected, names.join(", ")));
        }
        assert_eq!(plan(&[]).unwrap_err().found, "no VHD");
        let deep: Vec<String> = (0..30).map(|i| format!("{i}.vhd")).collect();
        let deep: Vec<&str> = deep.iter().map(String::as_str).collect();
        assert!(plan(&deep).unwrap_err().expected.contains("29"));
        assert_eq!(plan(&deep[..29]).unwrap().len(), 29);
    }
}

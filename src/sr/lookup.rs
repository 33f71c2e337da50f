//! Finding a VDI by what a person typed: its uuid, or enough of its beginning.

use std::str::FromStr;

use uuid::Uuid;

use super::error::Error;
use super::repository::{Repository, vdi_uuid};

/// Most VDIs that are named to choose from.
const MOST: usize = 5;
/// From here on, two uuids are like each other: a digit or two that are wrong, or in the wrong order.
const LIKE: f64 = 0.9;

/// A uuid, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VdiName(String);

impl FromStr for VdiName {
    type Err = String;

    /// Reads it in upper or lower case.
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |(at, c): (usize, char)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        };
        if (1..=36).contains(&text.len()) && text.chars().enumerate().all(fits) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(format!(
                "expected a uuid like 5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11, or its beginning, found {text:?}"
            ))
        }
    }
}

impl Repository {
    /// The VDI that `name` means. A whole uuid is taken as it is, whether there is such a VDI or not.
    ///
    /// # Errors
    /// No VDI has such a uuid, or several have; or the SR cannot be listed.
    pub fn find(&self, name: &VdiName) -> Result<Uuid, Error> {
        if let Some(uuid) = Uuid::try_parse(&name.0).ok().filter(|_| name.0.len() == 36) {
            return Ok(uuid);
        }
        let vdis = self.vdis()?;
        let mut fit: Vec<Uuid> =
            vdis.iter().copied().filter(|uuid| uuid.to_string().starts_with(&name.0)).collect();
        let sr = self.dir().path().to_owned();
        match fit[..] {
            [uuid] => Ok(uuid),
            [] => Err(Error::NoSuchName { name: name.0.clone(), near: nearest(&name.0, vdis), sr }),
            _ => {
                let count = fit.len();
                fit.truncate(MOST);
                Err(Error::Ambiguous { name: name.0.clone(), count, candidates: fit, sr })
            }
        }
    }

    /// The VDIs that `names` mean, in their order.
    ///
    /// # Errors
    /// As [`Self::find`], of one of them.
    pub fn find_all(&self, names: &[VdiName]) -> Result<Vec<Uuid>, Error> {
        names.iter().map(|name| self.find(name)).collect()
    }

    /// The VDIs whose uuids are most like one that is not there.
    pub(super) fn near(&self, uuid: Uuid) -> Vec<Uuid> {
        nearest(&uuid.to_string(), self.vdis().unwrap_or_default())
    }

    fn vdis(&self) -> Result<Vec<Uuid>, Error> {
        Ok(self.dir().names()?.iter().filter_map(|name| vdi_uuid(name)).collect())
    }
}

/// Those of `vdis` that are most like `name`; all of them, where they are few.
fn nearest(name: &str, vdis: Vec<Uuid>) -> Vec<Uuid> {
    if vdis.len() <= 2 {
        return vdis;
    }
    let like = |uuid: &Uuid| {
        let beginning: String = uuid.to_string().chars().take(name.len()).collect();
        strsim::jaro_winkler(name, &beginning)
    };
    let mut ranked: Vec<(f64, Uuid)> = vdis.into_iter().map(|uuid| (like(&uuid), uuid)).collect();
    ranked.retain(|(likeness, _)| *likeness > LIKE);
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.into_iter().take(3).map(|(_, uuid)| uuid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VDIS: [&str; 4] = [
        "11111111-1111-4111-8111-111111111111",
        "11112222-1111-4111-8111-111111111111",
        "5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11",
        "9e107d9d-372b-4682-9ad1-1b3f5e6a7c80",
    ];

    #[test]
    fn the_beginning_of_one_uuid_is_enough() {
        let place = tempfile::tempdir().unwrap();
        for uuid in VDIS {
            std::fs::write(place.path().join(format!("{uuid}.vhd")), "").unwrap();
        }
        let sr = Repository::open(place.path()).unwrap();
        let find = |name: &str| sr.find(&name.parse().unwrap());
        for (name, uuid) in [("5", VDIS[2]), ("9E107D9D-37", VDIS[3]), ("11111", VDIS[0]), (VDIS[1], VDIS[1])]
        {
            assert_eq!(find(name).unwrap().to_string(), uuid);
        }
        let absent = "00000000-1111-4111-8111-111111111111";
        assert_eq!(find(absent).unwrap().to_string(), absent, "whole uuids are not looked up");
        assert!(matches!(find("1111"), Err(Error::Ambiguous { count: 2, .. })));
        let Err(Error::NoSuchName { near, .. }) = find("5ca3043b") else { panic!("found") };
        assert_eq!(near, [VDIS[2].parse::<Uuid>().unwrap()]);
        assert!(matches!(find("777777"), Err(Error::NoSuchName { near, .. }) if near.is_empty()));
    }

    #[test]
    fn only_what_could_be_a_uuid_is_a_name() {
        for bad in ["", "x", "5ca3034b9", "../1", "5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11a"] {
            assert!(bad.parse::<VdiName>().is_err(), "{bad}");
        }
    }
}

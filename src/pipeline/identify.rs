//! Fourth stage: every link gets the uuid, and with it the file name, that it will have in the SR.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::carried::Carried;
use super::error::Error;
use super::examine::Examined;
use crate::sr::{Repository, vdi_file_name};

/// Where uuids come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Identities {
    /// Random ones.
    #[default]
    Random,
    /// The control plane's stack: the leaf takes the last, its parent the one before, and so on.
    Stack(Vec<Uuid>),
    /// An admin's list: the leaf's first, one for each link.
    LeafFirst(Vec<Uuid>),
}

impl Identities {
    /// The stack that texts spell.
    ///
    /// # Errors
    /// One is no uuid.
    pub fn parse_stack<S: AsRef<str>>(texts: &[S]) -> Result<Self, Error> {
        parse_uuids(texts).map(Self::Stack)
    }

    /// Refuses uuids that come twice or are taken, before any work is done.
    pub(crate) fn preflight(&self, sr: &Repository) -> Result<(), Error> {
        let (Self::Stack(uuids) | Self::LeafFirst(uuids)) = self else { return Ok(()) };
        let mut seen = BTreeSet::new();
        if let Some(twice) = uuids.iter().find(|u| !seen.insert(**u)) {
            return Err(Error::taken(*twice, "twice"));
        }
        Ok(uuids.iter().try_for_each(|u| sr.require_free(*u))?)
    }

    /// The uuids that were given, in the order in which they are used: the leaf's first.
    #[must_use]
    pub fn named(&self) -> Option<Vec<Uuid>> {
        match self {
            Self::Random => None,
            Self::Stack(stack) => Some(stack.iter().rev().copied().collect()),
            Self::LeafFirst(list) => Some(list.clone()),
        }
    }

    /// A uuid for each of `links` links, leaf first.
    fn take(&self, links: usize) -> Result<Vec<Uuid>, Error> {
        let few = |given| Error::TooFewUuids { links, given };
        match self {
            Self::Random => Ok((0..links).map(|_| Uuid::new_v4()).collect()),
            Self::Stack(stack) if stack.len() < links => Err(few(stack.len())),
            Self::Stack(stack) => Ok(stack.iter().rev().take(links).copied().collect()),
            Self::LeafFirst(list) if list.len() < links => Err(few(list.len())),
            Self::LeafFirst(list) if list.len() > links => {
                let (expected, found) =
                    (format!("one for each of the {links} links"), list.len().to_string());
                Err(Error::Argument { what: "too many uuids", expected, found })
            }
            Self::LeafFirst(list) => Ok(list.clone()),
        }
    }
}

/// Reads a uuid in its usual form of 36 characters; upper case is lowered, as the storage manager compares texts.
///
/// # Errors
/// It is none, or the null uuid.
pub fn parse_uuid(text: &str) -> Result<Uuid, Error> {
    let usual = Uuid::try_parse(text).ok().filter(|u| text.len() == 36 && !u.is_nil());
    usual.ok_or_else(|| Error::Argument {
        what: "malformed uuid",
        expected: "36 characters like 5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11".into(),
        found: format!("{text:?}"),
    })
}

/// Reads a list of uuids, each as [`parse_uuid`] does.
///
/// # Errors
/// One is none.
pub fn parse_uuids<S: AsRef<str>>(texts: &[S]) -> Result<Vec<Uuid>, Error> {
    texts.iter().map(|text| parse_uuid(text.as_ref())).collect()
}

/// A link with its name in the SR; its file in staging has that name already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) uuid: Uuid,
    /// What it was called where it came from: what users know it by.
    pub(crate) source: String,
}

impl Link {
    /// Its file name, in staging and in the SR.
    pub(crate) fn file_name(&self) -> String {
        vdi_file_name(self.uuid)
    }
}

/// A chain in staging under its final names, leaf first.
#[derive(Debug)]
pub(crate) struct Identified {
    pub(crate) carried: Carried,
    pub(crate) links: Vec<Link>,
}

/// Gives each link its uuid. Whether one is taken is looked at again when the chain lands.
pub(crate) fn assign(chain: Examined, uuids: &Identities, sr: &Repository) -> Result<Identified, Error> {
    uuids.preflight(sr)?;
    let Examined { carried, links } = chain;
    let mut identified = Vec::new();
    for (link, uuid) in links.iter().zip(uuids.take(links.len())?) {
        let named = Link { uuid, source: link.name.clone() };
        carried.staging.dir().rename(&link.staged, &named.file_name())?;
        identified.push(named);
    }
    Ok(Identified { carried, links: identified })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leaf_takes_the_end_of_the_stack() {
        let stack: Vec<Uuid> = (1..=4u128).map(Uuid::from_u128).collect();
        assert_eq!(Identities::Stack(stack.clone()).take(2).unwrap(), [stack[3], stack[2]]);
        assert_eq!(Identities::LeafFirst(stack[..2].to_vec()).take(2).unwrap(), stack[..2]);
        assert!(matches!(
            Identities::Stack(stack.clone()).take(5),
            Err(Error::TooFewUuids { links: 5, given: 4 })
        ));
        assert!(Identities::LeafFirst(stack).take(3).is_err());
    }

    #[test]
    fn only_the_usual_form_is_a_uuid() {
        let text = "5CA3034B-9B09-4A0C-8F0E-0D7F2B6C1A11";
        assert_eq!(parse_uuid(text).unwrap().to_string(), text.to_lowercase());
        for bad in ["", "x", "../../etc/passwd", "5ca3034b9b094a0c8f0e0d7f2b6c1a11", &Uuid::nil().to_string()]
        {
            assert!(parse_uuid(bad).is_err(), "{bad}");
        }
    }
}

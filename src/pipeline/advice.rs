//! What to do about a finding: in an image that comes in, and in a file where it lives.

use serde::Serialize;

use crate::vhd::{Finding, Part, Rule};

/// A finding, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advised {
    /// What is wrong.
    #[serde(flatten)]
    pub finding: Finding,
    /// What to do about it.
    pub hint: &'static str,
}

impl Advised {
    /// What to do about each of the findings in one file. Of a file that was cut off, what else is wrong with its end follows
    /// from that.
    pub(crate) fn all(findings: Vec<Finding>) -> Vec<Self> {
        let cut_off = findings.iter().find(|finding| finding.rule == Rule::BlockPastEnd).map(in_place);
        let hint = |finding: &Finding| match (cut_off, finding.part) {
            (Some(hint), Part::Footer) => hint,
            _ => in_place(finding),
        };
        findings.into_iter().map(|finding| Self { hint: hint(&finding), finding }).collect()
    }
}

/// What to do about a finding in an image that was to come in, where there is something to do but to make it again.
pub(crate) fn on_arrival(finding: &Finding) -> Option<&'static str> {
    match (finding.rule, finding.part) {
        (Rule::FutureTime, _) => {
            Some("set the clock of the host that made the image, or of this one, and try again")
        }
        (Rule::FixedDisk, _) => Some("convert it to a dynamic image first"),
        (Rule::BlockPastEnd, _) => Some("the image was cut off: get it again from where it came"),
        (Rule::ShortFooter, _) => Some(
            "the image was cut off, or an early Virtual PC made it: get it again, or let --repair write a whole footer",
        ),
        (Rule::Cookie | Rule::Checksum | Rule::FootersDiffer, Part::Footer | Part::FooterCopy) => {
            Some("if only one of the two footers is damaged, --repair rewrites it from the other")
        }
        _ => None,
    }
}

/// What to do about a finding in a file that is in use as a disk.
fn in_place(finding: &Finding) -> &'static str {
    match (finding.rule, finding.part) {
        (Rule::Unreadable, _) => {
            "see whether it is a file that root can read, and whether the disk below it is well"
        }
        (Rule::FileName | Rule::TooShort, _) => {
            "move it out of the SR if it is in one: the storage manager's scan stops at such a file"
        }
        (
            Rule::Cookie | Rule::Checksum | Rule::FootersDiffer | Rule::ShortFooter,
            Part::Footer | Part::FooterCopy,
        ) => {
            "shut down the VM that has the disk, then `vhd-porter repair FILE`: it takes one footer from the other"
        }
        (Rule::FutureTime, _) => {
            "set this host's clock right: until then the storage manager calls the image invalid and does not coalesce it"
        }
        (Rule::Geometry, _) => "export it and import it again: an import sets the geometry right",
        (Rule::FixedDisk, _) => {
            "move it out of the SR, where it stops every scan, and import what `vhd-porter convert` makes of it"
        }
        (Rule::BlockSize, _) => {
            "make 2 MiB blocks of it: `vhd-porter convert` to raw, and that to dynamic; import it"
        }
        (Rule::Hidden, Part::Chain) => {
            "do not destroy this VDI, its children need it; \
             `vhd-util set -n FILE -f hidden -v 1` hides it while no VM has a disk of the chain"
        }
        (Rule::Disabled, _) => "end the resize with `vhd-util revert -n FILE -j JOURNAL`",
        (Rule::BlockPastEnd, _) => {
            "data is missing: restore it from a backup; a new footer would pass what is missing off as zeros"
        }
        (Rule::ParentMissing, _) => {
            "bring the parent back under its name, from a backup, or remove this VDI: \
             until then the storage manager collects no garbage in the whole SR"
        }
        (Rule::ParentUuid, _) => {
            "another image has the parent's name: look for the right one with `vhd-porter inspect FILE`; \
             do not start a VM from it"
        }
        (Rule::RawParent, _) => "attach it nowhere: it would open another file of the host to the guest",
        (
            Rule::LocatorCode
            | Rule::LocatorPlace
            | Rule::LocatorRoom
            | Rule::LocatorText
            | Rule::LocatorDuplicate
            | Rule::LocatorName
            | Rule::LocatorEscapes
            | Rule::NoLocator
            | Rule::ParentName,
            _,
        ) => {
            "`vhd-util modify -n FILE -p PARENT` writes the parent's name anew, while no VM has a disk of the chain"
        }
        (Rule::ChainDepth, _) => {
            "no snapshot can be made of it: wait until the storage manager has coalesced, or import a flattened export"
        }
        (Rule::ChainLoop, _) => "restore the VDIs of this chain from a backup",
        (Rule::Orphan, _) => {
            "nothing, if its child is not missed: the garbage collector removes it; to keep it, copy the file elsewhere first"
        }
        (Rule::DataOutsideBitmap, _) => {
            "compare the disk with a backup: a guest reads the parent's data, or zeros, where this data lies"
        }
        _ => "save what can be read with `vhd-porter flatten`, and restore the disk from a backup",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rule_asks_for_something_else_in_another_part() {
        let hint = |part, rule| in_place(&Finding::new(part, rule, 0, "", ""));
        assert!(hint(Part::Footer, Rule::Cookie).contains("repair FILE"));
        assert!(hint(Part::Header, Rule::Cookie).contains("from a backup"));
        assert!(hint(Part::Chain, Rule::Hidden).contains("do not destroy"));
        assert!(hint(Part::Footer, Rule::Hidden).contains("from a backup"));
    }

    #[test]
    fn the_footer_of_a_file_that_was_cut_off_is_not_to_be_repaired() {
        let finding = |part, rule| Finding::new(part, rule, 0, "", "");
        let advised = Advised::all(vec![
            finding(Part::Footer, Rule::Cookie),
            finding(Part::Bat, Rule::BlockPastEnd),
            finding(Part::FooterCopy, Rule::Checksum),
        ]);
        let repair: Vec<bool> = advised.iter().map(|a| a.hint.contains("repair FILE")).collect();
        assert_eq!(repair, [false, false, true]);
    }
}

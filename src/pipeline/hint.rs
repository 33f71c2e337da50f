//! What to do next about an error, where that is known and its message does not say it already.

use std::io::ErrorKind;

use super::error::{CUT_OFF, DAMAGED, Error, Kind, NOT_AN_IMAGE};
use crate::vhd::{Finding, Part, Rule};
use crate::{os, sr, tool, transport};

impl Error {
    /// What to do next: for a person, on the command line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Image { finding, hint, .. } => of_image(finding, *hint),
            Self::Verdict { .. } => {
                "`--tool embedded` leaves the host's vhd-util out, if you know that it is wrong"
            }
            Self::Archive { problem: NOT_AN_IMAGE, .. } => RAW,
            Self::Archive { problem: CUT_OFF | DAMAGED, .. } => {
                "get it again from where it came, and compare its digest with the one that is said there"
            }
            Self::Archive { .. } => "`vhd-porter inspect` shows what is in it; make it again without that",
            Self::TooFewUuids { .. } => {
                "give one --uuid for each link, leaf first: `vhd-porter inspect` shows how many there are"
            }
            Self::Stopped { .. } => "the same command made again begins anew",
            Self::Sr(error) => return of_sr(error).or_else(|| self.of_the_system()),
            Self::Transport(error) => return of_transport(error).or_else(|| self.of_the_system()),
            Self::Tool(tool::Error::Command { .. }) => "look at --vhd-util and the setting vhd_util",
            Self::Tool(tool::Error::Spawn(_) | tool::Error::Output { .. }) => {
                "`--tool embedded` does without the host's vhd-util"
            }
            _ => return self.of_the_system(),
        };
        Some(hint.to_owned())
    }

    /// What to do about what the system said.
    fn of_the_system(&self) -> Option<String> {
        match self.kind() {
            Kind::NoSpace => return Some("make room on that file system, and try again".to_owned()),
            Kind::Network => {
                return Some(
                    "see whether the server can be reached from this host, and try again".to_owned(),
                );
            }
            Kind::NoSuchImage => return Some("look at the URL, or at the id of the image".to_owned()),
            _ => {}
        }
        let system = os::causes(self).filter_map(|cause| cause.downcast_ref::<std::io::Error>());
        let hint = match system.map(std::io::Error::kind).last()? {
            ErrorKind::PermissionDenied => "run it as root, or as somebody who may do that",
            ErrorKind::ReadOnlyFilesystem => "mount the file system writable; dmesg says why it is not",
            ErrorKind::NotFound => "look at how the path is written, and whether its file system is mounted",
            ErrorKind::IsADirectory => {
                "name a file in it; of an SR, `vhd-porter list --sr DIR` shows the chains"
            }
            ErrorKind::StaleNetworkFileHandle => "mount the file system again",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// What to do with a disk that is no VHD.
const RAW: &str = "if it is a raw disk, `vhd-porter convert --raw` makes a VHD of it";

/// Of a VHD: what the control plane is told as well, but for a person, who has other commands than an import.
fn of_image(finding: &Finding, arrival: Option<&'static str>) -> &'static str {
    match (finding.rule, finding.part) {
        (Rule::Cookie | Rule::Checksum | Rule::FootersDiffer, Part::Footer | Part::FooterCopy) => {
            "`vhd-porter repair FILE`, or `import --repair`, rewrites one footer from the other; \
             if it is a raw disk, `vhd-porter convert --raw` makes a VHD of it"
        }
        (Rule::FixedDisk, _) => "`vhd-porter convert FILE NEW` makes a dynamic image of it",
        (Rule::ParentMissing | Rule::ParentUuid, _) => {
            "`vhd-porter list --sr DIR` shows which links belong together"
        }
        _ => arrival
            .unwrap_or("get it again from where it came; `vhd-porter check` names all that is wrong with it"),
    }
}

fn of_sr(error: &sr::Error) -> Option<String> {
    let hint = match error {
        sr::Error::Missing(_) => {
            "mount the SR (`xe pbd-plug`), or let `import --create-sr` make the directory"
        }
        sr::Error::NotADirectory(_) => "name the directory that the SR's <uuid>.vhd files are in",
        sr::Error::ReadOnly(_) => "mount it writable; dmesg says why it is not",
        sr::Error::Taken { uuid, path } => {
            let sr = path.parent().unwrap_or(path).display();
            return Some(format!(
                "choose another uuid; `vhd-porter list --sr {sr} --vdi {uuid}` shows what has it"
            ));
        }
        sr::Error::NoSuchVdi { sr, near, .. } | sr::Error::NoSuchName { sr, near, .. } => {
            let near = near.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
            let list = format!("`vhd-porter list --sr {}` shows all", sr.display());
            return Some(if near.is_empty() { list } else { format!("did you mean {near}? {list}") });
        }
        sr::Error::Ambiguous { .. } => "give more characters of the one that you mean",
        sr::Error::InWork { same: true, .. } => {
            "wait until it has ended: the same command says then what came of it"
        }
        sr::Error::InWork { same: false, .. } => "wait until it has ended, or choose another uuid",
        sr::Error::Locked { .. } => "VHD_PORTER_SR_LOCK_WAIT=SECONDS waits longer",
        sr::Error::Moved(_) => "see what is mounted there, and make the same call again",
        sr::Error::NoRoom { reserve: 1.., .. } => {
            "make room (`vhd-porter list` shows what is garbage), or lower sr.reserve"
        }
        sr::Error::NoRoom { .. } => "make room: `vhd-porter list` shows what is garbage",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn of_transport(error: &transport::Error) -> Option<String> {
    let hint = match error {
        transport::Error::Exists { .. } => "remove it, or choose another name",
        transport::Error::Directory { .. } => {
            "of an SR's directory, `vhd-porter list --sr DIR` shows the chains"
        }
        transport::Error::Terminal => "send a file to it: `vhd-porter … - < FILE`",
        transport::Error::Digest { .. } => {
            "get it again; if it is the same once more, it is damaged where it is"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

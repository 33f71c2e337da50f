//! Saving and restoring the packet filter: what `iptables-save` and `iptables-restore` may be told.

use super::error::Error;
use super::permitted::{is_option, network_command};
use crate::config::Key;

/// The program that `command` starts, if it saves or restores packet filters and names no file or program, and neither
/// do the rules in `input`: os-xenapi xenhost.py `iptables_config`.
///
/// # Errors
/// It does not, or they do.
pub fn filter_command(command: &[&str], input: &str) -> Result<&'static Key, Error> {
    match command.first() {
        Some(name) if is_filter(name) => network_command(command, input),
        _ => Err(Error::Refused("Invalid iptables command".to_owned())),
    }
}

fn is_filter(name: &str) -> bool {
    ["iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore"].contains(&name)
}

/// Whether `arg`, behind the arguments `before`, is an option that names neither a file nor `--modprobe`'s program.
pub(super) fn is_harmless(arg: &str, before: &[&str]) -> bool {
    let flags = ["-c", "--counters", "-n", "--noflush", "-v", "--verbose", "--test"];
    let valued = ["-t", "--table", "-T", "-w", "--wait", "-W", "--wait-interval"];
    let is_value = before.last().is_some_and(|option| valued.contains(option));
    flags.contains(&arg)
        || valued.contains(&arg)
        || is_value && arg.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The word in rules to restore that names a program to load modules with: each rule takes the options of `iptables`.
pub(super) fn program_in_rules<'r>(name: &str, rules: &'r str) -> Option<&'r str> {
    let names_program = |word: &&str| {
        // Quotes may stand anywhere in a word.
        let word = word.replace(['"', '\\'], "");
        // `-M` may stand behind other options of one letter.
        let flags =
            word.strip_prefix('-').map(|flags| flags.trim_start_matches(['v', 'n', 'x', 'f', '4', '6']));
        flags.is_some_and(|flags| flags.starts_with('M'))
            || word.starts_with("--") && is_option(&word, &["modprobe"])
    };
    rules.split_whitespace().filter(|_| is_filter(name)).find(names_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_saved_and_restored_and_nothing_else() {
        assert!(filter_command(&["ip6tables-restore", "-c"], "").is_ok());
        for command in [
            &[][..],
            &["iptables", "-L"],
            &["ip", "link"],
            &["arptables-save"],
            &["iptables-save", "-f", "x"],
        ] {
            assert!(matches!(filter_command(command, ""), Err(Error::Refused(_))), "{command:?}");
        }
    }

    #[test]
    fn rules_start_no_program() {
        for rule in [
            "-A INPUT -i lo -m state --state NEW -j MARK --set-mark 0x1",
            "-A INPUT -m statistic --mode random --probability 0.5 -jMARK",
            "-A INPUT -m time --monthdays 1 -m comment --comment \"-a note-M\" -j ACCEPT",
            "-A M -s 192.0.2.1/32 -j DROP",
        ] {
            assert!(filter_command(&["iptables-restore"], rule).is_ok(), "{rule}");
        }
        for option in [
            "-M /x",
            "-M/x",
            "-vM /x",
            "--modprobe=/x",
            "--mo /x",
            "\"-M\" /x",
            "-\"M\" /x",
            "--mod\\probe /x",
        ] {
            let rules = format!("*filter\n-A INPUT {option} -m a -j ACCEPT\nCOMMIT\n");
            assert!(
                matches!(filter_command(&["iptables-restore"], &rules), Err(Error::Refused(_))),
                "{option}"
            );
        }
        assert!(network_command(&["ovs-ofctl", "add-flows", "br", "-"], "-M").is_ok());
    }
}

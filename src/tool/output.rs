//! Reading what `vhd-util` prints: pure functions over its text, nothing else.

use std::path::PathBuf;

use super::Facts;

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckVerdict {
    /// Sound.
    Valid,
    /// Not sound, for this reason.
    Invalid(String),
}

/// Reads the output of `query -v -s -p -f`, whose order is fixed: MiB, bytes, parent, hidden.
///
/// # Errors
/// What was expected and is not there.
pub fn parse_query(text: &str) -> Result<Facts, &'static str> {
    let mut lines = text.lines().map(str::trim);
    let mut number = || lines.next().and_then(|l| l.parse().ok());
    let virtual_mib = number().ok_or("the virtual size in MiB on the first line")?;
    let physical = number().ok_or("the physical size in bytes on the second line")?;
    let parent = lines.next().ok_or("the parent on the third line")?;
    let parent = match parent {
        "query failed" | "" => return Err("the parent on the third line"),
        none if none.ends_with(" has no parent") => None,
        path => Some(PathBuf::from(path)),
    };
    let hidden =
        lines.next().and_then(|l| l.strip_prefix("hidden:")).ok_or("\"hidden: N\" on the fourth line")?;
    let hidden: i64 = hidden.trim().parse().map_err(|_| "a number behind \"hidden:\"")?;
    Ok(Facts { virtual_mib, physical, parent, hidden: hidden != 0 })
}

/// Reads the output of `check`. The exit code alone does not tell: a fixed disk passes silently, and of a refused image
/// only the first line says why.
#[must_use]
pub fn parse_check(exit: i32, text: &str) -> CheckVerdict {
    let first = text.lines().map(str::trim).find(|l| !l.is_empty());
    match (exit, first) {
        (0, Some(line)) if line.ends_with(" is valid") => CheckVerdict::Valid,
        (0, Some(line)) => CheckVerdict::Invalid(format!("unexpected output: {line}")),
        (0, None) => CheckVerdict::Invalid("no verdict: a fixed disk?".into()),
        (_, Some(line)) => CheckVerdict::Invalid(line.to_owned()),
        (code, None) => CheckVerdict::Invalid(format!("exit code {code} without a word")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_output_is_read_in_its_fixed_order() {
        let facts = parse_query("8\n5120\n/sr/base.vhd\nhidden: 1\n").unwrap();
        let expected =
            Facts { virtual_mib: 8, physical: 5120, parent: Some("/sr/base.vhd".into()), hidden: true };
        assert_eq!(facts, expected);
        assert_eq!(parse_query("8\n3584\na b.vhd has no parent\nhidden: 0\n").unwrap().parent, None);
        for bad in [
            "",
            "8\n",
            "8\n5120\nquery failed\nhidden: 0\n",
            "8\n1\np.vhd\nerror checking 'hidden' field: -22\n",
        ] {
            assert!(parse_query(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_silent_check_is_no_verdict() {
        assert_eq!(parse_check(0, "x.vhd is valid\n"), CheckVerdict::Valid);
        for (exit, text) in [(0, ""), (22, ""), (22, "x appears invalid; dumping")] {
            assert!(matches!(parse_check(exit, text), CheckVerdict::Invalid(_)), "{exit} {text:?}");
        }
        let truncated = "block 1 (offset 0x1008) clobbers footer\n";
        assert_eq!(parse_check(22, truncated), CheckVerdict::Invalid(truncated.trim().into()));
    }
}

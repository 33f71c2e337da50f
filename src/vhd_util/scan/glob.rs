//! File names by pattern: `*`, `?`, `[a-c]` within a name, and `{x,y}` for alternatives.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::vhd_util::errno::Errno;

/// How deep braces nest.
const DEPTH: usize = 16;
/// Most alternatives that braces may stand for.
const MOST: usize = 4096;

/// A directory that could not be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) directory: PathBuf,
    pub(super) error: Errno,
}

/// The files that match `pattern`: those of each alternative in turn, sorted unless they may come as the directory has
/// them. What matches nothing yields nothing.
pub(super) fn matching(pattern: &OsStr, sorted: bool) -> Result<Vec<PathBuf>, Unreadable> {
    let mut alternatives = Vec::new();
    braces(pattern.as_bytes(), DEPTH, &mut alternatives);
    let mut files = Vec::new();
    for alternative in alternatives {
        let mut found = expand(&alternative)?;
        if sorted {
            found.sort();
        }
        files.append(&mut found);
    }
    Ok(files)
}

/// Writes the first brace of `pattern` out, and so on.
fn braces(pattern: &[u8], depth: usize, out: &mut Vec<Vec<u8>>) {
    if out.len() >= MOST {
        return;
    }
    let first = pattern.iter().position(|b| *b == b'{').filter(|_| depth > 0);
    let group = first.and_then(|open| Some((open, alternatives(&pattern[open + 1..])?)));
    let Some((open, (choices, end))) = group else {
        return out.push(pattern.to_vec());
    };
    for choice in choices {
        let rest = &pattern[open + 1 + end + 1..];
        braces(&[&pattern[..open], choice, rest].concat(), depth - 1, out);
    }
}

/// The alternatives up to the closing brace, and where that is.
fn alternatives(text: &[u8]) -> Option<(Vec<&[u8]>, usize)> {
    let (mut level, mut start, mut choices) = (0, 0, Vec::new());
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'{' => level += 1,
            b'}' if level == 0 => {
                choices.push(&text[start..at]);
                return Some((choices, at));
            }
            b'}' => level -= 1,
            b',' if level == 0 => {
                choices.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

fn has_magic(name: &[u8]) -> bool {
    name.iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// The files that a pattern without braces means, a component at a time.
fn expand(pattern: &[u8]) -> Result<Vec<PathBuf>, Unreadable> {
    let absolute = pattern.starts_with(b"/");
    let mut found = vec![PathBuf::from(if absolute { "/" } else { "" })];
    let components = pattern.split(|b| *b == b'/').filter(|c| !c.is_empty());
    for component in components {
        let mut next = Vec::new();
        for base in found {
            if has_magic(component) {
                next.extend(children(&base, component)?);
            } else {
                next.push(base.join(OsStr::from_bytes(component)));
            }
        }
        found = next;
    }
    // Only names that stand for themselves were not looked up.
    found.retain(|path| std::fs::symlink_metadata(path).is_ok());
    Ok(found)
}

fn children(directory: &Path, pattern: &[u8]) -> Result<Vec<PathBuf>, Unreadable> {
    let opened = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let unreadable = |error: std::io::Error| Unreadable { directory: opened.to_owned(), error: error.into() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(opened).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().into_vec();
        let hidden = name.starts_with(b".") && !pattern.starts_with(b".");
        if !hidden && matches(pattern, &name) {
            found.push(directory.join(OsString::from_vec(name)));
        }
    }
    Ok(found)
}

/// Whether a name matches a pattern. Stars are tried without recursion, so that no pattern takes more than the product
/// of the two lengths.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(after) = one(pattern, p, name[n]) {
            (p, n) = (after, n + 1);
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            (p, n) = (at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

/// Matches one byte against the element of the pattern at `p`; returns where the next element is.
fn one(pattern: &[u8], p: usize, byte: u8) -> Option<usize> {
    match pattern.get(p)? {
        b'?' => Some(p + 1),
        b'[' => match set(&pattern[p + 1..], byte) {
            Some((true, length)) => Some(p + 1 + length),
            Some((false, _)) => None,
            None => (byte == b'[').then_some(p + 1),
        },
        b'\\' => (pattern.get(p + 1) == Some(&byte)).then_some(p + 2),
        literal => (*literal == byte).then_some(p + 1),
    }
}

/// Whether `byte` is in the set that starts behind a bracket, and how long that is; `None` when it does not end.
fn set(text: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    let start = usize::from(negated);
    let end = start + 1 + text.get(start + 1..)?.iter().position(|b| *b == b']')?;
    let members = &text[start..end];
    let mut found = false;
    let mut at = 0;
    while at < members.len() {
        if members.get(at + 1) == Some(&b'-') && at + 2 < members.len() {
            found |= (members[at]..=members[at + 2]).contains(&byte);
            at += 3;
        } else {
            found |= members[at] == byte;
            at += 1;
        }
    }
    Some((found != negated, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_patterns() {
        let cases = [("*.vhd", "a.vhd", true), ("*.vhd", "a.vhd.x", false), ("[ab]?.v", "b1.v", true)];
        let more =
            [("[!a]*", "abc", false), ("a*b*c", "axxbyyc", true), ("[a-c]", "d", false), ("[", "[", true)];
        for (pattern, name, expected) in cases.into_iter().chain(more) {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_stand_for_alternatives() {
        let mut out = Vec::new();
        braces(b"{a,b{1,2}}.vhd", DEPTH, &mut out);
        assert_eq!(out, [b"a.vhd".to_vec(), b"b1.vhd".to_vec(), b"b2.vhd".to_vec()]);
        out.clear();
        braces(b"{a.vhd", DEPTH, &mut out);
        assert_eq!(out, [b"{a.vhd".to_vec()]);
    }
}

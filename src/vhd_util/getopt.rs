//! Options as GNU `getopt` reads them: clustered, with or without a blank before the value, in any order with the other
//! arguments.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::console::{Console, complain};

/// An option that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Its letter; `?` for one that does not exist or lacks its value.
    pub(crate) letter: char,
    /// Its value.
    pub(crate) value: OsString,
}

impl Given {
    /// The value as text; what is not UTF-8 is replaced, so it is no name of a file.
    pub(crate) fn text(&self) -> String {
        self.value.to_string_lossy().into_owned()
    }
}

/// A command's arguments, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The options, in order. Reading ends at the first `?`: every command prints its usage then.
    pub(crate) given: Vec<Given>,
    /// Everything else.
    pub(crate) operands: Vec<OsString>,
}

impl Options {
    /// Reads the arguments behind the name of `command`. `letters` is getopt's string: a colon behind a letter says that
    /// the option takes a value. Mistakes are complained of in getopt's words.
    pub(crate) fn read(command: &str, letters: &str, args: &[OsString], console: &mut Console<'_>) -> Self {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                options.operands.extend(args.cloned());
                break;
            }
            let bytes = arg.as_bytes();
            if bytes.len() < 2 || bytes[0] != b'-' {
                options.operands.push(arg.clone());
                continue;
            }
            if !options.cluster(command, letters, &bytes[1..], &mut args, console) {
                break;
            }
        }
        options
    }

    /// Reads one argument's letters; says whether they were all right.
    fn cluster<'a>(
        &mut self,
        command: &str,
        letters: &str,
        cluster: &[u8],
        args: &mut impl Iterator<Item = &'a OsString>,
        console: &mut Console<'_>,
    ) -> bool {
        for (at, byte) in cluster.iter().enumerate() {
            let letter = char::from(*byte);
            let known = letters.find(letter).filter(|_| letter != ':');
            let Some(place) = known else {
                complain!(console, "{command}: invalid option -- '{letter}'\n");
                self.push('?', OsStr::new(""));
                return false;
            };
            if letters.as_bytes().get(place + 1) != Some(&b':') {
                self.push(letter, OsStr::new(""));
                continue;
            }
            let rest = &cluster[at + 1..];
            if !rest.is_empty() {
                self.given.push(Given { letter, value: OsString::from_vec(rest.to_vec()) });
            } else if let Some(value) = args.next() {
                self.push(letter, value);
            } else {
                complain!(console, "{command}: option requires an argument -- '{letter}'\n");
                self.push('?', OsStr::new(""));
                return false;
            }
            return true;
        }
        true
    }

    fn push(&mut self, letter: char, value: &OsStr) {
        self.given.push(Given { letter, value: value.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> (Vec<(char, String)>, Vec<OsString>, String) {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let options = Options::read("query", "n:vsp", &args, &mut Console::new(&mut out, &mut err));
        let given = options.given.iter().map(|g| (g.letter, g.text())).collect();
        (given, options.operands, String::from_utf8(err).unwrap())
    }

    #[test]
    fn options_cluster_and_follow_operands() {
        let (given, operands, err) = read(&["-vsn", "a.vhd", "x", "-p", "--", "-v"]);
        let expected = [('v', ""), ('s', ""), ('n', "a.vhd"), ('p', "")];
        assert_eq!(given, expected.map(|(l, v)| (l, v.to_owned())));
        assert_eq!(operands, ["x", "-v"]);
        assert_eq!(err, "");
        assert_eq!(read(&["-na"]).0, [('n', "a".to_owned())]);
    }

    #[test]
    fn mistakes_are_complained_of_in_getopts_words() {
        assert_eq!(read(&["-Z"]).2, "query: invalid option -- 'Z'\n");
        assert_eq!(read(&["-vn"]).2, "query: option requires an argument -- 'n'\n");
    }
}

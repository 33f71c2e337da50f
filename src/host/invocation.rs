//! [`Invocation`]: which plugin is meant, and by whom it was called.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::plugin::{Plugin, did_you_mean};

/// How the program was called.
#[derive(Debug)]
pub(super) enum Invocation<'p> {
    /// A plugin and its one argument.
    Call {
        plugin: &'p Plugin,
        argument: OsString,
        /// Whether a person called it by its own name, and so reads stderr.
        by_hand: bool,
    },
    /// Asked for help.
    Help,
    /// Asked which plugins and functions there are.
    List {
        /// Whether as JSON.
        json: bool,
    },
    /// Asked for the version.
    Version,
    /// None of these: why.
    Wrong(String),
}

impl<'p> Invocation<'p> {
    /// The plugin is the one that `argv[0]` names, with or without `.py`: xapi calls plugins by their path, and
    /// they are links to this program. Under any other name, the first argument says which. The XML is the
    /// one argument after that.
    pub(super) fn read(plugins: &'p [Plugin], argv: impl IntoIterator<Item = OsString>) -> Self {
        let mut argv = argv.into_iter();
        let program = argv.next().unwrap_or_default();
        let mut arguments: Vec<OsString> = argv.collect();
        if let Some(plugin) = named(plugins, Path::new(&program).file_name()) {
            return Self::call(plugin, arguments, false);
        }
        if arguments.is_empty() {
            return Self::Wrong("no plugin is named".to_owned());
        }
        let name = arguments.remove(0);
        match (name.to_str(), named(plugins, Some(&name))) {
            (_, Some(plugin)) => Self::call(plugin, arguments, true),
            (Some("--help" | "-h"), None) => Self::Help,
            (Some("--version" | "-V"), None) => Self::Version,
            (Some("--list"), None) => Self::List { json: arguments.iter().any(|word| word == "--json") },
            // What stands there may be a call with its secrets: it is not repeated.
            (given, None) => {
                let names = plugins.iter().map(|plugin| plugin.name);
                let meant = did_you_mean(given.unwrap_or_default().trim_end_matches(".py"), names);
                Self::Wrong(format!(
                    "neither the program's name nor its first argument is that of a plugin{meant}"
                ))
            }
        }
    }

    fn call(plugin: &'p Plugin, arguments: Vec<OsString>, by_hand: bool) -> Self {
        match <[OsString; 1]>::try_from(arguments) {
            Ok([argument]) => Self::Call { plugin, argument, by_hand },
            Err(arguments) => Self::Wrong(format!(
                "{}: expected one argument, the XML-RPC call; found {}",
                plugin.name,
                arguments.len()
            )),
        }
    }
}

/// What to write when the program was called wrongly, or asked for help.
pub(super) fn usage(plugins: &[Plugin]) -> String {
    let mut usage =
        "usage: vhd-porter-plugin PLUGIN XML, or PLUGIN XML through a link of the plugin's name\n\n\
         Carries out one call as xapi makes it and prints the answer. To call by hand, see vhd-porter call.\n\
         --list [--json] says which functions there are, and what they take.\n\n\
         plugins:\n"
            .to_owned();
    for plugin in plugins {
        usage.push_str(&format!("  {:<20} {}\n", plugin.name, plugin.about));
    }
    usage
}

fn named<'p>(plugins: &'p [Plugin], name: Option<&OsStr>) -> Option<&'p Plugin> {
    let name = name?.to_str()?;
    let name = name.strip_suffix(".py").unwrap_or(name);
    plugins.iter().find(|plugin| plugin.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLUGINS: &[Plugin] = &[
        Plugin { name: "glance", about: "Images", functions: &[] },
        Plugin { name: "a.b", about: "", functions: &[] },
    ];

    fn read(argv: &[&str]) -> String {
        match Invocation::read(PLUGINS, argv.iter().map(OsString::from)) {
            Invocation::Call { plugin, argument, by_hand } => {
                format!("{} {} {by_hand}", plugin.name, argument.display())
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_plugin_is_the_name_or_the_first_argument() {
        for (argv, expected) in [
            (&["/etc/xapi.d/plugins/glance", "<x/>"][..], "glance <x/> false"),
            (&["/etc/xapi.d/plugins/glance.py", "<x/>"], "glance <x/> false"),
            (&["a.b.py", ""], "a.b  false"),
            (&["vhd-porter-plugin", "glance", "<x/>"], "glance <x/> true"),
            (&["/usr/bin/vhd-porter-plugin", "glance.py", "--help"], "glance --help true"),
            (&["vhd-porter-plugin", "--help"], "Help"),
            (&["vhd-porter-plugin", "-V"], "Version"),
            (&["vhd-porter-plugin", "--list"], "List { json: false }"),
            (&["vhd-porter-plugin", "--list", "--json"], "List { json: true }"),
            (&["glance", "--list"], "glance --list false"),
        ] {
            assert_eq!(read(argv), expected);
        }
        for argv in [
            &[][..],
            &["vhd-porter-plugin"],
            &["vhd-porter-plugin", "glance"],
            &["vhd-porter-plugin", "glance", "a", "b"],
            &["glance.py"],
            &["glance.py", "a", "b"],
            &["glance.pyc", "<secret/>"],
        ] {
            let wrong = read(argv);
            assert!(wrong.starts_with("Wrong(") && !wrong.contains("secret"), "{wrong}");
        }
        assert!(read(&["vhd-porter-plugin", "glnace.py", "<x/>"]).contains("; did you mean glance?"));
    }

    #[test]
    fn usage_names_every_plugin() {
        assert!(usage(PLUGINS).contains("  glance               Images\n"));
    }
}

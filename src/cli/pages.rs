//! Man pages, made of the clap tree.

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;

/// Exit codes, as every page says them.
const EXIT: [(&str, &str); 4] = [
    ("0", "Done, and nothing wrong was found."),
    (
        "1",
        "Refused or failed, or something wrong was found; what, is said on standard error, or with --json on \
         standard output.",
    ),
    ("2", "The command line makes no sense."),
    ("129, 130, 143", "Stopped by SIGHUP, SIGINT or SIGTERM."),
];
/// Files that count.
const FILES: [(&str, &str); 3] = [
    (
        "/etc/vhd-porter/config.toml",
        "Settings; config.example.toml in the documentation shows all of them. VHD_PORTER_CONFIG names another file, \
         and every setting has a variable of its own, such as VHD_PORTER_SR_RESERVE for reserve under [sr].",
    ),
    (
        "/var/lib/vhd-porter",
        "What is remembered of calls that are done, for a day, and of what was installed.",
    ),
    ("/etc/xapi.d/plugins", "The links by which xapi finds the plugins."),
];

/// The name of every page, and its text.
pub(super) fn pages() -> Vec<(String, Vec<u8>)> {
    let mut whole = Cli::command().disable_help_subcommand(true);
    whole.build();
    let subcommands: Vec<&Command> =
        whole.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    let names: Vec<String> = subcommands.iter().map(|command| page_name(command)).collect();
    let mut pages = vec![(format!("{}.1", page_name(&whole)), page(&whole, &names))];
    for command in subcommands {
        pages.push((format!("{}.1", page_name(command)), page(command, &["vhd-porter".to_owned()])));
    }
    pages
}

/// The name of a page: that of the program, or of a subcommand behind it.
fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn page(command: &Command, see_also: &[String]) -> Vec<u8> {
    let man = Man::new(command.clone()).source(concat!("vhd-porter ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    let mut roff = Roff::default();
    section(&mut roff, "EXIT STATUS", &EXIT);
    section(&mut roff, "FILES", &FILES);
    roff.control("SH", ["SEE ALSO"]);
    let mut line = Vec::new();
    for name in see_also {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.extend([bold(name), roman("(1)")]);
    }
    roff.text(line);
    // Neither fails into memory.
    let _ = man.render(&mut text).and_then(|()| roff.to_writer(&mut text));
    text
}

/// A section of terms, each with what it means.
fn section(roff: &mut Roff, title: &str, entries: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (term, text) in entries {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*text)]);
    }
}

//! What `xenstore-ls` prints, as paths.

/// The paths in a listing, each from where it starts: a line is `name = "value"`, indented by one blank for each level.
/// Values are not taken from here: they are cut to the width of a terminal.
pub(super) fn paths(listing: &str) -> Vec<String> {
    let mut above: Vec<&str> = Vec::new();
    let mut paths = Vec::new();
    for line in listing.lines() {
        let name = line.trim_start_matches(' ');
        let level = line.len() - name.len();
        // A record that may not be read is `name:`.
        let name = name.split_once(" = ").map_or_else(|| name.trim_end_matches(':'), |(name, _)| name);
        above.truncate(level);
        above.push(name);
        paths.push(above.join("/"));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_indentation_is_the_level() {
        let listing = "vm = \"/vm/u\"\ndevice = \"\"\n vif = \"\"\n  0 = \"\"\n   mac = \"a = b\"\n  1 = \"\"\n vbd = \"\"\n\
            name:\ndata = \"x\\n...\n";
        assert_eq!(
            paths(listing),
            [
                "vm",
                "device",
                "device/vif",
                "device/vif/0",
                "device/vif/0/mac",
                "device/vif/1",
                "device/vbd",
                "name",
                "data"
            ]
        );
        assert_eq!(paths(""), [""; 0]);
    }
}

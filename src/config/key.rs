//! The table of settings.

/// How the names of all environment variables begin that set something.
pub(super) const VARIABLES: &str = "VHD_PORTER_";

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// A file or directory.
    Path,
    /// A program and its first arguments, quoted as in a shell.
    Command,
    /// Seconds, a whole number from 1.
    Seconds,
    /// A whole number from 0.
    Number,
    /// A whole number from 0 to 100.
    Percent,
    /// `true` or `false`.
    Flag,
}

impl Kind {
    /// What a value of this kind has to be, in words.
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Secret => "a text, which is never shown",
            Self::Path => "a file or directory",
            Self::Command => "a program, quoted as in a shell",
            Self::Seconds => "whole seconds, at least 1",
            Self::Number => "a whole number",
            Self::Percent => "a whole number from 0 to 100",
            Self::Flag => "true or false",
        }
    }

    /// `text`, a value of this kind, as it stands in the file.
    #[must_use]
    pub fn toml(self, text: &str) -> String {
        match self {
            Self::Seconds | Self::Number | Self::Percent | Self::Flag => text.to_owned(),
            // A string of JSON is one of TOML, but for the one control character that JSON does not mind.
            _ => serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f"),
        }
    }
}

/// A setting that there is.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name: `section.name`, or `name` for those above all sections.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it holds where nobody sets it; empty for nothing.
    pub default: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
}

impl Key {
    /// The environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{VARIABLES}{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    /// Its section in the file, if it has one, and its name there.
    #[must_use]
    pub fn place(&self) -> (Option<&'static str>, &'static str) {
        self.name.split_once('.').map_or((None, self.name), |(section, name)| (Some(section), name))
    }
}

/// The key whose name is most like `name`, if one is like it at all. `of` says what a key is called where `name` stands.
pub(super) fn nearest<N: AsRef<str>>(name: &str, of: impl Fn(&Key) -> N) -> Option<&'static Key> {
    let likeness = |key: &Key| {
        let full = of(key);
        let last = full.as_ref().rsplit('.').next().unwrap_or_default();
        strsim::jaro_winkler(name, full.as_ref()).max(strsim::jaro_winkler(name, last))
    };
    let best = ALL.iter().map(|key| (likeness(key), *key)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

macro_rules! keys {
    ($($constant:ident = $name:literal, $kind:ident, $default:literal, $about:literal;)*) => {
        $(#[doc = $about] pub const $constant: &Key =
            &Key { name: $name, kind: Kind::$kind, default: $default, about: $about };)*
        /// Every setting there is.
        pub const ALL: &[&Key] = &[$($constant),*];
    };
}

keys! {
    VHD_UTIL = "vhd_util", Command, "vhd-util", "The host's vhd-util";
    THREADS = "threads", Number, "0", "Threads that may work on one thing; 0 for as many as the CPU quota allows";
    IMAGES = "images", Path, "/images", "Where migrated instances arrive";

    STATE = "state", Path, "/var/lib/vhd-porter", "Where it is remembered which calls are done";

    SR_ROOTS = "sr.roots", Text, "/run/sr-mount:/var/run/sr-mount", "Where SRs of plugin calls may be, divided by colons";
    SR_LOCKS = "sr.locks", Path, "/var/lock/sm", "The storage manager's locks";
    SR_LOCK_WAIT = "sr.lock_wait", Seconds, "120", "How long to wait for one of the storage manager's locks";
    SR_RESERVE = "sr.reserve", Percent, "1", "Part of an SR that is never filled, percent";
    SR_MAX_IMAGE = "sr.max_image", Number, "0", "Most data that one image may bring, MiB; 0 for as much as there is room for";

    XAPI_POOL = "xapi.pool_conf", Path, "/etc/xensource/pool.conf", "Says whether this host is its pool's master";
    MIGRATION_USER = "migration.user", Text, "root", "Whom to log in as on the host that an instance moves to";
    MIGRATION_IDLE_TIMEOUT = "migration.idle_timeout", Seconds, "300", "How long rsync may be silent";

    RSYNC = "programs.rsync", Command, "rsync", "Sends disks to another host";
    SSH = "programs.ssh", Command, "ssh -o StrictHostKeyChecking=no -o BatchMode=yes", "The remote shell of rsync";
    SFDISK = "programs.sfdisk", Command, "sfdisk", "Writes partition tables";
    PARTX = "programs.partx", Command, "partx", "Reads partition tables";
    LOSETUP = "programs.losetup", Command, "losetup", "Makes loop devices";
    MKFS = "programs.mkfs", Command, "mkfs", "Makes file systems";
    MKSWAP = "programs.mkswap", Command, "mkswap", "Makes swap space";
    MOUNT = "programs.mount", Command, "mount -t iso9660 -o loop", "Mounts ISO images";
    UMOUNT = "programs.umount", Command, "umount", "Unmounts ISO images";
    MKISOFS = "programs.mkisofs", Command, "", "Makes ISO images, instead of what the caller names";
    DISK_DEADLINE = "programs.disk_deadline", Seconds, "1800", "How long a program that works on disks may take";

    XAPI_CONF = "xapi.conf", Path, "/etc/xapi.conf", "xapi's own configuration";
    XAPI_USER = "xapi.user", Text, "root", "Who logs in to xapi";
    XAPI_PASSWORD = "xapi.password", Secret, "", "Password of xapi.user; root needs none on the host's own socket";
    XAPI_FOLLOW_MASTER = "xapi.follow_master", Flag, "false", "Log in at the master that a pool member names";
    XAPI_TIMEOUT = "xapi.timeout", Seconds, "600", "How long one call of xapi may take";
    XAPI_UNPLUG_TRIES = "xapi.unplug_tries", Number, "30", "How often to unplug a disk that is in use, a second apart";
    XAPI_INVENTORY = "xapi.inventory", Path, "/etc/xensource-inventory", "The host's record of itself";
    XAPI_URL = "xapi.url", Text, "unix:/var/lib/xcp/xapi", "Where xapi is: unix:PATH, or http(s)://HOST";

    SR_MOUNTS = "sr.mounts", Path, "/var/run/sr-mount", "Where SRs are mounted, each under its uuid";

    KERNEL_DIRECTORY = "kernel.directory", Path, "/boot/guest", "Where kernels and ramdisks of guests are kept";
    KERNEL_DEVICES = "kernel.devices", Path, "/dev", "Where disks appear that are plugged into the control domain";

    HTTP_IDLE_TIMEOUT = "http.idle_timeout", Seconds, "90", "How long a connection may be silent";
    HTTP_RETRIES = "http.retries", Number, "3", "How often a download that broke is resumed";
    HTTP_CA_FILE = "http.ca_file", Path, "", "PEM bundle to verify servers against, instead of the host's";
    HTTP_INSECURE = "http.insecure", Flag, "false", "Do not verify servers at all";
    HTTP_PROXY = "http.proxy", Text, "", "Proxy for http:// and https://, as http://HOST:PORT";

    GLANCE_ENDPOINT = "glance.endpoint", Text, "", "URL of the Image API, without /v2";
    GLANCE_TOKEN = "glance.token", Secret, "", "Token to send to the Image API";
    GLANCE_API_VERSION = "glance.api_version", Number, "2", "Version of the Image API, 1 or 2";

    AGENT_TIMEOUT = "agent.timeout", Seconds, "30", "How long a guest's agent has to answer, unless the call says";
    BANDWIDTH_COUNTERS = "bandwidth.counters", Path, "/proc/net/dev", "The kernel's counters of network interfaces";
    CONSOLE_DIRECTORY = "console.directory", Path, "/var/log/xen/guest", "Where the consoles of guests are logged";
    XENHOST_CONFIG_FILE = "xenhost.config_file", Path, "/usr/etc/xenhost.conf", "What the control plane keeps on the host, as JSON";
    XENHOST_JOIN_TRIES = "xenhost.join_tries", Number, "23", "How often to try a guest of a host that joins a pool";
    XENHOST_JOIN_PAUSE = "xenhost.join_pause", Seconds, "10", "How long to wait between two tries";
    XENHOST_PCI_DEVICES = "xenhost.pci_devices", Path, "/sys/bus/pci/devices", "The kernel's list of PCI devices";

    DEADLINE = "programs.deadline", Seconds, "300", "How long a program of the control domain may run";
    XE_DEADLINE = "programs.xe_deadline", Seconds, "3600", "How long xe may run: it waits for guests to shut down";
    XE = "programs.xe", Command, "xe", "xapi's command line";
    XENSTORE_READ = "programs.xenstore_read", Command, "xenstore-read", "Reads a record of xenstore";
    XENSTORE_WRITE = "programs.xenstore_write", Command, "xenstore-write", "Writes a record of xenstore";
    XENSTORE_LS = "programs.xenstore_ls", Command, "xenstore-ls", "Lists records of xenstore";
    XENSTORE_RM = "programs.xenstore_rm", Command, "xenstore-rm", "Removes records of xenstore";
    XENSTORE_EXISTS = "programs.xenstore_exists", Command, "xenstore-exists", "Says whether there is a record";
    UPTIME = "programs.uptime", Command, "uptime", "How long the host has been up";
    LSPCI = "programs.lspci", Command, "lspci", "Lists PCI devices";
    SM_CLEANUP = "programs.sm_cleanup", Command, "/opt/xensource/sm/cleanup.py", "The storage manager's garbage collector";
    IP = "programs.ip", Command, "ip", "Network interfaces";
    BRCTL = "programs.brctl", Command, "brctl", "Bridges of the kernel";
    OVS_VSCTL = "programs.ovs_vsctl", Command, "ovs-vsctl", "Bridges of Open vSwitch";
    OVS_OFCTL = "programs.ovs_ofctl", Command, "ovs-ofctl", "Flows of Open vSwitch";
    OVSDB_CLIENT = "programs.ovsdb_client", Command, "ovsdb-client", "The database of Open vSwitch";
    IPTABLES_SAVE = "programs.iptables_save", Command, "iptables-save", "Prints the packet filter for IPv4";
    IPTABLES_RESTORE = "programs.iptables_restore", Command, "iptables-restore", "Sets the packet filter for IPv4";
    IP6TABLES_SAVE = "programs.ip6tables_save", Command, "ip6tables-save", "Prints the packet filter for IPv6";
    IP6TABLES_RESTORE = "programs.ip6tables_restore", Command, "ip6tables-restore", "Sets the packet filter for IPv6";
    IPSET = "programs.ipset", Command, "ipset", "Sets of addresses";
    SYSCTL = "programs.sysctl", Command, "sysctl", "Parameters of the kernel";
    CONNTRACK = "programs.conntrack", Command, "conntrack", "Tracked connections";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_variables_are_unique() {
        let variables: std::collections::BTreeSet<String> = ALL.iter().map(|key| key.variable()).collect();
        assert_eq!(variables.len(), ALL.len());
        assert_eq!(HTTP_IDLE_TIMEOUT.variable(), "VHD_PORTER_HTTP_IDLE_TIMEOUT");
    }

    #[test]
    fn the_file_reads_every_text_back() {
        for text in ["", "plain", "quote \" and \\", "tab\tand\nline", "\u{1}\u{7f}é€😀"] {
            let line = format!("a = {}", Kind::Text.toml(text));
            let table = toml::de::DeTable::parse(&line).unwrap();
            let read = table.get_ref().iter().next().and_then(|(_, value)| value.get_ref().as_str());
            assert_eq!(read, Some(text), "{line}");
        }
    }
}

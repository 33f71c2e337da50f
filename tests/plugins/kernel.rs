//! `kernel`: what goes into the control domain's directory of kernels and comes out of it, with a stand-in for xapi.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde_json::{Value, json};
use vhd_porter::wire::xmlrpc::Answer;

use crate::host::{Host, xml};
use crate::xapi::{Reply, Xapi};

const PLUGIN: &str = "kernel.py";
const VDI: &str = "5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a11";
const SIZE: usize = 700_001;

/// What is asked before there is a VBD.
const BEFORE: [&str; 3] = ["VDI.get_uuid", "session.get_this_host", "VM.get_all_records_where"];
/// What is asked about it, in this order.
const DANCE: [&str; 5] = [CREATE, PLUG, DEVICE, UNPLUG, DESTROY];
const CREATE: &str = "VBD.create";
const PLUG: &str = "VBD.plug";
const DEVICE: &str = "VBD.get_device";
const UNPLUG: &str = "VBD.unplug";
const DESTROY: &str = "VBD.destroy";

/// A control domain with a disk that holds a kernel.
struct Dom0 {
    host: Host,
    xapi: Xapi,
}

impl Dom0 {
    fn new() -> Self {
        let mut host = Host::new();
        for directory in ["dev", "guest"] {
            fs::create_dir(host.path(directory)).unwrap();
        }
        fs::write(host.path("dev/xvdb"), [kernel(), vec![0; 99]].concat()).unwrap();
        host.set("VHD_PORTER_KERNEL_DIRECTORY", host.path("guest"));
        host.set("VHD_PORTER_KERNEL_DEVICES", host.path("dev"));
        host.set("VHD_PORTER_XAPI_URL", format!("unix:{}", host.path("xapi").display()));
        host.set("VHD_PORTER_XAPI_INVENTORY", "/nonexistent/inventory");
        host.set("VHD_PORTER_XAPI_TIMEOUT", "1");
        host.set("VHD_PORTER_XAPI_UNPLUG_TRIES", "2");
        let xapi = Xapi::on_socket(&host.path("xapi"));
        let success = |method, value: Value| xapi.on(method, Reply::Success(value));
        success("VDI.get_uuid", json!(VDI));
        success("session.get_this_host", json!("OpaqueRef:host"));
        success("VM.get_all_records_where", json!({ "OpaqueRef:dom0": { "domid": "0" } }));
        success(CREATE, json!("OpaqueRef:vbd"));
        success(DEVICE, json!("xvdb"));
        [PLUG, UNPLUG, DESTROY].into_iter().for_each(|method| success(method, json!("")));
        Self { host, xapi }
    }

    /// The path of a kernel, as it is given and taken.
    fn path(&self, name: &str) -> String {
        self.host.path("guest").join(name).display().to_string()
    }

    /// The files in the directory.
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.host.path("guest"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into())
            .collect();
        files.sort();
        files
    }

    fn call(&self, function: &str, arguments: &[(&str, &str)]) -> String {
        match self.host.call(PLUGIN, xml(function, arguments)) {
            Answer::Success(text) => text,
            Answer::Failure(items) => panic!("{items:?}"),
        }
    }

    fn failure(&self, function: &str, arguments: &[(&str, &str)]) -> (String, String) {
        self.host.failure(PLUGIN, xml(function, arguments))
    }

    fn copy(&self) -> (String, String) {
        self.failure("copy_vdi", &[("vdi-ref", "OpaqueRef:vdi"), ("image-size", &SIZE.to_string())])
    }
}

fn kernel() -> Vec<u8> {
    (0..=250).cycle().take(SIZE).collect()
}

#[test]
fn a_vdi_is_copied_to_its_name_and_into_the_cache() {
    let dom0 = Dom0::new();
    fs::remove_dir(dom0.host.path("guest")).unwrap();
    let arguments = [
        ("vdi-ref", "OpaqueRef:vdi"),
        ("image-size", "700001"),
        ("cached-image", "cached"),
        ("host_uuid", "u"),
    ];
    assert_eq!(dom0.call("copy_vdi", &arguments), dom0.path(VDI));
    assert_eq!(dom0.files(), [VDI, "cached"].map(PathBuf::from));
    for name in [VDI, "cached"] {
        assert!(fs::read(dom0.path(name)).unwrap() == kernel(), "{name}");
    }
    let calls = dom0.xapi.calls();
    let methods: Vec<&str> = calls.iter().map(|(method, _)| method.as_str()).collect();
    assert_eq!(methods, [&BEFORE[..], &DANCE].concat(), "and nobody logs the caller out");
    let record = json!({
        "VM": "OpaqueRef:dom0", "VDI": "OpaqueRef:vdi", "userdevice": "autodetect", "bootable": false, "mode": "RO",
        "type": "disk", "unpluggable": true, "empty": false, "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}, "qos_supported_algorithms": [],
    });
    assert_eq!(calls[3].1, [record]);
    assert!(calls[4..].iter().all(|(_, params)| *params == [json!("OpaqueRef:vbd")]), "{calls:?}");
    // The same again takes the place of the first.
    fs::write(dom0.path(VDI), "old").unwrap();
    assert_eq!(dom0.call("copy_vdi", &arguments[..2]), dom0.path(VDI));
    assert!(fs::read(dom0.path(VDI)).unwrap() == kernel());
    assert_eq!(dom0.files(), [VDI, "cached"].map(PathBuf::from));
}

/// Replies of xapi to some step; the class and message that come of it; and what is called from the dance on.
type Case = (&'static str, Vec<Reply>, Result<(), (&'static str, &'static str)>, &'static [&'static str]);

fn dance() -> Vec<Case> {
    let failure = |description: &[&str]| vec![Reply::failure(description)];
    let rejected = || Reply::failure(&["DEVICE_DETACH_REJECTED", "VBD", "OpaqueRef:vbd", "busy"]);
    let refused = |message| Err(("Failure", message));
    vec![
        (
            "VDI.get_uuid",
            failure(&["HANDLE_INVALID", "VDI"]),
            refused("VDI.get_uuid: ['HANDLE_INVALID', 'VDI']"),
            &[],
        ),
        (
            "VDI.get_uuid",
            failure(&["SESSION_INVALID", "OpaqueRef:4a3c-session"]),
            refused("['SESSION_INVALID', '***']"),
            &[],
        ),
        (
            "VDI.get_uuid",
            vec![Reply::Success(json!("../../etc/passwd"))],
            Err(("Exception", "expected a uuid")),
            &[],
        ),
        (
            "VM.get_all_records_where",
            vec![Reply::Success(json!({}))],
            Err(("Exception", "the control domain")),
            &[],
        ),
        (CREATE, failure(&["VDI_IN_USE", "x"]), refused("VBD.create: ['VDI_IN_USE', 'x']"), &[CREATE]),
        (
            PLUG,
            failure(&["SR_BACKEND_FAILURE_46"]),
            refused("VBD.plug: ['SR_BACKEND_FAILURE_46']"),
            &[CREATE, PLUG, UNPLUG, DESTROY],
        ),
        (
            PLUG,
            vec![Reply::Silence(vec![])],
            Err(("RetryableError", "calling VBD.plug of xapi")),
            &[CREATE, PLUG, UNPLUG, DESTROY],
        ),
        (DEVICE, failure(&["HANDLE_INVALID"]), refused("VBD.get_device"), &DANCE),
        (DEVICE, vec![Reply::Success(json!("xvdz"))], Err(("OSError", "dev/xvdz: No such file")), &DANCE),
        (
            DEVICE,
            vec![Reply::Success(json!("../guest/x"))],
            Err(("PluginError", "expected a name such as xvdb")),
            &DANCE,
        ),
        (
            DEVICE,
            vec![Reply::Success(json!(""))],
            Err(("PluginError", "expected a name such as xvdb")),
            &DANCE,
        ),
        (
            UNPLUG,
            vec![rejected(), Reply::Success(json!(""))],
            Ok(()),
            &[CREATE, PLUG, DEVICE, UNPLUG, UNPLUG, DESTROY],
        ),
        (
            UNPLUG,
            vec![rejected()],
            Err(("PluginError", "VBD.unplug was rejected 2 times")),
            &[CREATE, PLUG, DEVICE, UNPLUG, UNPLUG, DESTROY],
        ),
        (UNPLUG, failure(&["DEVICE_ALREADY_DETACHED", "x"]), Ok(()), &DANCE),
        (UNPLUG, failure(&["INTERNAL_ERROR"]), Ok(()), &DANCE),
        (DESTROY, failure(&["OPERATION_NOT_ALLOWED"]), Ok(()), &DANCE),
    ]
}

#[test]
fn whatever_step_fails_the_disk_is_taken_away_again() {
    for (method, replies, expected, calls) in dance() {
        let dom0 = Dom0::new();
        dom0.xapi.on_in_turn(method, replies);
        match expected {
            Err((class, message)) => {
                let (found, said) = dom0.copy();
                assert_eq!(found, class, "{said}");
                assert!(said.contains(message), "{said:?} does not say {message:?}");
            }
            Ok(()) => {
                let arguments = [("vdi-ref", "OpaqueRef:vdi"), ("image-size", "700001")];
                assert_eq!(dom0.call("copy_vdi", &arguments), dom0.path(VDI));
            }
        }
        let methods = dom0.xapi.methods();
        let dance: Vec<&String> = methods.iter().filter(|method| method.starts_with("VBD.")).collect();
        assert_eq!(dance, calls, "{method}");
        assert!(dom0.files().iter().all(|file| file.as_os_str() == VDI), "{:?}", dom0.files());
    }
}

#[test]
fn a_file_that_does_not_work_out_leaves_nothing() {
    for (prepare, class, message) in [
        (
            Box::new(|dom0: &Dom0| fs::write(dom0.host.path("dev/xvdb"), "short").unwrap())
                as Box<dyn Fn(&Dom0)>,
            "PluginError",
            "expected an image of 700001 bytes, found a disk of 5",
        ),
        (
            Box::new(|dom0| symlink("/etc/passwd", dom0.path(VDI)).unwrap()),
            "PluginError",
            "expected a regular file, found something else",
        ),
        (
            Box::new(|dom0| fs::create_dir(dom0.path(VDI)).unwrap()),
            "PluginError",
            "expected a regular file, found something else",
        ),
        (
            Box::new(|dom0| {
                fs::remove_file(dom0.host.path("dev/xvdb")).unwrap();
                fs::create_dir(dom0.host.path("dev/xvdb")).unwrap();
            }),
            "PluginError",
            "expected a disk",
        ),
    ] {
        let dom0 = Dom0::new();
        prepare(&dom0);
        let before = dom0.files();
        let (found, said) = dom0.copy();
        assert_eq!(found, class, "{said}");
        assert!(said.contains(message), "{said}");
        assert_eq!(dom0.files(), before);
        assert_eq!(dom0.xapi.methods().last().unwrap(), "VBD.destroy");
    }
    // More than any file system has.
    let dom0 = Dom0::new();
    let disk = fs::File::options().write(true).open(dom0.host.path("dev/xvdb")).unwrap();
    if disk.set_len(1 << 42).is_ok() {
        let arguments = [("vdi-ref", "OpaqueRef:vdi"), ("image-size", "4398046511104")];
        let (class, said) = dom0.failure("copy_vdi", &arguments);
        assert_eq!(class, "OSError", "{said}");
        assert!(said.contains("4398046511104 bytes are needed"), "{said}");
    }
    assert_eq!(dom0.files(), [""; 0].map(PathBuf::from));
}

#[test]
fn a_cached_kernel_is_copied_if_it_is_there() {
    let dom0 = Dom0::new();
    let arguments = [("cached-image", "cached"), ("new-image-uuid", VDI)];
    assert_eq!(dom0.call("create_kernel_ramdisk", &arguments), "");
    fs::write(dom0.path("cached"), kernel()).unwrap();
    assert_eq!(dom0.call("create_kernel_ramdisk", &arguments), dom0.path(VDI));
    assert!(fs::read(dom0.path(VDI)).unwrap() == kernel());
    assert_eq!(dom0.files().len(), 2);
    symlink("/etc/passwd", dom0.path("link")).unwrap();
    for arguments in [[("cached-image", "link"), arguments[1]], [arguments[0], ("new-image-uuid", "link")]] {
        let (class, said) = dom0.failure("create_kernel_ramdisk", &arguments);
        assert_eq!(class, "PluginError", "{said}");
    }
    fs::remove_dir_all(dom0.host.path("guest")).unwrap();
    assert_eq!(dom0.call("create_kernel_ramdisk", &arguments), "");
    assert_eq!(dom0.xapi.methods(), [""; 0], "xapi is not asked");
}

#[test]
fn only_kernels_are_removed() {
    let dom0 = Dom0::new();
    let outside = dom0.host.path("outside");
    fs::write(&outside, "").unwrap();
    symlink(&outside, dom0.path("link")).unwrap();
    symlink(dom0.host.path("guest"), dom0.host.path("guest-link")).unwrap();
    let make = || ["k", "r"].into_iter().for_each(|name| fs::write(dom0.path(name), "").unwrap());
    make();
    let by_link = dom0.host.path("guest-link/k").display().to_string();
    for path in [
        outside.to_str().unwrap(),
        &dom0.path("../outside"),
        &dom0.path("../guest/k"),
        &by_link,
        "k",
        "/etc/passwd",
        &dom0.path(""),
        &dom0.path("k/"),
    ] {
        for arguments in [
            [("kernel-file", path), ("ramdisk-file", &dom0.path("r"))],
            [("ramdisk-file", path), ("kernel-file", &dom0.path("r"))],
        ] {
            let (class, said) = dom0.failure("remove_kernel_ramdisk", &arguments);
            assert_eq!(class, "ArgumentError", "{path}: {said}");
            assert!(said.contains("no other is removed"), "{said}");
        }
    }
    let (class, said) = dom0.failure("remove_kernel_ramdisk", &[("kernel-file", &dom0.path("link"))]);
    assert_eq!(class, "PluginError", "{said}");
    assert_eq!(dom0.files(), ["k", "link", "r"].map(PathBuf::from));
    let both = [("kernel-file", dom0.path("k")), ("ramdisk-file", dom0.path("r"))];
    let both: Vec<(&str, &str)> = both.iter().map(|(name, path)| (*name, path.as_str())).collect();
    // The second time there is nothing left, and an empty path is none.
    for arguments in [&both[..], &both, &[("kernel-file", "")], &[]] {
        assert_eq!(dom0.call("remove_kernel_ramdisk", arguments), "ok");
    }
    assert_eq!(dom0.files(), ["link"].map(PathBuf::from));
    make();
    assert_eq!(dom0.call("remove_kernel_ramdisk", &both[1..]), "ok");
    assert_eq!(dom0.files(), ["k", "link"].map(PathBuf::from));
    assert!(outside.exists());
}

#[test]
fn arguments_are_judged_before_xapi_is_asked() {
    let dom0 = Dom0::new();
    let vdi = ("vdi-ref", "OpaqueRef:vdi");
    for (function, arguments, message) in [
        ("copy_vdi", &[vdi][..], "argument image-size is missing"),
        ("copy_vdi", &[("image-size", "1")], "argument vdi-ref is missing"),
        ("copy_vdi", &[vdi, ("image-size", "-1")], "image-size: expected an integer from 0"),
        ("copy_vdi", &[("vdi-ref", "a\" b"), ("image-size", "1")], "expected a reference to a VDI"),
        (
            "copy_vdi",
            &[vdi, ("image-size", "1"), ("cached-image", "../x")],
            "cached-image: expected a plain file name",
        ),
        (
            "copy_vdi",
            &[vdi, ("image-size", "1"), ("cached-image", ".x")],
            "cached-image: expected a plain file name",
        ),
        ("create_kernel_ramdisk", &[("cached-image", "a")], "argument new-image-uuid is missing"),
        (
            "create_kernel_ramdisk",
            &[("cached-image", "/etc/passwd"), ("new-image-uuid", "b")],
            "cached-image: expected",
        ),
        (
            "create_kernel_ramdisk",
            &[("cached-image", "a"), ("new-image-uuid", "..")],
            "new-image-uuid: expected",
        ),
    ] {
        let (class, said) = dom0.failure(function, arguments);
        assert_eq!(class, "ArgumentError", "{said}");
        assert!(said.contains(message), "{said}");
    }
    assert_eq!(dom0.xapi.methods(), [""; 0]);
    fs::remove_file(dom0.host.path("xapi")).unwrap();
    let (class, said) = dom0.copy();
    assert_eq!(class, "RetryableError", "{said}");
    assert!(said.starts_with("no xapi at unix:"), "{said}");
}

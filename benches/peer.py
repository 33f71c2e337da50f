#!/usr/bin/env python3
"""Measure every job beside the programs that users leave or would reach for: same data, same run, in turn.

    cargo build --release
    python3 benches/peer.py [--rounds N] [--size MIB] [--job NAME]… [--json FILE] [--list]

Each round runs the peer, then ours. Shown are medians over the rounds: the ratio peer / ours of wall and CPU time, sizes, and
the peak memory of ours (no less than that of this script, about 15 MiB: so the system counts). Every result of ours is
verified: disks are read back through the landed chain by the plain reader in fixtures/, tarballs by tar.

What jobs need, and where it is looked for; a job that lacks something says so and is passed over:
  PEER_PYTHON    Python 2.7                                  [python2.7, or that of pyenv]
  PEER_PLUGINS   os-xenapi's directory of plugins            [where tests/openstack/install puts it]
  PEER_VHD_UTIL  blktap's vhd-util; the original's is found on PATH as such  [vhd-util]
Data is kept below PEER_DATA [target/bench-data].
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(os.environ.get("PEER_OURS", ROOT / "target/release"))
PORTER, PLUGIN = PROGRAMS / "vhd-porter", PROGRAMS / "vhd-porter-plugin"
DATA = pathlib.Path(os.environ.get("PEER_DATA", ROOT / "target/bench-data"))
CACHE = pathlib.Path(os.environ.get("VHD_PORTER_TEST_CACHE", ROOT / "target/test-cache"))
ORIGINAL = ROOT / "benches/original.py"
READER = ROOT / "fixtures/read_chain_plain.py"
SIZES = {"os": 2048, "random": 1024, "zeros": 2048, "deep": 512}
LINKS = 30


class Missing(Exception):
    """Something that a job needs is not on this machine."""


def first(what, *candidates):
    for candidate in candidates:
        if candidate and (shutil.which(candidate) or pathlib.Path(candidate).is_dir()):
            return str(shutil.which(candidate) or candidate)
    raise Missing(what)


def python2():
    homes = sorted(pathlib.Path.home().glob(".pyenv/versions/2.7*/bin/python"))
    return first("Python 2.7", os.environ.get("PEER_PYTHON"), *map(str, homes), "python2.7")


def plugins():
    there = CACHE / "os-xenapi-2/lib/python2.7/site-packages/os_xenapi/dom0/etc/xapi.d/plugins"
    return first("os-xenapi's plugins", os.environ.get("PEER_PLUGINS"), str(there))


def vhd_util():
    return first("blktap's vhd-util", os.environ.get("PEER_VHD_UTIL"), "vhd-util")


def original(*arguments):
    """The command that has the original do a job, with a PATH on which its vhd-util is found."""
    path = f"{pathlib.Path(vhd_util()).parent}:{os.environ['PATH']}"
    return ["env", f"PATH={path}", python2(), ORIGINAL, plugins(), *arguments]


def shell(line):
    return ["bash", "-c", "set -euo pipefail; " + line]


def run(command, **options):
    """Wall seconds, CPU seconds and peak MiB of a command, the children that it waited for included."""
    with tempfile.TemporaryFile() as told:
        start = time.monotonic()
        child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=told, **options)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        if status:
            told.seek(0)
            sys.exit(f"{command} failed: {told.read().decode()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def uuids(count):
    return [str(uuid.uuid4()) for _ in range(count)]


def options_of(name, values):
    return [word for value in values for word in (name, value)]


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(dir=DATA) as name:
        yield pathlib.Path(name)


def data(kind, size=None):
    """The chain's directory, its files leaf first, and the digest of its disk."""
    directory = DATA / kind
    maker = [sys.executable, ROOT / "benches/data.py", kind, directory, "--size", str(size or SIZES[kind])]
    digest = subprocess.check_output(maker, text=True).strip()
    chain = directory / "chain"
    chain.mkdir(exist_ok=True)
    links = sorted(directory.glob("*.vhd"), key=lambda path: int(path.stem))
    for link in links:
        if not (chain / link.name).exists():
            os.link(link, chain / link.name)
    return chain, links, digest


def tarball(kind):
    """The image that GNU tar makes of the chain."""
    chain, _, _ = data(kind)
    packed = DATA / kind / "gnu.tar.gz"
    if not packed.exists() or packed.stat().st_mtime < (DATA / kind / "disk.sha256").stat().st_mtime:
        subprocess.run(shell(f"tar -zc --directory={chain} . > {packed}"), check=True)
    return packed


def verify_disk(paths, digest):
    # By a process of its own: this one is to stay small, see above.
    found = json.loads(subprocess.check_output([sys.executable, READER, *paths]))
    if found["sha256"] != digest:
        sys.exit(f"{paths} holds another disk")


def landed(sr, names):
    return [sr / f"{name}.vhd" for name in names]


def export(kind, peer, level="6", compress="gzip"):
    """Exports the chain of a data set: `peer(chain, output)` is the peer's command. Compares sizes, too."""
    chain, links, digest = data(kind)
    with scratch() as place:
        sr, theirs, ours = place / "sr", place / "theirs", place / "ours"
        names = uuids(len(links))
        subprocess.run([PORTER, "-q", "import", tarball(kind), "--sr", sr, "--create-sr", "--tool", "embedded",
                        *options_of("--uuid", names)], check=True, stdout=subprocess.DEVNULL)
        # An import leaves nothing of what it wrote in the page cache.
        subprocess.run(f"cat {sr}/* {chain}/*", shell=True, check=True, stdout=subprocess.DEVNULL)
        command = [PORTER, "-q", "export", "--sr", sr, *options_of("--vdi", names),
                   "--compress", compress, "--level", level, "-o", ours]

        size = None

        def clean():
            nonlocal size
            size = theirs.stat().st_size if theirs.exists() else size
            for path in (theirs, ours):
                path.unlink(missing_ok=True)

        yield peer(chain, theirs), command, clean
        back = place / "back"
        back.mkdir()
        subprocess.run(["tar", "-xf", ours, "-C", back], check=True)
        verify_disk([back / f"{index}.vhd" for index in range(len(links))], digest)
        yield ours.stat().st_size / size


def imports(kind, peer, image=None):
    """Imports a data set: `peer(tarball, directory, uuids)` is the peer's command."""
    _, links, digest = data(kind)
    image = image or tarball(kind)
    with scratch() as place:
        names, sr, theirs = uuids(len(links)), place / "sr", place / "theirs"
        command = [PORTER, "-q", "import", image, "--sr", sr, "--tool", "embedded", *options_of("--uuid", names)]

        def clean():
            for path in (sr, theirs):
                shutil.rmtree(path, ignore_errors=True)
                path.mkdir()

        yield peer(image, theirs, names), command, clean
        verify_disk(landed(sr, names), digest)
        yield None


def own_export():
    """Imports what we exported, beside pigz and tar."""
    _, links, _ = data("os")
    with scratch() as place:
        sr, image, names = place / "sr", place / "own.tar.gz", uuids(len(links))
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([PORTER, "-q", "import", tarball("os"), "--sr", sr, "--create-sr", "--tool", "embedded",
                        *options_of("--uuid", names)], **quiet)
        subprocess.run([PORTER, "-q", "export", "--sr", sr, *options_of("--vdi", names), "-o", image], **quiet)
        pigz = first("pigz", "pigz")
        yield from imports("os", lambda image, to, _: shell(f"{pigz} -dc < {image} | tar -x -C {to}"), image)


def zstd_import():
    """Imports what zstd packed, beside zstd and tar."""
    chain, _, _ = data("os")
    with scratch() as place:
        image = place / "image.tar.zst"
        subprocess.run(packed_by("zstd -q -3")(chain, image), check=True)
        yield from imports("os", lambda image, to, _: shell(f"zstd -qdc < {image} | tar -x -C {to}"), image)


def empty_chain(place, links=LINKS):
    paths = [place / f"{links - 1 - level}.vhd" for level in range(links)]
    subprocess.run([PORTER, "create", "--size", "40G", paths[0]], check=True, stdout=subprocess.DEVNULL)
    for parent, child in zip(paths, paths[1:]):
        subprocess.run([PORTER, "snapshot", parent, child], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([vhd_util(), "set", "-n", paths[0], "-f", "hidden", "-v", "1"], check=True)
    return paths[::-1]


def relink():
    """Relinks and validates a chain of 29 empty links, the most that an SR takes, all but landing it."""
    with scratch() as place:
        (place / "made").mkdir()
        links = empty_chain(place / "made", LINKS - 1)
        image, names = place / "image.tar", uuids(len(links))
        subprocess.run(["tar", "-cf", image, "-C", place / "made", "."], check=True)
        staging, theirs, sr = place / "staging", place / "theirs", place / "sr"
        command = [PORTER, "-q", "import", image, "--sr", sr, "--dry-run", "--tool", "embedded", *options_of("--uuid", names)]

        def clean():
            for path in (staging, theirs, sr):
                shutil.rmtree(path, ignore_errors=True)
                path.mkdir()
            for link in links:
                shutil.copyfile(link, staging / link.name)

        yield original("relink", staging, theirs, *names), command, clean
        yield None


def trivial_call():
    """Asks for the version of the plugins: from start of the process to the answer."""
    pickle = "(dp0\nS'args'\np1\n(lp2\nsS'kwargs'\np3\n(dp4\ns."
    text = ("<?xml version='1.0'?><methodCall><methodName>get_version</methodName><params><param><value>OpaqueRef:1</value></param>"
            f"<param><value><struct><member><name>params</name><value>{pickle}</value></member></struct></value></param></params></methodCall>")
    runner = ROOT / "tests/plugins/dom0/original/run.py"
    yield ([python2(), runner, pathlib.Path(plugins()) / "dom0_plugin_version.py", text],
           [PLUGIN, "dom0_plugin_version", text], lambda: None)
    answer = subprocess.check_output([PLUGIN, "dom0_plugin_version", text], text=True)
    if "2.1" not in answer:
        sys.exit(f"no version in {answer}")
    yield None


@contextlib.contextmanager
def xfs(size="6G"):
    """A new XFS with shared blocks, mounted."""
    if os.geteuid():
        raise Missing("root, to mount an XFS")
    first("mkfs.xfs", "mkfs.xfs")
    with scratch() as place:
        image, mount = place / "xfs.img", place / "xfs"
        mount.mkdir()
        subprocess.run(["truncate", "-s", size, image], check=True)
        subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, mount], check=True)
        try:
            yield mount
        finally:
            subprocess.run(["umount", mount], check=True)


def safe_copy():
    """Copies the OS-like chain within an SR on XFS."""
    _, links, digest = data("os")
    with xfs() as sr:
        sources, names = uuids(len(links)), uuids(len(links))
        subprocess.run([PORTER, "-q", "import", tarball("os"), "--sr", sr, "--tool", "embedded",
                        *options_of("--uuid", sources)], check=True, stdout=subprocess.DEVNULL)
        command = [PORTER, "-q", "copy", "--sr", sr, "--tool", "embedded",
                   *options_of("--vdi", sources), *options_of("--uuid", names)]

        def clean():
            for path in sr.glob("*.vhd"):
                if path.stem not in sources:
                    path.unlink()

        peer = original("copy", sr, ",".join(uuids(len(links))), *sources)
        yield peer, command, clean
        before = os.statvfs(sr).f_bfree
        clean()
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
        verify_disk(landed(sr, names), digest)
        taken = (before - os.statvfs(sr).f_bfree) * os.statvfs(sr).f_bsize >> 20
        if taken > 16:
            sys.exit(f"a copy took {taken} MiB on a file system with shared blocks")
        yield None


def flatten(peer):
    """Makes one image of a chain of thirty: `peer(chain, output)` is the peer's command, on a copy of the chain."""
    _, links, digest = data("deep")
    with scratch() as place:
        copy, theirs, ours = place / "chain", place / "theirs.vhd", place / "ours.vhd"

        def clean():
            shutil.rmtree(copy, ignore_errors=True)
            theirs.unlink(missing_ok=True)
            ours.unlink(missing_ok=True)
            shutil.copytree(DATA / "deep/chain", copy)
            os.sync()

        clean()
        whole = DATA / "whole.vhd"
        if not whole.exists():
            subprocess.run([PORTER, "-q", "flatten", *links, "-o", whole], check=True, stdout=subprocess.DEVNULL)
        yield peer(copy, theirs, whole), [PORTER, "-q", "flatten", *links, "-o", ours], clean
        verify_disk([ours], digest)
        yield None


def coalesce_each(copy, _output, _whole):
    links = " ".join(str(copy / f"{level}.vhd") for level in range(LINKS - 1))
    return shell(f"for link in {links}; do {vhd_util()} coalesce -n $link; done; sync {copy}/{LINKS - 1}.vhd")


def qemu_convert(_copy, output, whole):
    return shell(f"qemu-img convert -f vpc -O vpc -o subformat=dynamic,force_size=on {whole} {output}; sync {output}")


def packed_by(program):
    return lambda chain, to: shell(f"tar -c -C {chain} . | {program} > {to}")


def exported(chain, to):
    return original("export", chain, to)


def imported(image, to, names):
    return original("import", image, to, *names)


CPUS = os.cpu_count()
JOBS = {
    "export-os": lambda: export("os", exported),
    "export-random": lambda: export("random", exported),
    "export-zeros": lambda: export("zeros", exported),
    "import-os": lambda: imports("os", imported),
    "import-random": lambda: imports("random", imported),
    "import-zeros": lambda: imports("zeros", imported),
    "import-own": own_export,
    "relink-29": relink,
    "trivial-call": trivial_call,
    "safe-copy": safe_copy,
    "flatten-coalesce": lambda: flatten(coalesce_each),
    "flatten-qemu": lambda: flatten(qemu_convert),
    "export-os-pigz": lambda: export("os", packed_by(f"pigz -6 -p {CPUS}")),
    "export-os-igzip": lambda: export("os", packed_by(f"igzip -1 -T {CPUS}"), "1"),
    "export-os-store": lambda: export("os", lambda chain, to: shell(f"tar -cf {to} -C {chain} ."), "store"),
    "export-os-zstd": lambda: export("os", packed_by(f"zstd -q -3 -T{CPUS}"), "3", "zstd"),
    "import-os-pigz": lambda: imports("os", lambda image, to, _: shell(f"pigz -dc < {image} | tar -x -C {to}")),
    "import-os-igzip": lambda: imports("os", lambda image, to, _: shell(f"igzip -dc < {image} | tar -x -C {to}")),
    "import-os-zstd": zstd_import,
}
# Jobs that are over before a clock can tell are run so many times in a round.
REPEATED = {"trivial-call": 20, "relink-29": 3}


def measure(name, rounds):
    job = JOBS[name]()
    peer, ours, clean = next(job)
    times = {"peer": [], "ours": []}
    for _ in range(rounds):
        for who, command in (("peer", peer), ("ours", ours)):
            taken = []
            for _ in range(REPEATED.get(name, 1)):
                clean()
                taken.append(run(command))
            times[who].append([statistics.median(column) for column in zip(*taken)])
    sizes = next(job)
    job.close()
    ratio = [statistics.median(p[i] / max(o[i], 1e-4) for p, o in zip(times["peer"], times["ours"])) for i in range(2)]
    medians = {who: [statistics.median(column) for column in zip(*rows)] for who, rows in times.items()}
    return {"job": name, "wall": ratio[0], "cpu": ratio[1], "size": sizes, "peer_seconds": medians["peer"][0],
            "our_seconds": medians["ours"][0], "our_cpu": medians["ours"][1], "peak_mib": max(row[2] for row in times["ours"])}


def shown(found):
    size = f"  size {found['size']:.3f}" if found["size"] else ""
    return (f"{found['job']:17} {found['wall']:7.2f} wall {found['cpu']:7.2f} CPU   {found['peer_seconds']:8.3f} s  "
            f"{found['our_seconds']:7.3f} s ({found['our_cpu']:.3f} s CPU)  peak {found['peak_mib']:5.1f} MiB{size}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, help="MiB of each disk [2048, random 1024, deep 512]")
    parser.add_argument("--job", action="append", choices=JOBS)
    parser.add_argument("--json", type=pathlib.Path, help="file to write the figures to")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        return print("\n".join(JOBS))
    if not PORTER.exists():
        sys.exit("build it first: cargo build --release")
    if options.size:
        SIZES.update({kind: options.size for kind in SIZES})
    DATA.mkdir(parents=True, exist_ok=True)
    print(f"{options.rounds} rounds on {CPUS} CPUs; ratios are peer / ours, sizes ours / peer's", flush=True)
    found = []
    for name in options.job or JOBS:
        try:
            found.append(measure(name, options.rounds))
            print(shown(found[-1]), flush=True)
        except Missing as missing:
            print(f"{name:17} passed over: there is no {missing}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()

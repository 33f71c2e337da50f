#!/usr/bin/env python3
"""Measure import and export beside the pipelines that users leave, on the same data, in one run.

    cargo build --release && python3 benches/compare.py [--size MIB] [--rounds N] [--set os|random|zeros] [--vhd-util CMD]

Peers: `tar -zc` for export; `tar -zx` and, with a real vhd-util, `vhd-util modify` and `check` of each link for import.
Runs are paired, peer first and ours second in each round; the ratio of a round is peer / ours, and the median of the
rounds is shown. Every import is verified: the guest content read through the landed chain, by the plain reader in
fixtures/, is that of the raw disk. Needs qemu-img and mkfs.ext4. Data is made anew in a temporary directory:

  os      an ext4 file system of this machine's /usr/lib, with a child in which some of it is written over
  random  a disk of random bytes
  zeros   a disk of which every seventh MiB holds data and the rest is allocated zeros
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "fixtures"))
import read_chain_plain  # noqa: E402
import vhd_writer  # noqa: E402

PORTER = ROOT / "target/release/vhd-porter"
MIB = 1 << 20


def run(command, **options):
    """Seconds, CPU seconds and peak MiB of a command (the largest of its processes)."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    if status:
        sys.exit(f"{command} failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def shell(line, **options):
    return run(["bash", "-c", "set -euo pipefail; " + line], **options)


def raw_disk(kind, size, work):
    """The bytes of the disk at its two levels: base, and leaf (None when there is only a base)."""
    if kind == "random":
        source = random.Random(1)
        return b"".join(source.randbytes(MIB) for _ in range(size // MIB)), None
    if kind == "zeros":
        piece = random.Random(2).randbytes(MIB // 2) + bytes(range(256)) * (MIB // 512)
        return b"".join(piece if at % 7 == 0 else bytes(MIB) for at in range(size // MIB)), None
    tree, image = work / "tree", work / "raw"
    tree.mkdir()
    room = size * 8 // 10
    for path in sorted(pathlib.Path("/usr/lib").rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < room // 4:
            room -= path.stat().st_size
            if room < 0:
                break
            (tree / path.relative_to("/usr/lib").parent).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, tree / path.relative_to("/usr/lib"))
    image.touch()
    os.truncate(image, size)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-d", tree, image], check=True)
    base = image.read_bytes()
    leaf = bytearray(base)
    for at in range(0, size, 16 * MIB):  # one MiB in sixteen is written over with what stands elsewhere
        leaf[at:at + MIB] = base[(at + size // 3) % size:][:MIB].ljust(MIB, b"\0")
    return base, bytes(leaf)


def make_chain(base, leaf, full, work):
    """Writes the images of the chain, leaf first, to a folder of their own."""
    folder = work / "image"
    folder.mkdir()
    raw, last = work / "base.raw", folder / ("1.vhd" if leaf else "0.vhd")
    raw.write_bytes(base)
    option = "subformat=dynamic,force_size=on"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", option]
                   + (["-S", "0"] if full else []) + [raw, last], check=True)
    raw.unlink()
    link = vhd_writer.Link("base", "base.vhd", uuid.uuid4(), 1700000000, 1 if leaf else 0)
    vhd_writer.stamp(last, link)
    if leaf:
        child = vhd_writer.Link("leaf", "leaf.vhd", uuid.uuid4(), 1700000000, 0)
        vhd_writer.write_child(folder / "0.vhd", child, link, base, leaf, grain=4096)


def make(kind, size, work):
    """Makes the data set in `work` and prints the digest of its disk."""
    base, leaf = raw_disk(kind, size, work)
    make_chain(base, leaf, kind == "zeros", work)
    print(hashlib.sha256(leaf or base).hexdigest())


def verify(sr, leaf_uuid, expected):
    tree = json.loads(subprocess.check_output([PORTER, "inspect", "--sr", sr, "--json"]))
    parents = {vdi["uuid"]: vdi["parent"] for vdi in tree["vdis"]}
    paths = []
    while leaf_uuid:
        paths.append(str(sr / f"{leaf_uuid}.vhd"))
        leaf_uuid = parents[leaf_uuid]
    digest = hashlib.sha256()
    for chunk in read_chain_plain.chunks(read_chain_plain.open_chain(paths)):
        digest.update(chunk)
    if digest.hexdigest() != expected:
        sys.exit("the imported disk differs from the original")


def peer_import(packed, folder, vhd_util):
    """What the original plugin does, without its server: unpack, relink from the base up, check."""
    folder.mkdir()
    line = f"tar -zx --directory={folder} < {packed}"
    if vhd_util:
        # -p would refuse the base of qemu's, whose geometry the original does not mend.
        line += (f"; cd {folder}; test ! -e 1.vhd || {vhd_util} modify -n 0.vhd -p 1.vhd"
                 f"; for f in *.vhd; do {vhd_util} query -n $f -f; {vhd_util} check -n $f || test $? = 22; done")
    return shell(line)


def report(name, peer, ours, sizes=None):
    ratio = [statistics.median(p[i] / max(o[i], 1e-9) for p, o in zip(peer, ours)) for i in range(2)]
    peak = max(o[2] for o in ours)
    size = f"  size {sizes[1] / sizes[0]:.3f} of peer's" if sizes else ""
    medians = [statistics.median(x[0] for x in runs) for runs in (peer, ours)]
    print(f"{name:16} {ratio[0]:5.2f}x wall  {ratio[1]:5.2f}x CPU   peak {peak:5.1f} MiB{size}"
          f"   (medians {medians[0]:.2f} s, {medians[1]:.2f} s)", flush=True)


def measure(kind, size, rounds, vhd_util):
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        work = pathlib.Path(name)
        # In a process of its own: the peak memory that the system reports of a child is at least its parent's.
        maker = [sys.executable, __file__, "--make", kind, str(size), work]
        expected = subprocess.check_output(maker, text=True).strip()
        image = work / "image"
        packed, sr = work / "peer.tar.gz", work / "sr"
        sr.mkdir()
        peer_in, ours_in, peer_out, ours_out = [], [], [], []
        for _ in range(rounds):
            peer_out.append(shell(f"tar -zc --directory={image} . > {packed}"))
            if not ours_in:
                leaf_uuid = import_ours(packed, sr, expected, None)
            out = work / "ours.tar.gz"
            out.unlink(missing_ok=True)
            ours_out.append(run([PORTER, "-q", "export", "--sr", sr, "--vdi", leaf_uuid, "--chain", "-o", out]))
            target, landed = work / "peer", work / "sr-ours"
            peer_in.append(peer_import(packed, target, vhd_util))
            shutil.rmtree(target)
            landed.mkdir()
            import_ours(packed, landed, expected, ours_in)
            shutil.rmtree(landed)
        import_ours(out, sr, expected, None)  # what we exported holds the same disk
        report(f"export {kind}", peer_out, ours_out, (packed.stat().st_size, out.stat().st_size))
        report(f"import {kind}", peer_in, ours_in)


def import_ours(packed, sr, expected, times):
    with tempfile.TemporaryFile("w+") as answer:
        start = time.monotonic()
        child = subprocess.Popen([PORTER, "-q", "import", packed, "--sr", sr, "--json", "--tool", "embedded"], stdout=answer)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        if status:
            sys.exit("the import failed")
        if times is not None:
            times.append((wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
        answer.seek(0)
        leaf_uuid = json.load(answer)["root"]["uuid"]
    verify(sr, leaf_uuid, expected)
    return leaf_uuid


def main():
    if sys.argv[1:2] == ["--make"]:
        return make(sys.argv[2], int(sys.argv[3]), pathlib.Path(sys.argv[4]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="MiB of disk")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--set", choices=["os", "random", "zeros"], action="append")
    parser.add_argument("--vhd-util", help="a real vhd-util for the peer's relinking and checks")
    options = parser.parse_args()
    if not PORTER.exists():
        sys.exit("build it first: cargo build --release")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    vhd_util = shlex.quote(options.vhd_util) if options.vhd_util else None
    print(f"{options.size} MiB disks, {options.rounds} rounds; ratios are peer / ours", flush=True)
    for kind in options.set or ["os", "random", "zeros"]:
        measure(kind, options.size * MIB, options.rounds, vhd_util)


if __name__ == "__main__":
    main()

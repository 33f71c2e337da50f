#!/usr/bin/env python3
"""A model of the storage manager (xapi-project/sm: FileSR.py, cleanup.py, core/lock.py) on one directory.

    storage_manager.py scan    SR LOCKS   what `SR.scan` does, over and over
    storage_manager.py collect SR LOCKS   what the garbage collector does, over and over
    storage_manager.py judge   SR         the state as it is: its chains, and what is wrong with them

LOCKS is the SR's own directory of locks.  The first two work until standard input ends, then print what they did and
every violation that they met.  They know nothing of the program under test: images are read straight from the format,
and locks are POSIX record locks by `fcntl.lockf`, as the storage manager takes them.
"""
import fcntl
import json
import os
import random
import re
import select
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../fixtures"))
import read_chain_plain  # noqa: E402

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Lock:
    """core/flock.py: a write lock on a whole file, of the process."""

    def __init__(self, directory, name):
        os.makedirs(directory, exist_ok=True)
        self.file = open(os.path.join(directory, name), "w+")

    def take(self):
        fcntl.lockf(self.file, fcntl.LOCK_EX)

    def take_now(self):
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            return False

    def give(self):
        fcntl.lockf(self.file, fcntl.LOCK_UN)


class Vhd:
    """What `vhd-util scan -f -m` reads: the copy of the footer and the header, nothing else of the file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            head = file.read(1536)
        footer, header = head[:512], head[512:]
        for part, size, cookie, at in ((footer, 512, b"conectix", 64), (header, 1024, b"cxsparse", 36)):
            if len(part) != size or not part.startswith(cookie):
                raise ValueError(f"no {cookie.decode()}")
            total = sum(part) - sum(part[at:at + 4])
            if struct.unpack_from(">I", part, at)[0] != ~total & 0xFFFFFFFF:
                raise ValueError(f"bad checksum of {cookie.decode()}")
        self.kind, = struct.unpack_from(">I", footer, 60)
        if self.kind not in (3, 4):
            raise ValueError(f"disk type {self.kind}")
        self.hidden = footer[85] == 1
        self.parent = None
        if self.kind == 4:
            name = header[64:576].decode("utf-16-be").rstrip("\0")
            self.parent = name[:-len(".vhd")]


def read(sr):
    """All VDIs by uuid, and what stops the scan of the whole SR."""
    vdis, broken = {}, []
    for name in sorted(os.listdir(sr)):
        if name.startswith(".") or not name.endswith(".vhd"):
            continue
        stem = name[:-len(".vhd")]
        try:
            if not UUID.match(stem):
                raise ValueError("the name is no uuid")
            vdis[stem] = Vhd(os.path.join(sr, name))
        except (OSError, ValueError) as error:
            broken.append(f"{name} breaks the scan: {error}")
    return vdis, broken


def parents_missing(vdis):
    return [f"{uuid} lacks its parent {vdi.parent}" for uuid, vdi in vdis.items()
            if vdi.parent and vdi.parent not in vdis]


def parents(vdis):
    return {vdi.parent for vdi in vdis.values()}


def garbage(vdis):
    """Hidden VDIs that no visible one descends from, children first (cleanup.py findGarbage)."""
    found, left = [], dict(vdis)
    while True:
        bottom = [uuid for uuid, vdi in left.items() if vdi.hidden and uuid not in parents(left)]
        if not bottom:
            return found
        found += bottom
        for uuid in bottom:
            del left[uuid]


def running():
    return not select.select([sys.stdin], [], [], 0)[0]


def scan(sr, locks):
    """FileSR._loadvdis, under the lock that every command takes."""
    lock, done, violations = Lock(locks, "sr"), 0, set()
    while running():
        lock.take()
        vdis, broken = read(sr)
        seen = parents(vdis)
        violations.update(broken + parents_missing(vdis))
        violations.update(f"{uuid} is a visible parent" for uuid, vdi in vdis.items() if not vdi.hidden and uuid in seen)
        lock.give()
        done += 1
        time.sleep(random.uniform(0, 0.01))
    return {"done": done, "violations": sorted(violations)}


def collect(sr, locks):
    """cleanup.py _gcLoop: garbage is found in one scan and removed later, from the tree in memory."""
    lock, active, done, removed, violations = Lock(locks, "sr"), Lock(locks, "gc_active"), 0, [], set()
    while running():
        lock.take()
        began = active.take_now()
        lock.give()
        if began:
            lock.take()
            vdis, broken = read(sr)
            lock.give()
            violations.update(broken + parents_missing(vdis))
            time.sleep(random.uniform(0, 0.03))
            lock.take()
            for uuid in garbage(vdis):
                try:
                    os.unlink(os.path.join(sr, f"{uuid}.vhd"))
                    removed.append(uuid)
                except FileNotFoundError:
                    break
            violations.update(parents_missing(read(sr)[0]))
            lock.give()
            active.give()
            done += 1
        time.sleep(random.uniform(0, 0.03))
    return {"done": done, "removed": removed, "violations": sorted(violations)}


def judge(sr):
    """Everything that is wrong once nobody is at work; each chain, leaf first, with the digest of its disk."""
    vdis, violations = read(sr)
    violations += parents_missing(vdis)
    seen, chains = parents(vdis), {}
    for uuid, vdi in vdis.items():
        if vdi.hidden != (uuid in seen):
            violations.append(f"{uuid} is " + ("hidden without a child" if vdi.hidden else "a visible parent"))
        if uuid in seen:
            continue
        links, at = [], uuid
        while at in vdis:
            links.append(at)
            at = vdis[at].parent
        try:
            images = read_chain_plain.open_chain([os.path.join(sr, f"{link}.vhd") for link in links])
            digest = read_chain_plain.hashlib.sha256()
            for data in read_chain_plain.chunks(images):
                digest.update(data)
            chains[uuid] = {"links": links, "sha256": digest.hexdigest()}
        except OSError as error:
            violations.append(str(error))
    return {"violations": violations, "chains": chains}


if __name__ == "__main__":
    print(json.dumps({"scan": scan, "collect": collect, "judge": judge}[sys.argv[1]](*sys.argv[2:])))

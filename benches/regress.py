#!/usr/bin/env python3
"""Compare two commits: the jobs of peer.py, done by both in turn.

    python3 benches/regress.py OLD [NEW] [--rounds N] [--job NAME]…

Builds each commit below target/regress, once. Shown is the ratio old / new of wall and CPU time, and both peaks of memory: below 1
is a regression. NEW is the commit that is checked out, unless said otherwise.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys

import peer

JOBS = ["export-os", "export-random", "export-zeros", "import-os", "import-random", "import-zeros", "import-own", "relink-29",
        "trivial-call", "safe-copy", "flatten-qemu"]


def build(commit):
    """The directory of the programs of a commit."""
    known = subprocess.check_output(["git", "rev-parse", "--short=12", f"{commit}^{{commit}}"], cwd=peer.ROOT, text=True).strip()
    place = peer.ROOT / "target/regress" / known
    programs = place / "programs"
    if not (programs / "vhd-porter").exists():
        tree = place / "tree"
        subprocess.run(["git", "worktree", "add", "--force", "--detach", tree, known], cwd=peer.ROOT, check=True)
        try:
            subprocess.run(["cargo", "build", "--release", "--bins", "--target-dir", place / "target"], cwd=tree, check=True)
            programs.mkdir(parents=True)
            for name in ("vhd-porter", "vhd-porter-plugin", "vhd-util"):
                (place / "target/release" / name).rename(programs / name)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=peer.ROOT, check=True)
    return programs


def by(programs, command):
    """The command, done by other programs of ours."""
    first, *rest = command
    return [programs / pathlib.Path(first).name, *rest]


def compare(name, old, new, rounds):
    job = peer.JOBS[name]()
    _, command, clean = next(job)
    times = {old: [], new: []}
    for _ in range(rounds):
        for programs in (old, new):
            taken = []
            for _ in range(peer.REPEATED.get(name, 1)):
                clean()
                taken.append(peer.run(by(programs, command)))
            times[programs].append([statistics.median(column) for column in zip(*taken)])
    next(job)
    job.close()
    ratio = [statistics.median(a[i] / max(b[i], 1e-4) for a, b in zip(times[old], times[new])) for i in range(2)]
    peaks = [max(row[2] for row in times[programs]) for programs in (old, new)]
    print(f"{name:14} {ratio[0]:6.2f} wall {ratio[1]:6.2f} CPU   peak {peaks[0]:5.1f} → {peaks[1]:5.1f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new", nargs="?", default="HEAD")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--job", action="append", choices=JOBS)
    options = parser.parse_args()
    old, new = build(options.old), build(options.new)
    # What jobs prepare and verify with.
    peer.PORTER, peer.PLUGIN = new / "vhd-porter", new / "vhd-porter-plugin"
    peer.DATA.mkdir(parents=True, exist_ok=True)
    for name in options.job or JOBS:
        try:
            compare(name, old, new, options.rounds)
        except peer.Missing as missing:
            print(f"{name:14} passed over: there is no {missing}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

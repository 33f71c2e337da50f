#!/usr/bin/env python3
"""Measure what it costs to open, query and check chains of growing length.

    cargo build --release && python3 benches/chains.py [--links N,N,…] [--rounds N] [--vhd-util CMD]

Each chain is a 40 GiB disk of empty links made by `vhd-porter create` and `snapshot`. Shown are the medians of whole
processes, and the cost of a link: linear means that it does not grow. With --vhd-util, the real program's `check -p` and
`query -d` of the leaf run beside it, in turn.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PORTER = pathlib.Path(__file__).resolve().parent.parent / "target/release/vhd-porter"


def seconds(command, rounds):
    times = []
    for _ in range(rounds):
        start = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.monotonic() - start)
        if done.returncode:
            return None
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", default="1,5,30,100,1000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--vhd-util")
    options = parser.parse_args()
    if not PORTER.exists():
        sys.exit("build it first: cargo build --release")
    for links in map(int, options.links.split(",")):
        with tempfile.TemporaryDirectory() as name:
            paths = [pathlib.Path(name) / f"{n}.vhd" for n in range(links)]
            subprocess.run([PORTER, "create", "--size", "40G", paths[0]], check=True, stdout=subprocess.DEVNULL)
            for parent, child in zip(paths, paths[1:]):
                subprocess.run([PORTER, "snapshot", parent, child], check=True, stdout=subprocess.DEVNULL)
            jobs = {"check every link": [PORTER, "check", *paths], "map the leaf": [PORTER, "map", paths[-1]]}
            if options.vhd_util:
                jobs["vhd-util check -p"] = [options.vhd_util, "check", "-n", paths[-1], "-p"]
                jobs["vhd-util query -d"] = [options.vhd_util, "query", "-n", paths[-1], "-d"]
            for job, command in jobs.items():
                took = seconds(command, options.rounds)
                shown = "failed" if took is None else f"{took * 1000:9.1f} ms  {took * 1e6 / links:9.0f} µs a link"
                print(f"{links:5} links  {job:18} {shown}", flush=True)


if __name__ == "__main__":
    main()

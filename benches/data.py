#!/usr/bin/env python3
"""Make the data that benchmarks run on: chains of VHDs in a directory, and the digest of the disk they hold.

    python3 benches/data.py SET DIRECTORY [--size MIB]

  os      three links: an ext4 file system of this machine's own programs, libraries and documents; files added to it;
          files taken away and others added. The disk is half as large again as what is in it.
  random  one link of random bytes
  deep    thirty links: random bytes, and 29 times 1/32 of them written over, half of that where it was before
  zeros   one link whose blocks are all allocated, 86 % of it zeros; in the rest, random bytes and text in turn

DIRECTORY gets 0.vhd (the leaf), 1.vhd … and disk.sha256. What is there already, of the same size, is left as it is. Needs
qemu-img, and mkfs.ext4 and debugfs for `os`.
"""
import argparse
import hashlib
import pathlib
import random
import shutil
import subprocess
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fixtures"))
import vhd_writer  # noqa: E402

MIB = 1 << 20
TREES = ["/etc", "/usr/bin", "/usr/sbin", "/usr/share", "/usr/lib", "/var/lib"]


def own_files():
    """The files of this machine's system, a directory of each tree in turn, always in the same order."""
    trees = [iter(sorted(path for path in pathlib.Path(tree).rglob("*") if path.is_file() and not path.is_symlink()))
             for tree in TREES if pathlib.Path(tree).is_dir()]
    while trees:
        for tree in list(trees):
            taken = 0
            for path in tree:
                yield path
                taken += path.stat().st_size
                if taken > 16 * MIB:
                    break
            else:
                trees.remove(tree)


def take(files, room):
    """As many of the files as fit into `room` bytes."""
    taken = []
    for path in files:
        size = path.stat().st_size
        if size > room // 4:
            continue
        room -= size + 4096
        taken.append(path)
        if room < MIB:
            break
    return taken


def put(image, files, remove=()):
    """Writes files into the root of an ext4 image, and removes others, as a guest would: in place."""
    lines = [f"rm /{name}" for name in remove] + [f'write "{path}" /{name}' for name, path in files]
    script = image.with_suffix(".debugfs")
    script.write_text("\n".join(lines) + "\n")
    subprocess.run(["debugfs", "-w", "-f", script, image], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    script.unlink()


def os_levels(size, work):
    """The raw disk at its three levels, base first."""
    image, tree, files = work / "raw", work / "tree", own_files()
    for path in take(files, size // 2):
        place = tree / path.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    image.touch()
    with open(image, "r+b") as file:
        file.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-d", tree, image], check=True)
    shutil.rmtree(tree)
    yield image.read_bytes()
    added = [(f"added-{n}", path) for n, path in enumerate(take(files, size // 10))]
    put(image, added)
    yield image.read_bytes()
    more = [(f"more-{n}", path) for n, path in enumerate(take(files, size // 20))]
    put(image, more, [name for name, _ in added[::3]])
    yield image.read_bytes()
    image.unlink()


def random_levels(size, _work):
    source = random.Random(1)
    yield b"".join(source.randbytes(MIB) for _ in range(size // MIB))


def zeros_levels(size, _work):
    source, words = random.Random(2), [b"sector", b"block", b"bitmap", b"parent", b"leaf", b"footer", b"header", b"chain"]
    text = b" ".join(source.choice(words) + b" %d" % source.randrange(10**6) for _ in range(MIB // 24))
    text = (text * 2)[:MIB]
    pieces = []
    for at in range(size // MIB):
        which = at % 14
        pieces.append(source.randbytes(MIB) if which == 0 else text if which == 7 else bytes(MIB))
    yield b"".join(pieces)


def deep_levels(size, _work):
    source = random.Random(3)
    disk = bytearray(b"".join(source.randbytes(MIB) for _ in range(size // MIB)))
    yield bytes(disk)
    for level in range(1, 30):
        for piece in range(size // MIB // 32):
            at = piece * 32 + (level if piece % 2 else 0)
            disk[at * MIB:(at + 1) * MIB] = source.randbytes(MIB)
        yield bytes(disk)


LEVELS = {"deep": deep_levels, "os": os_levels, "random": random_levels, "zeros": zeros_levels}


def make(kind, directory, size):
    """Makes the chain unless it is there; returns the digest of its disk."""
    directory.mkdir(parents=True, exist_ok=True)
    stamp, wanted = directory / "disk.sha256", f"{kind} {size}"
    if stamp.exists() and stamp.read_text().split("\n")[1] == wanted:
        return stamp.read_text().split("\n")[0]
    for old in directory.glob("*.vhd"):
        old.unlink()
    below, links = None, []
    for level, raw in enumerate(LEVELS[kind](size, directory)):
        path = directory / f"level-{level}"
        link = vhd_writer.Link(path.name, f"{level}.vhd", uuid.UUID(int=(4 << 76) + (2 << 62) + level + 1), 1700000000, 1)
        if below is None:
            base = directory / "base.raw"
            base.write_bytes(raw)
            allocate = ["-S", "0"] if kind == "zeros" else []
            subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", "subformat=dynamic,force_size=on",
                            *allocate, base, path], check=True)
            base.unlink()
            vhd_writer.stamp(path, link)
        else:
            vhd_writer.write_child(path, link, links[-1], below, raw, grain=4096)
        below, links = raw, links + [link]
    links[-1].hidden = 0
    vhd_writer.stamp(directory / links[-1].name, links[-1])
    for level, link in enumerate(links):
        (directory / link.name).rename(directory / f"{len(links) - 1 - level}.vhd")
    digest = hashlib.sha256(below).hexdigest()
    stamp.write_text(f"{digest}\n{wanted}\n")
    return digest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=LEVELS)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=2048, help="MiB of disk")
    options = parser.parse_args()
    print(make(options.set, options.directory, options.size * MIB))


if __name__ == "__main__":
    main()

# -*- coding: utf-8 -*-
"""Runs what os-xenapi's plugins do to files, with os-xenapi's own code; needs Python 2.7, for which it was written.

    python2.7 original.py PLUGINS export DIRECTORY OUTPUT      create_tarball, with the MD5 that upload_vhd takes
    python2.7 original.py PLUGINS import TARBALL SR UUID…      extract_tarball with the MD5 of download_vhd, import_vhds
    python2.7 original.py PLUGINS relink STAGING SR UUID…      import_vhds
    python2.7 original.py PLUGINS copy SR UUID,UUID… FROM…     safe_copy_vdis: workarounds.py's one function

PLUGINS is the directory of its plugins. UUIDs are leaf first. What cannot be had, and makes no difference: XenAPIPlugin and XenAPI.
"""
import hashlib
import os
import sys
import types

plugins, job, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
sys.path.insert(0, plugins)
for name in ("XenAPIPlugin", "XenAPI"):
    sys.modules[name] = types.ModuleType(name)
import utils  # noqa: E402

digest = hashlib.md5()


def with_staging(sr, work):
    staging = utils.make_staging_area(sr)
    try:
        work(staging)
    finally:
        utils.cleanup_staging_area(staging)


def unpack(tarball, sr, uuids):
    def work(staging):
        with open(tarball, "rb") as file:
            utils.extract_tarball(file, staging, callback=digest.update)
        utils.import_vhds(sr, staging, list(reversed(uuids)))
    with_staging(sr, work)


if job == "export":
    with open(arguments[1], "wb") as out:
        utils.create_tarball(out, arguments[0], callback=digest.update)
elif job == "import":
    unpack(arguments[0], arguments[1], arguments[2:])
elif job == "relink":
    utils.import_vhds(arguments[1], arguments[0], list(reversed(arguments[2:])))
elif job == "copy":
    import dom0_pluginlib  # noqa: E402
    dom0_pluginlib.configure_logging = lambda name: None
    utils.register_plugin_calls = lambda *functions: None
    import workarounds  # noqa: E402
    workarounds.safe_copy_vdis(None, arguments[0], arguments[2:], list(reversed(arguments[1].split(","))))
else:
    sys.exit("no such job: " + job)
if job in ("export", "import"):
    sys.stdout.write(digest.hexdigest() + "\n")

"""The commands of stage one in processes of their own, over small shards, paused or hindered where a test asks for
it."""

import os
import signal
import subprocess
import sys

import cv2

from data.emotions import EMOTIONS
from extract.faces.alignment import ALIGNMENT_VERSION
from extract.info import files as info
from extract.network import backbone, checkpoint
from tests.extract.made_up import picture
from tests.places import ROOT

SCRIPT = """
import errno, os, sys, time
import data.files.hdf5 as hdf5, data.files.publish as publish
from extract.crops import aligned_cache
from extract.cli import main

aligned_cache.SHARD_ROWS = 8
calls = {"publish": 0, "storage": 0}


def pausing(name, plain):
    def paused(*arguments):
        # Only this script pauses: at a chosen publish, before the sync or the rename, for a test to kill it there.
        calls["publish"] += name == "replace"
        time.sleep(float(os.environ.get("SLOW", 0)))
        if os.environ.get("PAUSE") == f"{name} {calls['publish'] + (name != 'replace')}":
            open(os.environ["PAUSED"], "w").close()
            time.sleep(600)
        return storing(plain)(*arguments)

    return paused


def storing(plain):
    def full(*arguments):
        calls["storage"] += 1
        if calls["storage"] >= int(os.environ.get("FULL_FROM", 1e9)):
            raise OSError(errno.ENOSPC, "No space left on device")
        return plain(*arguments)

    return full


publish.os.fsync, publish.os.replace = pausing("fsync", os.fsync), pausing("replace", os.replace)
hdf5.write_all = storing(hdf5.write_all)
if __name__ == "__main__":  # workers import this script too
    try:
        main()
    finally:
        if "COUNTED" in os.environ:
            open(os.environ["COUNTED"], "w").write(f"{calls['publish']} {calls['storage']}")
"""


def photographs(folder, count):
    """A folder of made-up pictures, two of them broken."""
    folder.mkdir()
    for number in range(count):
        cv2.imwrite(str(folder / f"{number:03d}.png"), picture(number))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    (folder / "cut.png").write_bytes((folder / "000.png").read_bytes()[:70])
    return folder


def network(path, task="emotion"):
    """Publish a checkpoint that was never trained."""
    meta = {
        "task": task,
        "settings": {},
        "image_size": 32,
        "emotions": list(EMOTIONS),
        "alignment_version": ALIGNMENT_VERSION,
        "toy": False,
        "domains": {"a": {}},
        "code_version": "",
        "versions": {},
    }
    checkpoint.save(path, backbone.make(task, dropout=0.0, init="scratch", seed=0).eval(), meta)


def heed_ctrl_c():
    """What runs in the background of a shell ignores Ctrl-C, and so does what it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(workdir, command, images, *, torchrun=0, workers=2, **environment):
    """A process of `extract COMMAND` over a folder of pictures; under torchrun where `torchrun` names a number of
    processes."""
    script = workdir.parent / "stage_one_script.py"
    script.write_text(SCRIPT)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(torchrun)] if torchrun else []
    arguments = [
        command,
        "--workdir",
        workdir,
        "--dataset",
        "folder",
        "--root",
        images,
        "--name",
        "x",
        "--landmarks",
        "none",
        "--workers",
        workers,
    ]
    return subprocess.Popen(
        [sys.executable, *launcher, str(script), *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            **{name: str(value) for name, value in environment.items()},
        },
    )


def finish(*arguments, **options):
    """Run the command to its end; raise where it fails."""
    process = start(*arguments, **options)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    return output


def digests(workdir):
    """Kind of cache -> its content digest."""
    return {
        kind: info.describe(path)[-1] for kind in ("aligned", "features") if (path := workdir / kind / "x.h5").exists()
    }


def left_behind(workdir):
    """What lies beside the caches."""
    return sorted(
        path.name for kind in ("aligned", "features") for path in (workdir / kind).glob("*") if path.name != "x.h5"
    )

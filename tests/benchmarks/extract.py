"""Stage one beside bare library calls in the same run: alignment, network, the whole command, memory, resume.

    python -m tests.benchmarks.extract [faces/a.csv ...] [--images 600] [--only align network] [--json]

Takes about ten minutes on two cores over the 3,821 photographs of ../shared/faces, which it reads where no table is
named. What is printed:

align_share              images/s of `extract align --workers 1`, start and files included, over one thread of bare
                         calls (decode, the same tries of the detector, landmarks, warp; images in memory)
align_share_first_try    the same over bare calls that try the detector once
align_two_workers_share  the same with two workers over two bare processes side by side
network_speedup          the network on a batch in memory over plain eager float32 ResNet-18, batch 32, at 224
network_error            largest relative difference of its features on real crops
cached_share             `extract run` from aligned crops over the network on pixels that lie in memory
cpu_overhead             CPU seconds of `extract run` from photographs over those of bare alignment and bare network
cores_busy               its CPU seconds over wall time times cores
durability_share         time in shards, digests, fsync and packing, and of the parent of the workers, over wall time,
                         as if nothing overlapped
memory_growth            peak memory for ten times the images over that for once (no detection, a network at 32 pixels)
resume_seconds           from the end of imports to the first image of align, 280 of 281 shards done; of run in
                         resume_seconds_run"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import stage_one
from tests.places import FACES

FIGURES = {
    "align": stage_one.alignment,
    "network": stage_one.network,
    "run": stage_one.whole_run,
    "memory": stage_one.memory,
    "resume": stage_one.resume,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifests", type=Path, nargs="*")
    parser.add_argument("--images", type=int, help="only so many, evenly taken")
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=list(FIGURES))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    manifests = options.manifests or sorted(FACES.glob("?.csv"))
    if not manifests:
        parser.error("name tables of photographs (path,emotion,split)")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        faces = stage_one.Faces(manifests, options.images, Path(folder))
        for name in options.only:
            print(f"{name} ...", file=sys.stderr)
            found |= FIGURES[name](faces)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:28} {value:.4g}" if isinstance(value, float) else f"{name:28} {value}")


if __name__ == "__main__":
    main()

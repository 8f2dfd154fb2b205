"""`extract emotions` end to end: videos, photographs, memory and start-up.

    python -m tests.benchmarks.photos [--model FILE.onnx] [--faces faces/images/] [--frames 300,6000] [--json]

frames_one_core    frames a second of a 640 x 480 video with one moving face, every frame looked at, on one CPU, from
                   the start of the command to its end
frames_cpu         the same by CPU time, which depends less on other users of the machine
photographs        photographs a second on all CPUs, and photographs_cpu by CPU time on one
seconds_to_table   from the start to the table of one photograph
memory             most memory in MB for the shorter and the longer video, and their ratio
agreement          share of the frames in which the predicted emotion is that of searching every frame whole, and the
                   mean absolute difference of its probability

The video is made of photographs that move, turn and change over a grey ground, a new one every three seconds. Without
--model, the one that comes with the project."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from data.readers.walk import is_image
from data.runtime.machine import available_cpus
from extract.emotions import followed
from extract.emotions.notebook import emotions
from tests.places import FACES

WIDTH, HEIGHT, RATE, SIDE = 640, 480, 25, 260
SHOWN = 3 * RATE  # frames of one photograph


def make_video(path: Path, photographs: list[Path], frames: int) -> None:
    """One face at a time on a grey ground with a little noise, moving and turning as somebody does who speaks."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), RATE, (WIDTH, HEIGHT))
    generator = np.random.default_rng(0)
    for number in range(frames):
        if number % SHOWN == 0:
            picture = cv2.resize(cv2.imread(str(photographs[number // SHOWN % len(photographs)])), (SIDE, SIDE))
        angle, scale = 6 * np.sin(number / 15), 1 + 0.08 * np.sin(number / 21)
        turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle, scale)
        turn[:, 2] += 190 + 80 * np.sin(number / 30), 110 + 40 * np.cos(number / 23)
        frame = cv2.warpAffine(picture, turn, (WIDTH, HEIGHT), borderValue=(120, 120, 120))
        noise = generator.integers(-4, 5, frame.shape, np.int16)
        writer.write((frame.astype(np.int16) + noise).clip(0, 255).astype(np.uint8))
    writer.release()


def timed(arguments: list, cpus: set | None = None) -> tuple[float, float, float]:
    """(seconds, CPU seconds, most memory in MB) of one `extract emotions`."""
    command = [sys.executable, "-m", "extract.cli", "emotions", *map(str, arguments)]
    begun = time.perf_counter()
    held = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=held)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, f"{command} ended with {status}"
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def agreement(video: Path, model: Path | None) -> tuple[float, float]:
    """How often, and how nearly, frames say what they say where each is searched whole."""
    near = emotions([video], model=model, every=0)
    before, followed.LOOK_AGAIN = followed.LOOK_AGAIN, 0.0
    try:
        whole = emotions([video], model=model, every=0)
    finally:
        followed.LOOK_AGAIN = before
    both = near[near.face == 0].merge(whole[whole.face == 0], on="time")
    return float((both.predicted_x == both.predicted_y).mean()), float(
        (both.probability_x - both.probability_y).abs().mean()
    )


def measured(folder: Path, options: argparse.Namespace) -> dict:
    """Name -> figure."""
    photographs = sorted(path for path in options.faces.rglob("*") if is_image(path))
    model = ["--model", options.model] if options.model else []
    videos = [folder / f"{frames}.mp4" for frames in options.frames]
    for path, frames in zip(videos, options.frames):
        make_video(path, photographs, frames)
    table, first = ["--output", folder / "table.csv"], {min(os.sched_getaffinity(0))}
    runs = [timed([path, "--every", "0", *table, *model], first) for path in videos]
    several = folder / "photographs"
    several.mkdir()
    for path in photographs[: options.photographs]:
        shutil.copy(path, several / path.name)
    count = len(list(several.iterdir()))
    seconds, cpu, _ = timed([several, *table, *model])
    alike, apart = agreement(videos[0], options.model)
    return {
        "frames_one_core": options.frames[-1] / runs[-1][0],
        "frames_cpu": options.frames[-1] / runs[-1][1],
        "photographs": count / seconds,
        "photographs_cpu": count / cpu,
        "cpus": available_cpus(),
        "seconds_to_table": min(timed([photographs[0], *model])[0] for _ in range(3)),
        "memory": [run[2] for run in runs],
        "memory_ratio": runs[-1][2] / runs[0][2],
        "agreement": alike,
        "probability_apart": apart,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--faces", type=Path, default=FACES / "images")
    parser.add_argument("--frames", type=lambda text: [int(each) for each in text.split(",")], default=[300, 6000])
    parser.add_argument("--photographs", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), options)
    print(json.dumps(found) if options.json else "\n".join(f"{name:18} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()

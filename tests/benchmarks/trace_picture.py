"""The picture of the README: what the model that comes with the project says of a video.

    python -m tests.benchmarks.trace_picture FILE.png [--model FILE.onnx] [--faces faces/]

The video is that of tests.benchmarks.photos: photographs that move and turn, a new one every three seconds, here the
first of the emotions in ORDER among the test rows of a.csv. No photograph is shown."""

import argparse
import csv
import os
import shutil
import tempfile
from pathlib import Path

from tests.benchmarks.length import run
from tests.benchmarks.photos import SHOWN, make_video
from tests.places import FACES

ORDER = ("neutral", "happiness", "surprise", "neutral", "anger", "sadness", "surprise", "happiness")


def chosen(faces: Path) -> list[Path]:
    """A photograph for each of ORDER, none of them twice."""
    with open(faces / "a.csv", encoding="utf-8", newline="") as file:
        tested = [row for row in csv.DictReader(file) if row["split"] == "test"]
    left = {emotion: iter([row["path"] for row in tested if row["emotion"] == emotion]) for emotion in ORDER}
    return [faces / next(left[emotion]) for emotion in ORDER]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, metavar="FILE.png")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--faces", type=Path, default=FACES)
    options = parser.parse_args()
    photographs = chosen(options.faces.resolve())
    with tempfile.TemporaryDirectory() as folder:
        target, model = options.target.resolve(), ("--model", options.model.resolve()) if options.model else ()
        os.chdir(folder)  # the title of the picture is the path as it is named
        video, table = Path("photographs.mp4"), Path("photographs.csv")
        make_video(video, photographs, SHOWN * len(photographs))
        run("extract", "emotions", video, "--every", "0.1s", "--output", table, *model)
        run("evaluate", "trace", table)
        shutil.copyfile("photographs-trace.png", target)


if __name__ == "__main__":
    main()

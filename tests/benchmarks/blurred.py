"""How many faces `extract emotions` notes as blurred: photographs as they are, and blurred by a Gaussian.

    python -m tests.benchmarks.blurred [--faces faces/images/] [--count 250]

Printed is the share for each deviation of the Gaussian, in pixels of the crop's 224."""

import argparse
from pathlib import Path

import cv2
import numpy as np

from data.readers.walk import Walk
from extract.emotions.seen import LEAST_SHARPNESS, sharpness
from extract.faces import alignment
from extract.faces.detectors import DEFAULT, detector_named
from extract.images.decode import decode, read
from tests.places import FACES

DEVIATIONS = (0, 1, 2, 3, 4, 6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=Path, default=FACES / "images")
    parser.add_argument("--count", type=int, default=250)
    options = parser.parse_args()
    photographs, detector, found = Walk().images(options.faces), detector_named(DEFAULT), []
    for place in np.random.default_rng(0).permutation(len(photographs))[: options.count]:
        image = decode(read(photographs[place]))
        for face in detector.visible(image)[:1]:
            crop = alignment.crop(image, alignment.similarity(*alignment.anchors(face.landmarks)))
            blurred = (crop if not own else cv2.GaussianBlur(crop, (0, 0), own) for own in DEVIATIONS)
            found.append([sharpness(each) < LEAST_SHARPNESS for each in blurred])
    for deviation, share in zip(DEVIATIONS, np.mean(found, axis=0)):
        print(f"{deviation} pixels: {100 * share:.1f} % of {len(found)}")


if __name__ == "__main__":
    main()

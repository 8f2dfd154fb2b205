"""Made-up pictures and listings for tests of stage one: noise with a label, no faces."""

from types import MappingProxyType

import cv2
import numpy as np

from data.sample import Listing, Sample


def picture(seed, size=(40, 32)):
    """(H, W, 3) uint8: a bright blob whose colour and place depend on the seed."""
    generator = np.random.default_rng(seed)
    image = np.full((*size, 3), generator.integers(0, 120, 3), np.uint8)
    cv2.circle(
        image,
        tuple(int(side) for side in generator.integers(8, 24, 2)),
        7,
        generator.integers(120, 255, 3).tolist(),
        -1,
    )
    return image


def listing(folder, counts=MappingProxyType({"train": 21, "test": 14}), *, toy=False, splits_of=None):
    """A Listing of crops (no detector needed) written to `folder`; emotion is row modulo 7, every ninth row left
    out."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    for split, count in counts.items():
        for row in range(count):
            name = f"{split}_{row}.png"
            cv2.imwrite(str(folder / name), picture(row + 1000 * (split == "test")))
            left_out = "contempt" if row % 9 == 8 else ""
            samples.append(Sample(name, split, row, -1 if left_out else row % 7, left_out, valence=0.1, arousal=-0.2))
    return Listing("manifest", folder, "made-up crops", tuple(samples), aligned=True, toy=toy)


def scene(seed, size=(120, 100)):
    """(H, W, 3) uint8: clouds of colour, as unlike from seed to seed as photographs of different things."""
    clouds = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    return np.ascontiguousarray(cv2.resize(clouds, size[::-1], interpolation=cv2.INTER_CUBIC))

"""Stage one: images a second of alignment and of the network, each beside a bare baseline in the same run.

    python -m tests.benchmarks.extract faces/a.csv [--images 300] [--json]

align: `extract align` with one worker for each CPU, beside bare decode, detection, landmarks and warp in one thread over
images in memory. network: features at 224 and at 64 in the precision chosen for this machine, beside plain eager float32
torchvision ResNet-18, batch 32, and how far the features differ."""

import argparse
import dataclasses
import json
import tempfile
import time
from pathlib import Path

import cv2
import dlib
import numpy as np
import torch
import torchvision

from data import registry
from data.machine import available_cpus
from extract import align, backbone
from extract.crops import align as align_listing
from extract.detect import weights_path
from extract.device import autocast, choose_device, choose_precision
from extract.faces import Rule


def bare_align(listing):
    """Images a second of plain library calls, first try of the detector alone."""
    cv2.setNumThreads(1)
    detect, predict = dlib.get_frontal_face_detector(), dlib.shape_predictor(str(weights_path()))
    images = [(listing.root / sample.path).read_bytes() for sample in listing.samples]
    begun = time.perf_counter()
    for data in images:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        for box in detect(grey, 0)[:1]:
            points = np.array([(part.x, part.y) for part in predict(grey, box).parts()], float)
            warp, _ = cv2.estimateAffinePartial2D(points, align.template("eye corners"))
            cv2.imencode(".jpg", cv2.warpAffine(image, warp, (224, 224)))
    return len(images) / (time.perf_counter() - begun)


def our_align(listing):
    """Images a second of the whole command's work, processes started and files published."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        align_listing(listing, Path(folder) / "a.h5", rule=Rule(), workers=available_cpus())
        return len(listing.samples) / (time.perf_counter() - begun)


@torch.inference_mode()
def rate(network, images, batches=8):
    network(images)
    begun = time.perf_counter()
    for _ in range(batches):
        network(images)
    return batches * len(images) / (time.perf_counter() - begun)


@torch.inference_mode()
def network(size):
    """(plain images a second, ours, largest relative difference of the features)."""
    device = choose_device("cpu")
    precision = choose_precision(device)
    pixels = torch.randint(0, 255, (32, size, size, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ours = backbone.make("emotion", dropout=0.0, init="scratch", seed=0).eval()
    plain = torchvision.models.resnet18()
    plain.fc = torch.nn.Identity()
    plain.load_state_dict(ours.trunk.state_dict())
    plain.eval()

    def fast(images):
        with autocast(device, precision):
            return ours(images)[0]

    images = backbone.normalise(pixels)
    expected, found = plain(images.contiguous()), fast(images).float()
    error = ((found - expected).norm(dim=1) / expected.norm(dim=1)).max().item()
    return rate(plain, images.contiguous()), rate(fast, images), error, precision


def measure(manifest, count):
    listing = registry.read("manifest", None, table=manifest)
    listing = dataclasses.replace(listing, samples=tuple(sample for sample in listing.samples if not sample.left_out)[:count])
    found = {"cpus": available_cpus(), "bare_align_rate": bare_align(listing), "align_rate": our_align(listing)}
    found["align_share"] = found["align_rate"] / (found["cpus"] * found["bare_align_rate"])
    for size in (224, 64):
        plain, ours, error, precision = network(size)
        found |= {f"plain_rate_{size}": plain, f"network_rate_{size}": ours, f"network_speedup_{size}": ours / plain,
                  f"network_error_{size}": error, "precision": precision}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.manifest, options.images)
    print(json.dumps(found) if options.json else "\n".join(f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}"
                                                          for name, value in found.items()))


if __name__ == "__main__":
    main()

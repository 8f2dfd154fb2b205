"""The stages of `extract` as plain library calls in a plain loop: the baselines of tests.benchmarks.extract.

python -m tests.benchmarks.bare FOLDER < PATHS   one process of bare alignment: prints when it began and ended"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import dlib
import numpy as np
import torch
import torchvision

from extract.faces import alignment
from extract.faces.hog import BORDER, ENLARGED_SIDE, weights_path
from extract.network.backbone import Backbone


def tried(detect: Callable, grey: np.ndarray, tries: int) -> tuple:
    """(boxes of the first try that finds any, the image they lie in).

    The calls are those of extract.faces.hog, in the same order."""
    boxes = detect(grey, 0)
    if tries > 1 and not boxes:
        boxes = detect(grey, 1)
    if tries > 1 and not boxes:
        scale, border = ENLARGED_SIDE / max(grey.shape), int(BORDER * ENLARGED_SIDE)
        interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        larger = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=interpolation)
        grey = cv2.copyMakeBorder(larger, border, border, border, border, cv2.BORDER_REPLICATE)
        boxes = detect(grey, 0)
    return boxes, grey


def align_all(images: list[bytes], tries: int = 3) -> tuple[float, float]:
    """Seconds of wall and of CPU to decode, detect, find landmarks and warp, in one thread.

    images: encoded, in memory."""
    cv2.setNumThreads(1)
    detect, predict = dlib.get_frontal_face_detector(), dlib.shape_predictor(str(weights_path()))
    points, size = alignment.template("eye corners"), (alignment.CROP_SIZE, alignment.CROP_SIZE)
    begun, cpu = time.perf_counter(), time.process_time()
    for data in images:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        boxes, grey = tried(detect, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), tries)
        if boxes:
            box = max(boxes, key=lambda box: box.area())
            found = np.array([(part.x, part.y) for part in predict(grey, box).parts()], float)
            transform, _ = cv2.estimateAffinePartial2D(found, points)
            cv2.warpAffine(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), transform, size)
    return time.perf_counter() - begun, time.process_time() - cpu


def resnet18(network: Backbone) -> torch.nn.Module:
    """Plain torchvision's ResNet-18 with the weights of a Backbone's trunk.

    In eval mode, in the ordinary memory layout."""
    plain = torchvision.models.resnet18()
    plain.fc = torch.nn.Identity()
    plain.load_state_dict(network.trunk.state_dict())
    return plain.eval()


@torch.inference_mode()
def rate(network: torch.nn.Module, images: torch.Tensor, seconds: float = 4.0) -> float:
    """Images a second of one call after another."""
    network(images)
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        network(images)
        count += len(images)
    return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    read = [(Path(sys.argv[1]) / path).read_bytes() for path in sys.stdin.read().split("\n")]
    start = time.time()
    align_all(read)
    print(start, time.time())

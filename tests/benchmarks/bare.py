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

from extract.faces import alignment, centerface, dlib_models, hog
from extract.network.backbone import Backbone

PATCH, BORDER = centerface.PATCH, centerface.BORDER


def hog_tries(detect: Callable, predict: Callable, image: np.ndarray) -> np.ndarray | None:
    """(5, 2) points of the largest face of the first of HOG's three tries that finds any: the calls of
    extract.faces.hog, in the same order. None where no one finds any."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    boxes, scale, border = detect(grey, 0) or detect(grey, 1), 1.0, 0
    if not boxes:
        scale, border = hog.ENLARGED_SIDE / max(grey.shape), int(hog.BORDER * hog.ENLARGED_SIDE)
        interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        larger = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=interpolation)
        grey = cv2.copyMakeBorder(larger, border, border, border, border, cv2.BORDER_REPLICATE)
        boxes = detect(grey, 0)
    if not boxes:
        return None
    parts = predict(grey, max(boxes, key=lambda box: box.area())).parts()
    return (np.array([(part.x, part.y) for part in parts], float) - border) / scale


def centerface_try(network: cv2.dnn.Net, predict: Callable, image: np.ndarray, side: int) -> np.ndarray | None:
    """(5, 2) points of the best face of one search by CenterFace: the calls of extract.faces.centerface."""
    scale = side / max(image.shape[:2])
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=interpolation)
    small = cv2.copyMakeBorder(small, 0, -small.shape[0] % 32, 0, -small.shape[1] % 32, cv2.BORDER_CONSTANT)
    network.setInput(cv2.dnn.blobFromImage(small))
    scores, sizes, offsets, points = (found[0] for found in network.forward(("537", "538", "539", "540")))
    row, column = np.unravel_index(scores[0].argmax(), scores[0].shape)
    if scores[0, row, column] < centerface.SCORE:
        return None
    size = np.exp(sizes[::-1, row, column]) * 4
    centre = (np.array([column, row]) + offsets[::-1, row, column] + 0.5) * 4
    rough = points[:, row, column].reshape(5, 2)[:, ::-1] * size + centre - size / 2
    turn = cv2.estimateAffinePartial2D(rough, centerface.UPRIGHT * np.sqrt(size.prod()))[0][:, :2]
    linear = turn / np.hypot(*turn[:, 0]) * scale * PATCH / (centerface.BOX * np.sqrt(size.prod()))
    middle = BORDER + (PATCH - 1) / 2 - linear @ (centre / scale - 0.5) - (0, centerface.BELOW / centerface.BOX * PATCH)
    patch = cv2.warpAffine(
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.column_stack([linear, middle]), [PATCH + 2 * BORDER] * 2,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    box = dlib.rectangle(BORDER, BORDER, BORDER + PATCH - 1, BORDER + PATCH - 1)
    parts = np.array([(part.x, part.y) for part in predict(patch, box).parts()], float)
    return np.linalg.solve(linear, (parts - middle).T).T


def align_all(images: list[bytes], tries: str = "chain") -> tuple[float, float]:
    """Seconds of wall and of CPU to decode, detect, find landmarks and warp, in one thread.

    images: encoded, in memory. tries: "first" of the chain alone, all of "chain", or "hog"."""
    cv2.setNumThreads(1)
    predict = dlib.shape_predictor(str(dlib_models.FIVE_POINTS.path()))
    detect, network = dlib.get_frontal_face_detector(), cv2.dnn.readNetFromONNX(str(centerface.WEIGHTS.path()))
    template, size = alignment.template("eye corners"), (alignment.CROP_SIZE, alignment.CROP_SIZE)
    begun, cpu = time.perf_counter(), time.process_time()
    for data in images:
        image, points = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), None
        if tries != "hog":
            points = centerface_try(network, predict, image, centerface.SIDE)
        if points is None and tries == "chain" and max(image.shape[:2]) >= 2 * centerface.SIDE:
            points = centerface_try(network, predict, image, min(max(image.shape[:2]), centerface.FINE_SIDE))
        if points is None and tries != "first":
            points = hog_tries(detect, predict, image)
        if points is not None:
            cv2.warpAffine(image, cv2.estimateAffinePartial2D(points, template)[0], size)
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

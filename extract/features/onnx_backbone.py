"""exports/backbone.onnx: the networks that features are taken with, and what is known of the crops they expect."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from data.emotions import EMOTIONS
from data.exported_model import BACKBONE, PROJECT, publish_model
from data.files.cache import header_of, open_cache
from data.files.provenance import code_version, licence
from data.runtime.failures import Refused
from extract.crops.stored import StoredCrops
from extract.faces.alignment import ALIGNMENT_VERSION, CROP_SIZE, template
from extract.faces.landmarks import SCHEMES
from extract.features.frozen import ABSENT, Networks, refuse_two_sizes
from extract.network.onnx_graph import CropNetworks, onnx_graph
from extract.network.quantization import halved, quantized

# Of the header of an aligned cache: how its crops were found and cut.
CROPPED_BY = ("detector", "detector_weights", "detector_libraries", "landmarks", "undetected", "opencv")
CALIBRATION = 384  # crops that the ranges of 8-bit integers are taken from


FLOAT32, FLOAT16, INT8 = "float32", "float16", "int8"  # of the weights


def export(target: Path, networks: Networks, aligned: Path, *, weights: str = FLOAT32) -> list[str]:
    """Publish the networks as one ONNX file; returns the training domains whose crops `aligned`, the folder of aligned
    caches, does not hold any more, so that nothing is known of their detector.

    weights: what they are kept in, FLOAT32, FLOAT16 or INT8; the trunk computes in the last, else in float32. Raises
    Refused for networks with covariance pooling, of another alignment or of two image sizes, and where no crop is left
    to take the ranges of integers from; ModuleNotFoundError."""
    _refuse_eigendecomposition(networks)
    refuse_two_sizes(networks)
    _refuse_other_alignment(networks)
    size, regression = networks.emotion.meta["image_size"], networks.valence_arousal
    seen = _seen_in_training(networks, aligned)
    images = _spread(seen, aligned, size) if weights == INT8 else None
    graph = onnx_graph(CropNetworks(networks.emotion.network, regression and regression.network), size)
    if weights == INT8:
        graph = quantized(graph, images)
    if weights == FLOAT16:
        graph = halved(graph)
    publish_model(
        target,
        graph,
        {**_facts(networks), "precision": weights, "crops": _made(seen)},
        described(size, networks.emotion.network.width),
    )
    return [name for name in _domains(networks) if name not in seen]


def described(size: int, width: int) -> dict:
    """What the input and the outputs are, by name."""
    return {
        "crop": f"(n, {size}, {size}, 3) uint8 RGB, faces moved onto the template",
        "features": f"(n, {width}) what the emotion network gives for each crop",
        "valence_arousal": "(n, 2) valence and arousal, from -1 to 1, as the regression network gives them",
    }


def _facts(networks):
    emotion, regression = networks.emotion, networks.valence_arousal
    return {
        "kind": BACKBONE,
        "project": PROJECT,
        "code_version": code_version(),
        "code_licence": licence(),
        "emotions": EMOTIONS,
        "toy": any(one.meta["toy"] for one in networks),
        "network": networks.name,
        "architecture": {one.meta["task"]: str(one.network.architecture) for one in networks},
        "made_of": {one.meta["task"]: asdict(one.network.architecture) for one in networks},
        "image_size": emotion.meta["image_size"],
        "feature_size": emotion.network.width,
        "alignment_version": ALIGNMENT_VERSION,
        "template": _template(emotion.meta["image_size"]),
        "emotion_sha256": emotion.sha256,
        "valence_arousal_sha256": regression.sha256 if regression else ABSENT,
        "trained_on": {one.meta["task"]: one.meta["domains"] for one in networks},
    }


def _template(size):
    """Scheme of landmarks -> which of its points a face is aligned by, and where they lie, in pixels of a crop of this
    size from the centre of the first one."""
    return {
        name: {
            "points": scheme.fitted,
            "places": (((template(name) + 0.5) * size / CROP_SIZE) - 0.5).round(3).tolist(),
        }
        for name, scheme in SCHEMES.items()
    }


def _refuse_eigendecomposition(networks):
    """ONNX has no operator for it."""
    for one in networks:
        if one.network.covariance_pooling is not None:
            raise Refused(
                f"the {one.meta['task']} network has covariance pooling, whose eigendecomposition ONNX cannot express; "
                "export a network trained with --pooling average"
            )


def _refuse_other_alignment(networks):
    """The template of this code is that of the crops only where the version is the same."""
    for one in networks:
        if one.meta["alignment_version"] != ALIGNMENT_VERSION:
            raise Refused(
                f"the {one.meta['task']} network was trained on crops of alignment version "
                f"{one.meta['alignment_version']}, this code knows the template of version {ALIGNMENT_VERSION}; align "
                "and train again"
            )


def _domains(networks):
    """Training domain -> digests of the crops that networks have seen."""
    found = {}
    for one in networks:
        for name, told in one.meta["domains"].items():
            found.setdefault(name, set()).add(told.get("aligned_digest"))
    return found


def _seen_in_training(networks, aligned):
    """Training domain -> its aligned cache, of those that are at hand and the same as in every training."""
    found = {}
    for name, digests in _domains(networks).items():
        path = aligned / f"{name}.h5"
        if path.is_file():
            with open_cache(path, "aligned") as file:
                if digests == {file.attrs["digest"]}:
                    found[name] = path
    return found


def _made(seen):
    """Training domain -> how its crops were made."""
    found = {}
    for name, path in seen.items():
        with open_cache(path, "aligned") as file:
            found[name] = {key: value for key, value in header_of(file).items() if key in CROPPED_BY}
    return found


def _spread(seen, aligned, size):
    """(n, S, S, 3) uint8 training crops, spread over the domains and over each. Raises Refused where there are none."""
    if not seen:
        raise Refused(
            f"--quantize takes the ranges of its integers from crops of the training, and {aligned} holds none of "
            "them; align again, or leave it out"
        )
    parts = [StoredCrops(path, "train", size, keep=False) for path in seen.values()]
    return np.stack(
        [
            part.pixels(int(index))
            for part in parts
            for index in np.linspace(0, len(part) - 1, min(len(part), CALIBRATION // len(parts)))
        ]
    )

"""Networks read back from an exported file, for features that its heads can be applied to: such is the model that comes
with the project, whose checkpoint does not."""

import json
from pathlib import Path

import torch

from data.architecture import Architecture
from data.exported_model import BACKBONE, MODEL, read_model
from data.runtime.failures import Refused
from extract.features.frozen import ABSENT, Networks
from extract.network.backbone import Backbone, fold
from extract.network.checkpoint import Checkpoint
from extract.network.quantization import HALF

EXACT = ("float32", "float16")  # of weights that are the checkpoint's, the second but for rounding


def read_networks(path: Path, name: str) -> Networks:
    """The Networks of this name that an exported file holds, batch normalisation folded. They have no layer of their
    task, which features do not need.

    Raises Refused for a file of 8-bit integers and for one with an arousal-valence network, whose last layer would be
    needed; FileNotFoundError, ModuleNotFoundError."""
    model, facts = read_model(path, MODEL, BACKBONE)
    if facts["precision"] not in EXACT:
        raise Refused(f"{path} holds weights in {facts['precision']}, expected {' or '.join(EXACT)}; export it so")
    if facts["valence_arousal_sha256"] != ABSENT:
        raise Refused(f"{path} holds an arousal-valence network too, expected an emotion network alone")
    network = Backbone("emotion", Architecture.of(json.loads(facts["made_of"])["emotion"])).eval()
    fold(network.trunk)
    network.trunk.load_state_dict(_weights(path, model, network.trunk.state_dict()))
    network = network.to(memory_format=torch.channels_last)
    return Networks(Checkpoint(network, _meta(facts), facts["emotion_sha256"]), name=name)


def _weights(path, model, expected):
    """Name -> float32 tensor of the trunk. Raises Refused where the file has other ones."""
    from onnx import numpy_helper

    arrays = {each.name.removesuffix(HALF): numpy_helper.to_array(each) for each in model.graph.initializer}
    own = {name: arrays.get(f"emotion.trunk.{name}") for name in expected}
    for name, array in own.items():
        if array is None or array.shape != tuple(expected[name].shape):
            raise Refused(f"{path} does not hold {name} as its network has it; make it again with `extract export`")
    return {name: torch.from_numpy(array.astype("float32")) for name, array in own.items()}


def _meta(facts):
    """What a checkpoint would say of the network."""
    return {
        "task": "emotion",
        "settings": {},
        "domains": json.loads(facts["trained_on"])["emotion"],
        **{name: json.loads(facts[name]) for name in ("image_size", "alignment_version", "toy", "emotions")},
    }

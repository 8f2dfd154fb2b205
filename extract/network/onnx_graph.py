"""Trained networks to one ONNX graph: an aligned crop in, features and arousal-valence out, float32."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import torch
from torch import nn

from data.exported_model import OPSET
from extract.network.backbone import Backbone, Frozen, normalise

if TYPE_CHECKING:
    import onnx

CPU = torch.device("cpu")


class _Mean(nn.Module):
    """Average pooling to one place as one operator of ONNX; that of torchvision's networks becomes ten there."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.mean((2, 3), keepdim=True)


class CropNetworks(nn.Module):
    """The networks over one crop, with the normalisation of its pixels inside and batch normalisation folded."""

    def __init__(self, emotion: Backbone, valence_arousal: Backbone | None = None):
        super().__init__()
        self.emotion = self._frozen(emotion)
        self.valence_arousal = self._frozen(valence_arousal) if valence_arousal else None

    @staticmethod
    def _frozen(network):
        frozen = Frozen(network, CPU, torch.float32)
        for name, module in list(frozen.trunk.named_modules()):
            if isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size in (1, (1, 1)):
                frozen.trunk.set_submodule(name, _Mean())
        return frozen

    def forward(self, crop: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """(n, S, S, 3) uint8 RGB -> features (n, F) and, where there is that network, valence, arousal (n, 2)."""
        images = normalise(crop)
        features = self.emotion.features(images)
        if self.valence_arousal is None:
            return (features,)
        return features, self.valence_arousal.head(self.valence_arousal.features(images))


def onnx_graph(networks: CropNetworks, image_size: int) -> onnx.ModelProto:
    """The networks as a model with the input `crop` and the outputs `features` and `valence_arousal`, for any number
    of crops at once. Raises ModuleNotFoundError for packages of the extra `export`."""
    for package in ("onnx", "onnxscript"):  # asked here, since torch says of them what it likes
        importlib.import_module(package)
    crop = torch.zeros(2, image_size, image_size, 3, dtype=torch.uint8)
    normalise(crop)  # what it keeps for the next call must be no tensor of a trace
    program = torch.onnx.export(
        networks.eval(),
        (crop,),
        dynamo=True,
        opset_version=OPSET,
        dynamic_shapes=({0: torch.export.Dim("n")},),
        input_names=["crop"],
        output_names=["features", "valence_arousal"][: 1 + (networks.valence_arousal is not None)],
        verbose=False,
    )
    return _without_traces(program.model_proto)


def _without_traces(model):
    """The model without what torch says of its source: lines of code, and where they lie on this machine."""
    graph = model.graph
    for each in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        each.ClearField("metadata_props")
        each.ClearField("doc_string")
    model.ClearField("metadata_props")
    return model

"""The steps of a linear head as operators of ONNX, behind those of its backbone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from data.files.runs import HeadOutcome
from data.heads import Family

if TYPE_CHECKING:
    import onnx


def append(graph: onnx.GraphProto, family: Family, head: HeadOutcome, order: list, temperature: float) -> None:
    """Put the steps of data.heads.Linear behind the outputs of the backbone, logits divided by the temperature. order:
    places of the classifiers as they come out."""
    from onnx import TensorProto, helper, numpy_helper

    arrays = _arrays(family, head, order, temperature)
    dimensions, (domains, classes) = arrays["head.B"].shape[1], head.weights["b"].shape
    nodes = list(_nodes(family, dimensions, canonical=head.canonical is not None))
    taken = {name for node in nodes for name in node.input}  # a runtime warns of others
    graph.initializer.extend(numpy_helper.from_array(arrays[name], name) for name in arrays if name in taken)
    graph.node.extend(nodes)
    shapes = {"coordinates": [dimensions]} if family.projects else {}
    shapes["probabilities"] = [domains, classes]
    graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape]) for name, shape in shapes.items()
    )


def _arrays(family, head, order, temperature):
    """Name -> array that the nodes may take: all classifiers as one layer, over v and the learned dimensions."""
    weights = head.weights
    B = np.concatenate([weights["Bv"], weights["B"]], 2) if family.arousal_valence else weights["B"]
    arrays = {name: weights[name] for name in ("A", "a") if name in weights}
    if head.canonical:
        arrays |= {"T": head.canonical.T, "t": head.canonical.t}
    B, b = B[order] / temperature, weights["b"][order] / temperature
    arrays |= {"B": B.reshape(-1, B.shape[2]), "b": b.reshape(-1)}
    arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
    arrays |= {"shape": np.array([0, *B.shape[:2]], np.int64), "axis": np.array([1], np.int64)}
    return {f"head.{name}": array for name, array in arrays.items()}


def _nodes(family: Family, dimensions: int, *, canonical: bool) -> Iterator[onnx.NodeProto]:
    """The operators from `features` and `valence_arousal` to `coordinates` and `probabilities`."""
    from onnx.helper import make_node

    parts = ["valence_arousal"] if family.arousal_valence else []
    if family.projects and dimensions > 2 * len(parts):  # AV has no learned one
        parts.append("head.u")
        yield make_node("Gemm", ["features", "head.A", "head.a"], ["head.u"], transB=1)
    if family.on_sphere:
        parts[-1] = "head.sphere"
        yield make_node("ReduceL2", ["head.u", "head.axis"], ["head.length"])
        yield make_node("Div", ["head.u", "head.length"], ["head.sphere"])
    z = "features"
    if family.projects:
        z = "head.z" if canonical else "coordinates"
        yield make_node("Concat", parts, [z], axis=1)
    if canonical:
        yield make_node("Gemm", [z, "head.T", "head.t"], ["coordinates"], transB=1)
    yield make_node("Gemm", [z, "head.B", "head.b"], ["head.flat"], transB=1)
    yield make_node("Reshape", ["head.flat", "head.shape"], ["head.logits"])
    yield make_node("Softmax", ["head.logits"], ["probabilities"], axis=2)

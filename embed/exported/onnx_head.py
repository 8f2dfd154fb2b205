"""A trained head behind the backbone it was trained on, as one ONNX model: crop to coordinates and probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.exported_model import BACKBONE, MODEL, publish_model, read_model, text
from data.files.cache import open_cache
from data.files.publish import refuse_difference
from data.files.runs import Head, HeadOutcome, Runs, read_runs
from data.heads import ANNOTATED, PREDICTED, Family, Linear
from data.networks import is_imported
from data.runtime.failures import Refused
from embed.apply import kept_outcome, swept_features
from embed.exported.temperature import AS_TRAINED, temperature

if TYPE_CHECKING:
    import onnx

# What must be the same of the features of the heads and of the backbone; the precision need not.
OF_ALL = ("emotion_sha256", "image_size", "alignment_version", "feature_size", "toy")
OF_AROUSAL_VALENCE = "valence_arousal_sha256"


def export(
    target: Path,
    results: Path,
    backbone: Path,
    family: Family,
    k: int,
    *,
    run: int = 0,
    raw: bool = False,
    calibrated_on: Path | None = None,
) -> None:
    """Publish one kept head of a results file behind the backbone at `backbone`.

    raw: whether coordinates are those that were trained, where there are canonical ones. k is 0 for a family without
    learned dimensions, whatever is given. calibrated_on: the folder of the feature caches by which its Temperature is
    found; logits stay as trained where None. Raises Refused for a family that is no linear layer on what an image
    gives, a head whose weights were not kept and a file that is no backbone, data.files.publish.Mismatch for another
    backbone than the head's."""
    _refuse_family(family)
    runs, k = read_runs(results), k if family.projects else 0
    head = kept_outcome(runs.raw() if raw else runs, Head(family.name, k, run))
    _refuse_imported(runs, results)
    model, facts = read_model(backbone, BACKBONE)
    _refuse_other_backbone(runs, results, backbone, facts, family)
    found = temperature(runs, calibrated_on, family, k, run=run) if calibrated_on else AS_TRAINED
    _append(model.graph, family, head, found.value)
    names = head.canonical.axes if head.canonical else family.coordinates(k)
    own = {"kind": MODEL, "family": family.name, "k": k, "run": run, "coordinates": names}
    own |= {"temperature": found.value, "temperature_rows": found.rows}
    described = {value.name: value.doc_string for value in (*model.graph.input, *model.graph.output)}
    publish_model(target, model, {**facts, **own, **_facts(runs, results)}, {**described, **_described(runs)})


def _facts(runs, results):
    """What the model says of the results file that its head comes from."""
    with open_cache(results, "runs") as file:
        digest = file.attrs["digest"]
    return {
        "classifiers": runs.classifiers,
        "results_digest": digest,
        "results_code_version": runs.provenance.get("code_version", ""),
        "features_precision": swept_features(runs)[1].get("precision", ""),
    }


def _described(runs):
    return {
        "coordinates": "(n, dimensions) canonical where the head has such; the fact `coordinates` names them",
        "probabilities": f"(n, {len(runs.classifiers)}, {len(runs.classes)}) by the classifier of each data set, of "
        "each emotion, in the order of the facts `classifiers` and `emotions`",
    }


def _refuse_family(family):
    if not isinstance(family, Linear):
        raise Refused(f"{family.name} is no linear family, and only linear heads are exported; choose cake or av")
    if family.arousal_valence == ANNOTATED:
        raise Refused(f"{family.name} stands on annotated arousal-valence, which no image gives; choose cake or av")


def _refuse_imported(runs, results):
    _, header = swept_features(runs)
    if is_imported(header):
        raise Refused(
            f"the heads of {results} stand on imported features of {header['network']}, a network that is not here; "
            "`embed apply` gives what they say of its features"
        )


def _refuse_other_backbone(runs: Runs, results: Path, path: Path, facts: dict, family: Family) -> None:
    """Raise Mismatch where the features of the heads are not those of this backbone."""
    name, header = swept_features(runs)
    fields = (*OF_ALL, OF_AROUSAL_VALENCE) if family.arousal_valence == PREDICTED else OF_ALL
    own = {**header, "feature_size": runs.features, "toy": runs.toy}
    refuse_difference(
        path,
        {field: facts.get(field) for field in fields},
        {field: text(own.get(field)) for field in fields},
        this=str(results),
        advice=f"its heads were trained on features/{name}.h5; export the network that made it with `extract export`",
    )


def _append(graph: onnx.GraphProto, family: Family, head: HeadOutcome, temperature: float) -> None:
    """Put the steps of data.heads.Linear behind the outputs of the backbone, logits divided by the temperature."""
    from onnx import TensorProto, helper, numpy_helper

    arrays = _arrays(family, head, temperature)
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


def _arrays(family, head, temperature):
    """Name -> array that the nodes may take: all classifiers as one layer, over v and the learned dimensions."""
    weights = head.weights
    B = np.concatenate([weights["Bv"], weights["B"]], 2) if family.arousal_valence else weights["B"]
    arrays = {name: weights[name] for name in ("A", "a") if name in weights}
    if head.canonical:
        arrays |= {"T": head.canonical.T, "t": head.canonical.t}
    arrays |= {"B": B.reshape(-1, B.shape[2]) / temperature, "b": weights["b"].reshape(-1) / temperature}
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

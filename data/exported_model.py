"""ONNX files of this project: one network that runs wherever an ONNX runtime does, with what made it inside.

`extract export` writes the backbone, `embed export` that backbone with a trained head behind it. Facts stand in
`metadata_props`: a text as it is, anything else as JSON. docs/onnx.md lists them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from data.files.provenance import code_version
from data.files.publish import publish
from data.runtime.failures import Refused

if TYPE_CHECKING:
    import onnx

PROJECT = "cake-emotion"
BACKBONE, MODEL = "backbone", "model"  # the fact `kind`: without a head, and with one
SAID = {
    "": "no model of this project",
    BACKBONE: "a backbone without a head",
    MODEL: "a backbone with its head already",
}
MADE_BY = {BACKBONE: "extract export", MODEL: "embed export"}
OPSET = 18  # of the operators: the newest that needs no conversion, and older than every runtime of the last years


def text(value: object) -> str:
    """A fact as it stands in the file."""
    return value if isinstance(value, str) else json.dumps(value)


def publish_model(path: Path, model: onnx.ModelProto, facts: dict, described: dict) -> None:
    """Check the model, put the facts into it, and publish it.

    described: what each input and output is, by its name. Raises onnx.checker.ValidationError for a model that is
    none, DiskFull."""
    import onnx

    for value in (*model.graph.input, *model.graph.output):
        value.doc_string = described[value.name]
    model.producer_name, model.producer_version = PROJECT, code_version()
    facts = {**facts, "weights_sha256": weights_digest(model)}
    onnx.helper.set_model_props(model, {name: text(value) for name, value in facts.items()})
    onnx.checker.check_model(model, full_check=True)
    publish(path, lambda temporary: temporary.write_bytes(model.SerializeToString()))


def weights_digest(model: onnx.ModelProto) -> str:
    """One sha256 over the names, types, shapes and values of all constants."""
    from onnx import numpy_helper

    digest = hashlib.sha256()
    for tensor in model.graph.initializer:
        digest.update(f"{tensor.name} {tensor.data_type} {list(tensor.dims)}".encode())
        digest.update(numpy_helper.to_array(tensor).tobytes())
    return digest.hexdigest()


def read_model(path: Path, *kinds: str) -> tuple[onnx.ModelProto, dict]:
    """(the model, its facts as texts), of one of these kinds. Raises Refused for another file and for one that has
    changed since it was written, FileNotFoundError."""
    again = " or ".join(f"`{MADE_BY[kind]}`" for kind in kinds)
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is missing; make it with {again}")
    model, digest = _parsed(path, again)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    found = facts.get("kind") if model.producer_name == PROJECT else ""  # other programs keep facts and change numbers
    if found not in kinds:
        raise Refused(f"{path} is {SAID.get(found, SAID[''])}, expected the {' or '.join(kinds)} that {again} writes")
    if facts.get("weights_sha256") != digest:
        raise Refused(f"{path} is damaged in its weights; make it again with {again}")
    return model, facts


def _parsed(path, again):
    """(model, digest of its weights) of a file that may hold anything."""
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(model)
        return model, weights_digest(model)
    except OSError:
        raise
    except Exception:  # the parser and the checker raise what they like on bytes that are no model
        raise Refused(f"{path} is not a readable ONNX file; make it again with {again}") from None

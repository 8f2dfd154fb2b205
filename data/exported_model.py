"""ONNX files of this project: one network that runs wherever an ONNX runtime does, with what made it inside.

`extract export` writes the backbone, `embed export` that backbone with a trained head behind it. Facts stand in
`metadata_props`: a text as it is, anything else as JSON. docs/onnx.md lists them."""

from __future__ import annotations

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
    onnx.helper.set_model_props(model, {name: text(value) for name, value in facts.items()})
    onnx.checker.check_model(model, full_check=True)
    publish(path, lambda temporary: temporary.write_bytes(model.SerializeToString()))


def read_model(path: Path, kind: str) -> tuple[onnx.ModelProto, dict]:
    """(the model, its facts as texts). Raises Refused for another file, FileNotFoundError."""
    import onnx

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is missing; make it with `{MADE_BY[kind]}`")
    try:
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(model)
    except OSError:
        raise
    except Exception:  # the parser and the checker raise what they like on bytes that are no model
        raise Refused(f"{path} is not a readable ONNX file; make it again with `{MADE_BY[kind]}`") from None
    facts = {entry.key: entry.value for entry in model.metadata_props}
    found = facts.get("kind") if model.producer_name == PROJECT else ""  # other programs keep facts and change numbers
    if found != kind:
        raise Refused(f"{path} is {SAID.get(found, SAID[''])}, expected the {kind} that `{MADE_BY[kind]}` writes")
    return model, facts

"""What an ONNX file of this project holds, with a head or without."""

from pathlib import Path

from data.exported_model import BACKBONE, MODEL, read_model

LAST = "weights_sha256"


def describe(path: Path) -> list[str]:
    """Lines of text: inputs and outputs, every fact, and the digest of the weights. Raises Refused."""
    model, facts = read_model(path, BACKBONE, MODEL)
    toy = "  TOY DATA" if facts.get("toy") == "true" else ""
    lines = [f"{path}: {facts.pop('kind')} in ONNX{toy}"]
    lines += [f"in: {value.name} {value.doc_string}" for value in model.graph.input]
    lines += [f"out: {value.name} {value.doc_string}" for value in model.graph.output]
    digest = facts.pop(LAST)
    return [*lines, *(f"{name.replace('_', ' ')}: {value}" for name, value in facts.items()), f"digest: {digest}"]


def verify(path: Path) -> None:
    """Read the file with all the checks that it gets where it is used. Raises Refused."""
    read_model(path, BACKBONE, MODEL)

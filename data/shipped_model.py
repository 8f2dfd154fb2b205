"""The model that comes with the project: data/shipped/ holds a network with its CAKE-3 head as one ONNX file, and the
results file of all heads on its features. `python -m tests.benchmarks.make_model` makes both; docs/model-card.md says
what they are good for."""

import hashlib
from pathlib import Path

from data.runtime.failures import Refused

SHIPPED = "shipped"  # what commands call it: --network shipped, --results shipped
FOLDER = Path(__file__).with_name(SHIPPED)
SUMS = FOLDER / "sha256sums.txt"  # as sha256sum writes and checks it


def shipped_model() -> Path:
    """The ONNX file: crop to features, coordinates and probabilities. Raises Refused."""
    return _whole("cake-3.onnx")


def shipped_results() -> Path:
    """The results file. Raises Refused."""
    return _whole("runs.h5")


def _whole(name):
    """The path of a file whose digest is the one that was noted of it."""
    path = FOLDER / name
    if not path.is_file():
        raise Refused(f"{path} is missing: this copy of the project comes without its model; name another one")
    noted = dict(reversed(line.split()) for line in SUMS.read_text().splitlines())
    if hashlib.sha256(path.read_bytes()).hexdigest() != noted.get(name):
        raise Refused(f"{path} is damaged: its sha256 is not that of {SUMS.name}; install the project again")
    return path

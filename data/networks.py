"""Where the files of one network among several lie in a working folder: the first has no name, and no folder of its
own."""

from pathlib import Path


def checkpoints_of(workdir: Path, network: str | None = None) -> Path:
    """The folder of a network's checkpoints."""
    return workdir / "checkpoints" / (network or "")


def features_of(workdir: Path, network: str | None = None) -> Path:
    """The folder of the feature caches that a network gave."""
    return workdir / "features" / (network or "")


def results_of(workdir: Path, network: str | None = None) -> Path:
    """The results file of the heads on a network's features: results/NETWORK.h5, of the first results/runs.h5."""
    return workdir / "results" / f"{network or 'runs'}.h5"


def backbone_of(workdir: Path, network: str | None = None) -> Path:
    """The ONNX file of a network: exports/backbone.onnx, of one among several exports/NETWORK/backbone.onnx."""
    return workdir / "exports" / (network or "") / "backbone.onnx"

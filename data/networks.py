"""Where the files of one network among several lie in a working folder: the first has no name, and no folder of its
own. A network that is not of this project has features alone, which were imported."""

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


def is_imported(header: object) -> bool:
    """Whether features with this header were brought by `embed import`: what their network was trained on and how the
    faces were found is not known."""
    return isinstance(header, dict) and header.get("imported") is True

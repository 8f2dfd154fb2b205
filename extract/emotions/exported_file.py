"""A model in one ONNX file, of `embed export` or the one that comes with the project: it runs without PyTorch."""

import json
from pathlib import Path

import numpy as np

from data.exported_model import BACKBONE, MADE_BY, MODEL, PROJECT, SAID
from data.runtime.failures import Refused
from extract.emotions.said import Said
from extract.faces.alignment import ALIGNMENT_VERSION


class ExportedFile:
    """Called with crops, it says what the file says of them."""

    def __init__(self, path: Path, threads: int):
        """Raises Refused for a file that is no such model, ModuleNotFoundError without onnxruntime."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception:  # the runtime raises what it likes on bytes that are no model
            raise Refused(f"{path} is not a readable ONNX file; make it with `{MADE_BY[MODEL]}`") from None
        about = self._session.get_modelmeta()
        self._facts = about.custom_metadata_map
        self._refuse_other(path, about.producer_name)
        self.size, self.toy = (json.loads(self._facts[fact]) for fact in ("image_size", "toy"))
        self.emotions, self.axes, self.classifiers = (
            tuple(json.loads(self._facts[fact])) for fact in ("emotions", "coordinates", "classifiers")
        )
        self._outputs = [each.name for each in self._session.get_outputs() if each.name != "features"]
        self.knows_arousal_valence = "valence_arousal" in self._outputs

    def __call__(self, crops: np.ndarray) -> Said:
        """Said of (n, S, S, 3) uint8 crops."""
        found = dict(zip(self._outputs, self._session.run(self._outputs, {"crop": crops})))
        coordinates = found.get("coordinates", np.zeros((len(crops), 0), np.float32))
        return Said(found["probabilities"], coordinates, found.get("valence_arousal"))

    def _refuse_other(self, path, producer):
        kind = self._facts.get("kind", "") if producer == PROJECT else ""
        if kind != MODEL:
            told = SAID.get(kind, SAID[""]) if kind == BACKBONE else SAID[""]
            raise Refused(f"{path} is {told}, expected the model that `{MADE_BY[MODEL]}` writes")
        version = json.loads(self._facts["alignment_version"])
        if version != ALIGNMENT_VERSION:
            raise Refused(
                f"{path} expects crops of alignment version {version}, this code makes those of {ALIGNMENT_VERSION}; "
                "align, train and export again"
            )

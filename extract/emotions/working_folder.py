"""A model that was not exported: the network and results/runs.h5 of a working folder. It needs PyTorch."""

from pathlib import Path

import numpy as np
import torch

from data.files.publish import refuse_difference
from data.files.runs import Head, read_runs
from data.heads import CAKE, softmax
from data.networks import checkpoints_of, results_of
from data.runtime.device import choose_device
from data.runtime.failures import Refused
from extract.emotions.said import Said
from extract.network import checkpoint
from extract.network.backbone import Frozen, normalise

K, RUN = 3, 0  # the paper's recommendation, and the first of its runs


class WorkingFolder:
    """CAKE-3 of the first run on the first network."""

    def __init__(self, folder: Path):
        """Raises FileNotFoundError, which names the command that is missing, and Refused."""
        trained, results = checkpoint.load(checkpoints_of(folder) / "emotion.pt", "emotion"), results_of(folder)
        if not results.is_file():
            raise FileNotFoundError(f"{results} is missing; make it with `embed sweep --workdir {folder} --k {K}`")
        runs = read_runs(results)
        _refuse_other_network(results, runs, trained)
        self._head = runs.outcomes.get(Head(CAKE.name, K, RUN))
        if self._head is None or not self._head.weights:
            raise Refused(f"{results} has no weights of CAKE-{K}; `embed sweep --k {K} --keep-weights` keeps them")
        self._device = choose_device(None)
        self._network = Frozen(trained.network, self._device, torch.float32)
        self.size, self.toy = trained.meta["image_size"], runs.toy
        self.emotions, self.classifiers = tuple(runs.classes), tuple(runs.classifiers)
        self.axes = tuple(self._head.canonical.axes if self._head.canonical else CAKE.coordinates(K))
        self.knows_arousal_valence = False

    def __call__(self, crops: np.ndarray) -> Said:
        """Said of (n, S, S, 3) uint8 crops."""
        images = normalise(torch.from_numpy(crops).to(self._device))
        features = self._network(images)[0].cpu().numpy()
        z = CAKE.representation(self._head.weights, features)
        probabilities = softmax(CAKE.logits(self._head.weights, z))  # (D, n, C)
        return Said(probabilities.transpose(1, 0, 2), self._head.canonical.of(z) if self._head.canonical else z, None)


def _refuse_other_network(results, runs, trained):
    """Raise Mismatch where the heads were trained on features of another network."""
    headers = list(runs.provenance.get("features", {}).values())
    if headers:
        found, own = {"emotion_sha256": headers[0].get("emotion_sha256")}, {"emotion_sha256": trained.sha256}
        refuse_difference(results, found, own, this="the checkpoint beside it", advice="run and sweep again")

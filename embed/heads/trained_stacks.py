"""The heads of a stack once they are trained: what they say of rows, and their weights on features as cached."""

import numpy as np
import torch

from data.runtime.transfers import to_device
from embed.heads.products import logits, on_sphere
from embed.heads.stacks import Factors
from embed.rows.corpus import Corpus, HeadInputs


class TrainedStack:
    """H heads of one family, in the precision of the corpus whatever they were trained in."""

    def __init__(self, factors: Factors, corpus: Corpus):
        self.factors, self.corpus, self.heads = factors, corpus, factors.stack.heads
        self.family, self.C = factors.stack.family, factors.stack.classes
        if not self.family.on_sphere:
            self.W, self.E = (side.unflatten(1, (len(corpus.names), self.C)) for side in factors.effective_weights())

    def logits(self, rows: HeadInputs, domain: int) -> torch.Tensor:
        """(H, C, n) logits of one domain's classifiers."""
        if self.family.on_sphere:
            return logits(self.factors.values, domain, on_sphere(self._projections(rows))[0], rows.v[:2])
        H = len(self.heads)
        W, E = (side[:, domain].reshape(H * self.C, -1) for side in (self.W, self.E))
        return torch.mm(W, rows.x.T).addmm_(E, rows.v).view(H, self.C, -1)

    def _projections(self, rows):
        """(H, k, n) learned dimensions A x + a."""
        A, a = self.factors.values["A"], self.factors.values["a"]
        return torch.mm(A.flatten(0, 1), rows.x.T).view(*A.shape[:2], len(rows.x)) + a[..., None]

    def representation(self, rows: HeadInputs) -> torch.Tensor:
        """(H, dimensions, n) what the classifiers see, arousal-valence in its own units; zeros where a head is
        padded."""
        z = self._projections(rows)
        z = on_sphere(z)[0] if self.family.on_sphere else z
        if not self.family.arousal_valence:
            return z
        scaling = self.corpus.scaling
        mean, deviation = (
            to_device(side[-2:, None], z.device).to(z.dtype) for side in (scaling.mean, scaling.deviation)
        )
        return torch.cat([(rows.v[:2] * deviation + mean).expand(len(z), -1, -1), z], 1)

    def finite(self) -> torch.Tensor:
        """(H,) bool, on the device: whether all factors of a head are."""
        return torch.stack([value.isfinite().flatten(1).all(1) for value in self.factors.values.values()]).all(0)

    def tensors(self) -> list:
        """What `weights` needs in main memory: all factors, in one vector."""
        return [self.factors.flat]

    def weights(self, position: int, tensors: list[np.ndarray]) -> dict:
        """One head's factors as float32 arrays on features as cached: the scaling of the rows is folded in.

        tensors: the values of `tensors`."""
        values = {name: value.double().numpy() for name, value in self.factors.own(position, of=tensors[0]).items()}
        values = self.family.folded(values, self.corpus.scaling.mean, self.corpus.scaling.deviation)
        return {name: value.astype(np.float32) for name, value in values.items()}

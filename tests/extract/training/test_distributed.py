"""Two processes with parts of a batch, one of them empty, find what one finds with the whole: statistics, gradients,
loss."""

import json

import pytest

from tests.torchrun import call

# Each process compares its network, after steps on parts, with one that it trained on whole batches itself.
SCRIPT = """
import copy, hashlib, json, sys
from dataclasses import replace
from pathlib import Path
import numpy as np
import torch
from torch import nn
from extract.training.distributed import divided
from data.runtime.ranks import ALONE, joined
from extract.training.step import Step
from extract.training.backbone_training import TrainingSettings

def random(*shape, seed, like=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(like)

def distance(found, expected):
    return ((found.float() - expected.float()).norm() / expected.float().norm()).item()

def norms(part, rows, like):
    '''Distances of outputs, input gradients, weight gradients and running statistics of one batch norm.'''
    plain = nn.BatchNorm2d(5)
    with torch.no_grad():
        plain.weight.copy_(random(5, seed=1)), plain.bias.copy_(random(5, seed=2))
    whole = divided(nn.Sequential(copy.deepcopy(plain)))
    images, weights = (random(rows, 5, 3, 2, seed=seed, like=like) for seed in (3, 4))
    images = 4 * images + 2
    one, some = images.clone().requires_grad_(), images[part].clone().requires_grad_()
    expected, found = plain(one), whole(some)
    (expected * weights).sum().backward()
    (found * weights[part]).sum().backward()
    gradients = torch.stack([whole[0].weight.grad, whole[0].bias.grad])
    torch.distributed.all_reduce(gradients)
    pairs = [(gradients, torch.stack([plain.weight.grad, plain.bias.grad])),
             (whole[0].running_mean, plain.running_mean), (whole[0].running_var, plain.running_var)]
    if len(some):
        pairs += [(found, expected[part]), (some.grad, one.grad[part])]
    return max(distance(*pair) for pair in pairs)

def steps(settings, batches, ranks, classes, frozen=False):
    '''Distances, worst over parameters, of gradients and statistics after a step on each batch; of the summed loss.'''
    device = torch.device("cpu")
    apart, whole, control = (Step(settings, classes, device, which) for which in (ranks, ALONE, ALONE))
    for step in (apart, whole, control):
        step.begin(frozen=frozen)
    worst, other = 0.0, float("inf")
    for number, rows in enumerate(batches):
        drawn = torch.Generator().manual_seed(number)
        pixels = torch.randint(0, 255, (rows, 64, 64, 3), dtype=torch.uint8, generator=drawn)
        labels = torch.arange(rows) % 7 if classes is not None else random(rows, 2, seed=number)
        part = ranks.part(rows)
        generators = [torch.Generator().manual_seed(seed) for seed in (number, number, 99)]
        for step in (whole, control):
            step.network.load_state_dict(apart.network.state_dict())
        loss = ranks.gather(apart(pixels[part], labels[part], generators[0], rows=rows, rate=1e-4).item())
        expected = whole(pixels, labels, generators[1], rows=rows, rate=1e-4).item()
        control(pixels, labels, generators[2], rows=rows, rate=1e-4)  # the same rows, other draws
        gradients = [torch.cat([each.grad.flatten() for each in step.network.parameters() if each.requires_grad])
                     for step in (apart, whole, control)]
        statistics = [torch.cat([each.flatten() for each in step.network.buffers()]) for step in (apart, whole)]
        off = abs(sum(loss) / expected - 1) if loss else 0
        worst = max(worst, distance(*gradients[:2]), distance(*statistics), off)
        other = min(other, distance(*gradients[1:]))
    return worst, other

def bimap_after(settings, rows, count, ranks):
    '''(sha256 of the weights of BiMap after so many steps, how far they are from orthonormal).'''
    step = Step(settings, np.ones(7), torch.device("cpu"), ranks)
    step.begin()
    for number in range(count):
        drawn, part = torch.Generator().manual_seed(number), ranks.part(rows)
        pixels = torch.randint(0, 255, (rows, 64, 64, 3), dtype=torch.uint8, generator=drawn)
        step(pixels[part], (torch.arange(rows) % 7)[part], drawn, rows=rows, rate=1e-3)
    W = step.network.covariance_pooling.bimap.detach()
    return hashlib.sha256(W.numpy().tobytes()).hexdigest(), (W.T @ W - torch.eye(W.shape[1])).abs().max().item()

with joined() as ranks:
    batches = [7, 1]  # of the second one process has no row
    emotion, regression = (TrainingSettings(task, image_size=64, dropout=0.3)
                           for task in ("emotion", "valence-arousal"))
    covariance = TrainingSettings("emotion", image_size=64, pooling="covariance", representation=32)
    found = {f"norm {rows} {like}": norms(ranks.part(rows), rows, getattr(torch, like))
             for rows in (7, 1) for like in ("float32", "bfloat16")}
    found["emotion"], found["emotion, other draws"] = steps(emotion, batches, ranks, np.linspace(0.5, 2, 7))
    near = replace(emotion, locality=1.0, neighbours=2)  # of nine rows those of one class lie in two parts
    found["locality"], found["locality, other draws"] = steps(near, [9, 1], ranks, np.linspace(0.5, 2, 7))
    found["frozen"], found["frozen, other draws"] = steps(emotion, batches, ranks, np.linspace(0.5, 2, 7), frozen=True)
    found["regression"], found["regression, other draws"] = steps(regression, [4], ranks, None)
    found["covariance"], found["covariance, other draws"] = steps(covariance, [5], ranks, np.ones(7))
    found["bimap"] = bimap_after(covariance, 5, 2, ranks)
    Path(sys.argv[1], f"{ranks.rank}.json").write_text(json.dumps(found))
"""


@pytest.fixture(scope="module")
def distances(tmp_path_factory):
    """For each of two processes: dict of relative distances between parts and whole."""
    folder = tmp_path_factory.mktemp("parallel")
    (folder / "script.py").write_text(SCRIPT)
    code, _, said = call(2, folder / "script.py", folder)
    assert code == 0, said
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def test_batch_norm_sees_the_whole_batch(distances):
    for found in distances:
        assert found["norm 7 float32"] < 1e-5 and found["norm 1 float32"] < 1e-5
        assert found["norm 7 bfloat16"] < 2e-2 and found["norm 1 bfloat16"] < 2e-2


def test_a_step_on_parts_has_the_gradient_and_loss_of_the_whole(distances):
    for found in distances:  # 1e-5 as a rule; more where rounding moves a unit across ReLU's kink
        for what in ("emotion", "regression", "locality", "frozen"):
            assert found[what] < 1e-2 and found[f"{what}, other draws"] > 0.1, what


def test_covariance_pooling_does_too_and_its_weights_stay_the_same_on_both(distances):
    for found in distances:
        assert found["covariance"] < 1e-2 < 0.1 < found["covariance, other draws"]
    (one, off), (two, _) = (found["bimap"] for found in distances)
    assert one == two and off < 1e-5

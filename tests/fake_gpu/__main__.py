"""Every path of the project that a GPU takes, on one that is not there, with and without planted defects; as JSON.

    python -m tests.fake_gpu

Name -> launches and waits of each step, what kernels refused, where the host waits, and the error that ended it."""

import contextlib
import json
import sys
import warnings
from collections.abc import Callable
from unittest import mock

import torch

from data.files.runs import Head
from data.runtime.transfers import Arrival
from embed.rows.corpus import Scaling
from embed.settings import HeadSettings
from extract.network import backbone
from extract.training import epochs
from tests.fake_gpu import stage_one, stage_two
from tests.fake_gpu.fake_device import FakeGpu
from tests.fake_gpu.launches import counted

PENALISED = {precision: HeadSettings(penalty=3e-4, precision=precision) for precision in ("float32", "bfloat16")}
ANNOTATED = [Head(family, k, run) for family, k in (("av-true", 0), ("av-true", 9)) for run in range(2)]


def told(call: Callable, **gpu: object) -> dict:
    """What became of call(FakeGpu), which returns the logs of its steps."""
    found = {"error": None, "steps": [], "waits": [], "refused": []}
    with warnings.catch_warnings(), FakeGpu(kernels=torch.version.cuda is not None, **gpu) as device:
        warnings.filterwarnings("ignore", "Accessing the data pointer of FakeTensor")
        warnings.filterwarnings("error", "CUDA reports")
        try:
            logs = call(device)
            found["steps"] = [counted(log) for log in logs]
            found["waits"] = [
                f"{entry.name} at {entry.where}" for log in logs[1:] or logs for entry in log if entry.waits
            ]
        except Exception as error:  # of whatever kind: it is what is looked for
            found["error"] = f"{type(error).__name__}: {error}"
    found["refused"] = [f"{name}: {said}" for name, said in device.refused]
    found["kernels"] = len(device.asked)
    return found


def paths() -> dict:
    """Name -> what became of it, of the project as it is."""
    found, plan = {}, stage_two.every_integer()
    for precision, settings in PENALISED.items():
        found[f"training, {precision}"] = told(lambda gpu: stage_one.training(gpu, precision=precision))
        with stage_one.two_ranks() as ranks:
            found[f"training of two, {precision}"] = told(
                lambda gpu: stage_one.training(gpu, precision=precision, ranks=ranks, epochs=1)
            )
        found[f"features, {precision}"] = told(lambda gpu: stage_one.inference(gpu, precision=precision, views=1))
        own = {"tables": plan[0], "grid": plan[1], "rest": plan[2], "annotated": ANNOTATED}
        for name, block in own.items() if precision == "float32" else [("tables", plan[0])]:
            found[f"{name}, {precision}"] = told(lambda gpu: [stage_two.step(gpu, block, settings)])
    found["training, arousal-valence"] = told(
        lambda gpu: stage_one.training(gpu, precision="float32", task="valence-arousal")
    )
    found["training with covariance pooling"] = told(
        lambda gpu: stage_one.training(gpu, precision="bfloat16", pooling="covariance")
    )
    local = {"precision": "bfloat16", "locality": 0.003, "neighbours": 3, "layer_decay": 0.5, "epochs": 1}
    found["training with neighbours"] = told(lambda gpu: stage_one.training(gpu, **local))
    with stage_one.two_ranks() as ranks:
        found["training of two with neighbours"] = told(lambda gpu: stage_one.training(gpu, ranks=ranks, **local))
    with stage_two.by_modules() as heads:
        found["modules"] = told(lambda gpu: [stage_two.step(gpu, heads, PENALISED["float32"])])
        found["scoring of modules"] = told(lambda gpu: [stage_two.scoring(gpu, heads[:1])])
    found["on disk"] = told(lambda gpu: [stage_two.step(gpu, plan[0], PENALISED["float32"], store=stage_two.Disk())])
    found["scoring"] = told(lambda gpu: [stage_two.scoring(gpu, [Head("cake", 3, 0), Head("av", 1, 0)])])
    found["a fresh network beside two GPUs"] = told(lambda gpu: fresh_network(), gpus=2)
    return found


def fresh_network() -> list:
    """No logs: whether it can be made."""
    backbone.make("emotion", dropout=0.0, init="scratch", seed=0)
    return []


def planted() -> dict:
    """Name of a defect -> what became of a path that has it."""
    plan, one = stage_two.every_integer(), stage_one
    head = lambda gpu: [stage_two.step(gpu, plan[0], PENALISED["float32"])]
    found = {}
    with one.two_ranks() as ranks, without_saved_moments():
        found["batch norm without saved moments"] = told(
            lambda gpu: one.training(gpu, precision="float32", ranks=ranks, epochs=1)
        )
    features = lambda gpu: one.inference(gpu, precision="float32")
    with mock.patch.object(backbone, "_moments", backbone._moments.__wrapped__):
        found["constants from numbers of Python"] = told(features)
    with mock.patch.object(Arrival, "__init__", lambda self, tensors, stream=None: at_once(self, tensors)):
        found["outputs fetched at once"] = told(features)
    with mock.patch.object(Scaling, "_on", lambda self, device, dtype: fresh_scaling(self, device, dtype)):
        found["scaling moved for every batch"] = told(head)
    with mock.patch.object(stage_two.transfers, "room", lambda shape, dtype, device: torch.empty(shape, dtype=dtype)):
        found["pageable rows"] = told(
            lambda gpu: [stage_two.step(gpu, plan[0], PENALISED["float32"], store=stage_two.Disk())]
        )
    with mock.patch.object(torch.random, "fork_rng", lambda devices=None, real=torch.random.fork_rng: real()):
        found["all generators kept"] = told(lambda gpu: fresh_network(), gpus=2)
    with mock.patch.object(epochs, "to_device", lambda values, device: torch.from_numpy(values)):
        found["labels left in main memory"] = told(lambda gpu: one.training(gpu, precision="float32", epochs=1))
    return found


@contextlib.contextmanager
def without_saved_moments():
    """torch's backward of batch norm, given no saved mean and deviation."""
    real = torch.ops.aten.native_batch_norm_backward
    less = lambda *arguments: real(*arguments[:5], None, None, *arguments[7:])
    with mock.patch.object(torch.ops.aten, "native_batch_norm_backward", less):
        yield


def at_once(arrival: Arrival, tensors: list) -> None:
    """Fetch as .cpu() does."""
    arrival.tensors, arrival.event = [each.cpu() for each in tensors], None


def fresh_scaling(scaling: Scaling, device: torch.device, dtype: torch.dtype) -> list:
    """Mean and 1 / deviation, made anew."""
    return [torch.from_numpy(side[:-2]).to(dtype).to(device) for side in (scaling.mean, 1 / scaling.deviation)]


if __name__ == "__main__":
    with stage_two.undrawn():
        json.dump({"paths": paths(), "planted": planted()}, sys.stdout, indent=1)

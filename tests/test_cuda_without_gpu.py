"""The CUDA path on a machine without a GPU: what the project would launch, and where the host would wait.

Fake tensors say shapes, types and devices; the real kernels of a build for CUDA check their arguments, before they look
for a driver (tests/fake_gpu). Nothing is computed, so nothing here says that a value is right."""

import json
import os
import subprocess
import sys

import pytest
import torch

from tests.places import ROOT

PRIVATE = ("_DisableTorchDispatch", "_AutoDispatchBelowAutograd", "_ensureCUDADeviceGuardSet")
# Launches of a step at most, by the name of a path; the host takes about 5 microseconds for each.
MOST_LAUNCHES = {"training": 330, "features": 260, "tables": 340, "grid": 490, "rest": 170, "annotated": 165}
MOST_LAUNCHES |= {"training with neighbours": 380, "training of two with neighbours": 1150}
MOST_LAUNCHES |= {"modules": 300, "on disk": 300, "training of two": 1090, "scoring": 20000, "scoring of modules": 9600}
MOST_LAUNCHES |= {"training with covariance pooling": 420}
PLANTED = {
    "batch norm without saved moments": ("refused", "save_mean"),
    "constants from numbers of Python": ("waits", "extract/network/backbone.py"),
    "outputs fetched at once": ("waits", "extract/network/inference.py"),
    "scaling moved for every batch": ("waits", "embed/rows/corpus.py"),
    "pageable rows": ("waits", "pageable"),
    "all generators kept": ("error", "fork_rng"),
    "labels left in main memory": ("error", "cuda:0 and cpu"),
}

lacking = [name for name in PRIVATE if not hasattr(torch._C, name)]
pytestmark = pytest.mark.skipif(bool(lacking), reason=f"torch {torch.__version__} has no {', '.join(lacking)}")


@pytest.fixture(scope="module")
def found():
    """What `python -m tests.fake_gpu` prints; in a process of its own, since it makes torch believe in a GPU."""
    call = [sys.executable, "-W", "error", "-m", "tests.fake_gpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout)


def test_every_path_keeps_its_tensors_on_the_device(found):
    assert len(found["paths"]) >= 15
    assert not {name: path["error"] for name, path in found["paths"].items() if path["error"]}


def test_no_kernel_refuses_its_arguments(found):
    if torch.version.cuda is None:
        pytest.skip("this torch is not a build for CUDA, so there are no kernels to ask")
    assert not {name: path["refused"] for name, path in found["paths"].items() if path["refused"]}
    assert all(path["kernels"] > 40 for path in found["paths"].values() if path["steps"])


def test_the_host_waits_in_no_step(found):
    """Behind the first one, in which constants are made. The representation of a module is NumPy's, on the host. That
    torch asks within an eigendecomposition whether it converged is not seen here: the kernel does so by itself."""
    waiting = {name: path["waits"] for name, path in found["paths"].items() if path["waits"]}
    assert waiting.keys() == {"scoring of modules"}, waiting


def test_a_step_launches_no_more_than_stated(found):
    for name, path in found["paths"].items():
        if path["steps"]:
            launches = max(step["launches"] for step in path["steps"][1:] or path["steps"])
            most = MOST_LAUNCHES[name.split(",")[0]]
            print(f"{name}: {launches} launches a step, at most {most}")
            assert 0 < launches <= most, name


def test_what_an_epoch_has_seen_is_not_copied_again(found):
    copied = [step["bytes to the device"] for step in found["paths"]["training, float32"]["steps"]]
    pixels = 8 * 64 * 64 * 3
    assert copied[0] > pixels and copied[1] > pixels and copied[2] < pixels / 4 and copied[3] < pixels / 4


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_defect_is_found(found, name):
    where, words = PLANTED[name]
    if where == "refused" and torch.version.cuda is None:
        pytest.skip("this torch is not a build for CUDA, so there are no kernels to ask")
    assert words in str(found["planted"][name][where])

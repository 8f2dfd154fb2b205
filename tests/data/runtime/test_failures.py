"""The line for everything that a user can mend, and none for a fault of this project."""

import configparser
import errno
import json
import subprocess
import sys

import click
import pytest
import torch
from click.testing import CliRunner

from data.files.publish import DiskFull
from data.runtime import failures
from data.runtime.failures import Refused, explained
from tests.places import ROOT

ALLOCATOR = (
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
    "4000000000000 bytes. Error code 12 (Cannot allocate memory)"
)


def raised(call):
    try:
        call()
    except Exception as error:
        return error


def explained_in(error, *options):
    """The line as a command with these options gives it."""
    seen = []
    command = click.Command("a", params=[click.Option([name]) for name in options])
    command.callback = lambda **values: seen.append(explained(error))
    assert CliRunner().invoke(command, []).exit_code == 0
    return seen[0]


@pytest.mark.parametrize(
    "error, line",
    [
        (Refused("a.h5 is incomplete; make it again"), "a.h5 is incomplete; make it again"),
        (DiskFull("the disk is full"), "the disk is full"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.h5"), "[Errno 2] No such file: 'a.h5'"),
        (PermissionError(), "PermissionError"),
    ],
)
def test_what_says_itself_what_to_do_is_passed_on(error, line):
    assert explained(error) == line


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a"),
        KeyError("a"),
        ZeroDivisionError("a"),
        AssertionError(),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        raised(lambda: json.loads("{")),
        raised(lambda: __import__("data.nowhere")),
        raised(lambda: __import__("torch.nowhere")),
        ImportError("cannot import name 'gone' from 'torch'", name="torch"),
    ],
)
def test_a_fault_has_no_line(error):
    assert error is not None and explained(error) is None


@pytest.mark.parametrize(
    "package, command",
    [
        ("torchvision", "pip install 'cake-emotion[extract]'"),
        ("cv2", "pip install 'cake-emotion[extract]'"),
        ("dlib", "pip install 'cake-emotion[extract]'"),
        ("onnx", "pip install 'cake-emotion[export]'"),
        ("sklearn", "pip install scikit-learn"),
        ("no_such_package", "pip install no_such_package"),
    ],
)
def test_a_package_that_is_missing_is_named_with_the_command(monkeypatch, package, command):
    monkeypatch.setitem(sys.modules, package, None)
    error = raised(lambda: __import__(package))
    assert explained(error) == f"the package {package} is missing; install it with: {command}"


def test_the_extras_bring_the_packages_that_name_them():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert setup["metadata"]["name"] == "cake-emotion"
    for package, extra in failures.EXTRAS.items():
        brought = setup["options.extras_require"][extra]
        assert {"cv2": "opencv-python", "dlib": "dlib-bin"}.get(package, package) in brought


def test_a_library_that_the_system_lacks_is_named():
    error = ImportError("libGL.so.1: cannot open shared object file: No such file or directory", name="cv2")
    assert "libGL.so.1" in explained(error) and "apt-get install libgl1" in explained(error)
    other = ImportError("libcudart.so.13: cannot open shared object file: No such file or directory", name="torch")
    assert "libcudart.so.13" in explained(other) and "apt-get" not in explained(other)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 3 TiB"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError(ALLOCATOR),
        RuntimeError("[enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: not enough memory: you tried to ..."),
    ],
)
def test_memory_that_runs_out_is_told_with_the_options_that_help(error):
    line = explained_in(error, "--batch", "--image-size", "--device")
    assert line.startswith("out of memory on this machine") and line.endswith(
        "try a smaller --batch or a smaller --image-size"
    )
    assert explained_in(error, "--memory", "--device").endswith("try less --memory")
    assert explained_in(error, "--results").endswith("try again while other programs are closed")
    assert explained(error).endswith("try again while other programs are closed"), "outside of any command"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB." + 20 * " See the documentation."),
        RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_a_device_s_memory_that_runs_out_can_be_left(error):
    line = explained_in(error, "--batch", "--device")
    assert line.startswith("out of memory on the device (") and line.endswith("try a smaller --batch or --device cpu")
    assert len(line) < 250 and str(error)[:30] in line


def test_torch_itself_says_it_in_these_words():
    error = raised(lambda: torch.empty(2**60, dtype=torch.uint8))
    assert "out of memory on this machine" in explained(error)


def test_an_error_is_explained_without_torch():
    code = "import sys; from data.runtime.failures import explained; print(explained(MemoryError('big')));"
    code += "assert explained(RuntimeError('a')) is None and 'torch' not in sys.modules"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "out of memory on this machine (big)" in found.stdout

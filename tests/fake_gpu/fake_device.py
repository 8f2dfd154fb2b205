"""A CUDA device that is not there: what the project would launch on it, copy to it and wait for, without a GPU.

While it is entered, torch believes in a device of the size given. Tensors on it have a shape, a type and a place, and
no values (torch's fake tensors). Every operator is logged; where asked for, the real CUDA kernel is called as well: it
checks its arguments before it looks for a driver."""

import collections
import contextlib
import importlib
import warnings
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from tests.fake_gpu.autograd import backward
from tests.fake_gpu.launches import FREE, Launch, caller, of_operator, tensors_in

OnHost = torch.Generator
DRAWS = ("rand", "randn", "randint", "randperm")
NO_DRIVER = ("driver", "meta", "CUDA error")  # words of a kernel that has accepted its arguments


class FakeGpu(contextlib.ExitStack):
    """log: a Launch for each operator. refused: (operator, what its kernel said) -> how often.

    answer: what the host reads where it asks the device for a number. kernels: whether real CUDA kernels are asked;
    torch has to be a build for CUDA. Mixing devices raises by itself."""

    now = None

    def __init__(self, *, memory: int = 141 * 10**9, answer: float = 1.0, kernels: bool = False, gpus: int = 1):
        super().__init__()
        self.memory, self.answer, self.kernels, self.gpus = memory, answer, kernels, gpus
        self.log, self.streams, self.pinned, self.made = [], ["default"], set(), 0
        self.asked, self.refused, self.kept = set(), collections.Counter(), []

    def add(self, kind: str, name: str, waits: bool = False) -> None:
        """Log what is not an operator."""
        self.log.append(Launch(kind, name, self.streams[-1], waits, where=caller() if waits else ""))

    def cut(self) -> list:
        """The log so far, which begins anew."""
        found, self.log = self.log, []
        return found

    def __enter__(self):
        super().__enter__()
        FakeGpu.now = self
        mode = _Mode(allow_non_fake_inputs=True)  # before the patches: it imports much that must not see them
        # adam asks it for its own checks, and imports as much
        importlib.import_module("torch._dynamo")
        torch._C._ensureCUDADeviceGuardSet()
        for place, name, what in self._patches():
            self.enter_context(mock.patch.object(place, name, what, create=True))
        self.enter_context(mode)
        self.enter_context(_Recorder(self))
        return self

    def _patches(self):
        cuda, state = torch.cuda, lambda *_: torch.zeros(16, dtype=torch.uint8)
        card = SimpleNamespace(name="a GPU that is not there", major=9, minor=0, total_memory=self.memory)
        yield from [
            (cuda, "is_available", lambda: True),
            (cuda, "device_count", lambda: self.gpus),
            (cuda, "current_device", lambda: 0),
            (cuda, "set_device", lambda device: None),
            (cuda, "is_bf16_supported", lambda including_emulation=True: True),
            (cuda, "mem_get_info", lambda device=None: (self.memory, self.memory)),
            (cuda, "get_device_properties", lambda device=None: card),
            (cuda, "get_device_capability", lambda device=None: (9, 0)),
            (cuda, "get_rng_state", state),
            (cuda, "set_rng_state", lambda *_: None),
            (cuda, "manual_seed_all", lambda seed: None),
            (cuda, "synchronize", lambda device=None: self.add("wait", "synchronize", True)),
            (cuda, "Stream", self._new_stream),
            (cuda, "Event", Event),
            (cuda, "stream", self._on),
            (cuda, "current_stream", lambda device=None: Stream(self.streams[-1])),
            (torch.Tensor, "record_stream", lambda tensor, stream: None),
            (torch.Tensor, "pin_memory", lambda tensor, device=None: self._pin(tensor, True)),
            (torch.Tensor, "backward", backward),
            (torch.Tensor, "__deepcopy__", _deepcopy),
            (FakeTensor, "numpy", _numpy),
            (nn.Module, "_apply", _apply),
            (torch, "empty", self._empty),
            (torch, "Generator", _generator),
            *((torch, name, _draw(getattr(torch, name))) for name in DRAWS),
        ]

    def _empty(self, *size, pin_memory=False, _empty=torch.empty, **kwargs):
        return self._pin(_empty(*size, **kwargs), False) if pin_memory else _empty(*size, **kwargs)

    def _pin(self, tensor, copied):
        """copied: by pin_memory() of a tensor that is there, which the host does itself."""
        if copied:
            self.add("wait", "pin_memory() copies", False)
        self.pinned.add(tensor.untyped_storage()._cdata)
        self.kept.append(tensor)  # so that no other tensor is found at its place
        return tensor

    def _new_stream(self, device=None, **_):
        self.made += 1
        return Stream(f"stream {self.made}")

    @contextlib.contextmanager
    def _on(self, stream):
        self.streams.append(stream.name)
        try:
            yield
        finally:
            self.streams.pop()

    def ask(self, operator, name, args, kwargs, tensors) -> None:
        """Call the real kernel of an operator, once for each kind of arguments."""
        layout = lambda each: each.ndim == 4 and each.is_contiguous(memory_format=torch.channels_last)
        kinds = tuple((each.dtype, each.ndim, each.is_contiguous(), layout(each), not each.numel()) for each in tensors)
        plain = str([each for each in args if not isinstance(each, (torch.Tensor, list))])
        if (name, kinds, plain) in self.asked:
            return
        self.asked.add((name, kinds, plain))
        try:
            with warnings.catch_warnings(), torch._C._DisableTorchDispatch(), torch._C._AutoDispatchBelowAutograd():
                warnings.simplefilter("ignore")  # fake tensors have no data
                operator(*args, **kwargs)
        except Exception as error:  # of whatever kind: all but a missing driver is a refusal
            said = str(error).split("\n")[0][:200]
            if not any(words in said for words in NO_DRIVER):
                self.refused[name, said] += 1


class _Mode(FakeTensorMode):
    avoid_device_init = property(lambda self: True)  # else it asks whether CUDA is there, and is told that it is


class _Recorder(TorchDispatchMode):
    """Sees every operator before it is computed on fake tensors."""

    def __init__(self, gpu):
        super().__init__()
        self.gpu = gpu

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        kwargs, name, gpu = kwargs or {}, operator.overloadpacket.__name__, self.gpu
        before = tensors_in(args, kwargs)
        if name == "_local_scalar_dense" and isinstance(args[0], FakeTensor):
            if args[0].device.type == "cuda":
                gpu.add("wait", "a number is read", True)
            return gpu.answer
        if gpu.kernels and name not in FREE and before and all(_here(each) for each in before):
            gpu.ask(operator, name, args, kwargs, before)
        out = _statistics(args[0]) if name == "batch_norm_update_stats" else operator(*args, **kwargs)
        after = tensors_in(out)
        if operator.namespace == "aten" and any(map(_here, before + after)):
            launch = of_operator(name, args, kwargs, before, after, gpu.pinned, gpu.streams[-1])
            gpu.log += [launch] if launch else []
        return out


def _here(tensor):
    return tensor.device.type == "cuda" and isinstance(tensor, FakeTensor)


def _statistics(images):
    """Of an operator that torch has no shapes for: mean and variance of the channels."""
    return tuple(torch.empty(images.shape[1], dtype=torch.float32, device=images.device) for _ in range(2))


class Stream:
    """A queue of the device, by its name."""

    def __init__(self, name):
        self.name, self.cuda_stream = name, 0

    def wait_stream(self, other):
        FakeGpu.now.log.append(Launch("order", f"{self.name} after {other.name}", self.name))

    def wait_event(self, event):
        FakeGpu.now.log.append(Launch("order", f"{self.name} after {event.stream}", self.name))

    def record_event(self, event=None):
        event = event or Event()
        event.record(self)
        return event

    def synchronize(self):
        FakeGpu.now.add("wait", f"synchronize {self.name}", True)


class Event:
    """A place in a queue. Whoever waits for it, by asking or by waiting, is logged as a wait for that queue."""

    def __init__(self, **_):
        self.stream = "default"

    def record(self, stream=None):
        self.stream = stream.name if stream else FakeGpu.now.streams[-1]
        FakeGpu.now.log.append(Launch("event", str(id(self)), self.stream))

    def query(self):
        FakeGpu.now.log.append(Launch("arrival", str(id(self)), self.stream))
        return True

    synchronize = query


class Generator:
    """Of the device: it draws nothing, and must lie where the draw is made."""

    def __init__(self, device):
        self.device = torch.device(device)

    def manual_seed(self, seed):
        return self


def _generator(device="cpu"):
    return Generator(device) if torch.device(device).type == "cuda" else OnHost(device)


def _draw(call):
    def draw(*args, generator=None, device=None, **kwargs):
        place = torch.device(device or "cpu").type
        if generator is not None and generator.device.type != place:
            raise RuntimeError(f"a generator on {generator.device} for a draw on {place}")
        return call(*args, device=device, generator=generator if isinstance(generator, OnHost) else None, **kwargs)

    return draw


def _numpy(tensor, **_):
    if tensor.device.type == "cuda":
        raise TypeError("can't convert cuda:0 device type tensor to numpy")
    return np.zeros(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))


def _deepcopy(tensor, memo):
    copied = tensor.detach().clone()
    memo[id(tensor)] = nn.Parameter(copied, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else copied
    return memo[id(tensor)]


def _apply(module, change, recurse=True):
    """nn.Module._apply, which cannot exchange parameters for fake ones."""
    for child in module.children():
        _apply(child, change)
    with torch.no_grad():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                module._parameters[name] = nn.Parameter(change(parameter), parameter.requires_grad)
        for name, buffer in module._buffers.items():
            module._buffers[name] = None if buffer is None else change(buffer)
    return module

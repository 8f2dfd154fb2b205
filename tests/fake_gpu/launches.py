"""What is asked of a device, one entry an operator: kernels, copies, and whether the host waits."""

import collections
import math
import sys
from dataclasses import dataclass

import torch

# Operators that launch nothing: they look at a tensor in another way, or only take memory.
FREE = frozenset(
    """view _unsafe_view _reshape_alias as_strided alias detach expand permute transpose t mT slice select split
    split_with_sizes unbind chunk narrow unsqueeze squeeze unfold diagonal lift_fresh set_ resize_ record_stream
    empty empty_like empty_strided new_empty new_empty_strided is_pinned _local_scalar_dense""".split()
)
COPIES = frozenset(["_to_copy", "copy_", "to"])  # the last where autograd is off, which resolves it
BY_INDEX = frozenset(["index", "index_put", "index_put_", "_index_put_impl_"])
STAGES = ("data", "extract", "embed", "evaluate")


@dataclass(frozen=True)
class Launch:
    """One entry. kind: kernel, to device, to host, or wait; stream: where it is queued; waits: whether the host
    does."""

    kind: str
    name: str
    stream: str
    waits: bool = False
    size: int = 0  # bytes copied to or from the device
    moved: int = 0  # bytes that a kernel reads and writes, each operand once
    flop: int = 0
    where: str = ""  # of a wait: the line of the project that causes it


def of_operator(name: str, args: tuple, kwargs: dict, before: list, after: list, pinned: set, stream: str) -> Launch:
    """The entry of an operator with tensors `before` and results `after`, of which one lies on the device; or None."""
    if name in COPIES:
        return _copy(name, args, kwargs, after, pinned, stream)
    if name in BY_INDEX and any(each.device.type == "cpu" and each.ndim for each in before):
        return Launch("to device", f"{name} by an index in main memory", stream, True, where=caller())
    if name in FREE:
        return None
    return Launch("kernel", name, stream, moved=_moved(name, before, after), flop=_flop(name, args, after))


def _copy(name, args, kwargs, after, pinned, stream):
    source, target = (args[1], args[0]) if name == "copy_" else (args[0], after[0])
    if source is target:
        return None
    if source.device == target.device:
        return Launch("kernel", name, stream, moved=_weight(source) + _weight(target))
    quiet = kwargs.get("non_blocking", any(each is True for each in args[2:4]))
    host = source if source.device.type == "cpu" else target
    kind = "to device" if target.device.type == "cuda" else "to host"
    is_pinned = _memory(host) in pinned or (kind == "to host" and name != "copy_" and quiet)
    waits, size = not (quiet and is_pinned), target.numel() * target.element_size()
    told = f"{name} {tuple(target.shape)} {target.dtype}, {'pinned' if is_pinned else 'pageable'}"
    return Launch(kind, told, stream, waits, size=size, where=caller() if waits else "")


def _memory(tensor):
    return tensor.untyped_storage()._cdata


def caller() -> str:
    """file:line of the innermost frames of the project."""
    frame, found = sys._getframe(1), []
    while frame is not None and len(found) < 2:
        parts = frame.f_code.co_filename.split("/")
        stage = next((place for place, part in enumerate(parts) if part in STAGES and "tests" not in parts), None)
        if stage is not None and "site-packages" not in parts:
            found.append(f"{'/'.join(parts[stage:])}:{frame.f_lineno}")
        frame = frame.f_back
    return " < ".join(found)


def _weight(tensor):
    """Bytes that are there: an expanded axis counts once."""
    sides = [side for side, stride in zip(tensor.shape, tensor.stride()) if stride]
    return math.prod(sides) * tensor.element_size()


def _moved(name, before, after):
    if name in ("zero_", "fill_"):
        return _weight(before[0])
    if name in ("index", "index_select"):
        return 2 * sum(map(_weight, after))
    if name.startswith("_fused_adam"):  # reads weights, gradients and two moments, writes all but the gradients
        return sum(map(_weight, before)) * 7 // 4
    return sum(map(_weight, before)) + sum(map(_weight, after))


def _flop(name, args, after):
    if name in ("mm", "bmm", "mv"):
        return 2 * after[0].numel() * args[0].shape[-1]
    if name in ("addmm", "addmm_", "baddbmm", "baddbmm_"):
        return 2 * after[0].numel() * args[1].shape[-1]
    if name in ("convolution", "conv2d"):  # the latter where autograd is off
        return 2 * after[0].numel() * args[1][0].numel()
    if name == "convolution_backward":
        return 2 * args[0].numel() * args[2][0].numel() * sum(args[-1][:2])
    return 0


def counted(log: list) -> dict:
    """Numbers of launches (kernels and copies), of waits, and bytes copied each way."""
    kinds = collections.Counter(entry.kind for entry in log)
    size = lambda kind: sum(entry.size for entry in log if entry.kind == kind)
    return {
        "launches": kinds["kernel"] + kinds["to device"] + kinds["to host"],
        "waits": sum(entry.waits for entry in log),
        "bytes to the device": size("to device"),
        "bytes to the host": size("to host"),
    }


def tensors_in(*trees) -> list:
    """All tensors in nested arguments."""
    return [leaf for leaf in torch.utils._pytree.tree_leaves(trees) if isinstance(leaf, torch.Tensor)]

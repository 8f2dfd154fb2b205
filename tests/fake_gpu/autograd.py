"""Backward without autograd's engine, which asks the driver for streams: the same graph, walked in Python.

The walk is that of torch/csrc/autograd/engine.cpp: a node runs once all gradients that lead to it are summed, and what
it returns must have the place, shape and type of what it belongs to."""

import collections

import torch


@torch.no_grad()
def backward(root: torch.Tensor, gradient: torch.Tensor | None = None) -> None:
    """What root.backward(gradient) leaves in the .grad of every leaf. Raises RuntimeError as the engine does."""
    missing = _dependencies(root.grad_fn)
    first = torch.ones_like(root) if gradient is None else gradient
    given = {root.grad_fn: {root.output_nr: first}}
    ready = [root.grad_fn]
    while ready:
        node = ready.pop()
        found = given.pop(node, {})
        if hasattr(node, "variable"):
            _accumulate(node.variable, found.get(0))
            continue
        for (following, place), gradient in zip(node.next_functions, _run(node, found)):
            if following is None:
                continue
            if gradient is not None:
                _add(given.setdefault(following, {}), place, _checked(node, following, place, gradient))
            missing[following] -= 1
            if not missing[following]:
                ready.append(following)


def _dependencies(root):
    """Node -> how many nodes lead to it."""
    count, seen, stack = collections.Counter(), {root}, [root]
    while stack:
        for following, _ in stack.pop().next_functions:
            if following is None:
                continue
            count[following] += 1
            if following not in seen:
                seen.add(following)
                stack.append(following)
    return count


def _run(node, found):
    inputs = [found.get(place) for place in range(len(node._input_metadata))]
    # a Function of Python has no call of its own
    out = node(*inputs) if callable(node) else node.apply(*inputs)
    return out if isinstance(out, tuple) else (out,)


def _checked(node, following, place, gradient):
    wanted = following._input_metadata[place]
    if gradient.device != wanted.device:
        raise RuntimeError(f"{type(node).__name__} returned a gradient on {gradient.device}, not {wanted.device}")
    if gradient.shape != tuple(wanted.shape):
        gradient = gradient.sum_to_size(tuple(wanted.shape))
    return gradient.to(wanted.dtype)


def _add(own, place, gradient):
    own[place] = own[place] + gradient if place in own else gradient


def _accumulate(leaf, gradient):
    if gradient is None:
        return
    if gradient.device != leaf.device or gradient.shape != leaf.shape:
        raise RuntimeError(f"a gradient {gradient.device} {gradient.shape} for a leaf {leaf.device} {leaf.shape}")
    if gradient.stride() != leaf.stride():
        gradient = torch.empty_like(leaf).copy_(gradient)
    leaf.grad = gradient if leaf.grad is None else leaf.grad + gradient

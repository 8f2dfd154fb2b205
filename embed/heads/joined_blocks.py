"""Blocks of a sweep as large as a GPU's memory holds: one pass over the rows then serves them all, in few and large
launches."""

import math

from data.files.runs import Head
from data.heads import ANNOTATED, family_named
from embed.heads.stacks import ALIKE, Factors, Stack

KEPT = 0.6  # of the free memory, for tensors that stay; the rest is for logits, gradients and scores


def joined(
    plan: list[list[Head]], room: float, *, parts: int = 1, features: int, classes: int, domains: int
) -> list[list[Head]]:
    """The blocks of a plan, neighbours joined while the heads of one take at most `room` bytes of a device.

    Those that stand on other rows, or that modules train one by one, stay apart. parts: processes that share the plan,
    each of which gets a block where there are enough."""
    size = lambda block: sum(tensor_bytes(head, features, classes, domains) for head in block)
    room = min(room, math.ceil(sum(map(size, plan)) / parts))
    found = []
    for block in plan:
        if found and _together(found[-1][0], block[0]) and size(found[-1]) + size(block) <= room:
            found[-1] = [*found[-1], *block]
        else:
            found.append(list(block))
    return found


def tensor_bytes(head: Head, features: int, classes: int, domains: int) -> float:
    """Of float32: factors and the two moments of Adam, padded as their stack may be, effective weights and their
    gradient."""
    factors = Factors.size(Stack((head,), features, classes), domains)
    return 4 * (3 * ALIKE * factors + 2 * domains * classes * features)


def _together(one, other):
    families = family_named(one.family), family_named(other.family)
    if any(family.module for family in families):
        return False
    first, second = (family.arousal_valence == ANNOTATED for family in families)
    return first == second

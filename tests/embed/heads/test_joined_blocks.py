"""Blocks as large as a GPU's memory holds, of a plan made of smaller ones."""

import pytest

from data.files.runs import Head
from embed.heads.joined_blocks import joined, tensor_bytes
from embed.plan import blocks

SHAPE = {"features": 512, "classes": 7, "domains": 3}


def every_integer():
    return blocks(range(1, 513), ("cake", "av"), 10, predicts=True, annotated=True)


def flat(plan):
    return [head for block in plan for head in block]


def test_with_room_for_all_only_other_rows_stand_apart():
    plan = every_integer()
    found = joined(plan, float("inf"), **SHAPE)
    assert flat(found) == flat(plan) and len(found) < 6 < len(plan)
    for block in found:
        assert len({head.family == "av-true" for head in block}) == 1


@pytest.mark.parametrize("room", [2**28, 2**30, 2**33])
def test_no_block_but_a_single_one_takes_more_than_the_room(room):
    plan = every_integer()
    found = joined(plan, room, **SHAPE)
    assert flat(found) == flat(plan)
    size = lambda block: sum(tensor_bytes(head, 512, 7, 3) for head in block)
    assert all(size(block) <= room or block in plan for block in found)
    assert len(found) < len(plan) or room < 2**30  # the control


def test_every_process_gets_a_block():
    plan = blocks(range(1, 513), ("cake", "av"), 10, predicts=True, annotated=False)
    assert len(joined(plan, float("inf"), **SHAPE)) == 1
    assert len(joined(plan, float("inf"), parts=4, **SHAPE)) >= 4


def test_a_heads_bytes_are_those_of_its_tensors():
    factors = 3 * (512 * 3 + 3 + 3 * 7 * 3 + 3 * 7)
    assert tensor_bytes(Head("cake", 3, 0), 512, 7, 3) == 4 * (1.25 * factors + 2 * 3 * 7 * 512)

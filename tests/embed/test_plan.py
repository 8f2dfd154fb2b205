"""Which heads are trained, and in which blocks and order."""

import pytest

from data.files.runs import Head
from data.heads import FAMILIES, Family, Linear, register
from embed.plan import blocks
from embed.sizes import parse_sizes

LOGARITHMIC = parse_sizes("1..512:log")
TABLES = {("av", 0), ("av", 1), ("cake", 2), ("cake", 3), ("cake-norm", 3), ("baseline", 0)}


def plan(sizes, families=("cake", "av"), runs=10, *, predicts=True, annotated=False):
    return blocks(sizes, families, runs, predicts=predicts, annotated=annotated)


def pairs(block):
    return {(head.family, head.k) for head in block}


def test_what_the_tables_need_is_always_trained_and_first():
    first = plan([64], ["cake"])[0]
    assert pairs(first) == TABLES
    assert len(first) == 60 and {head.run for head in first} == set(range(10))


def test_the_literal_call_has_the_tables_in_its_first_block_and_figure_4_after_the_blocks_of_the_grid():
    found = plan(parse_sizes("1..512"), annotated=True)
    assert pairs(found[0]) == TABLES
    seen = set().union(*map(pairs, found[:3]))
    assert {(family, k) for family in ("cake", "av", "av-true") for k in LOGARITHMIC} <= seen
    assert {family for family, _ in pairs(found[1])} == {"cake", "av"} and {
        family for family, _ in pairs(found[2])
    } == {"av-true"}
    assert all(max(LOGARITHMIC) >= head.k for block in found for head in block)


def test_every_head_asked_for_is_in_exactly_one_block():
    found = [head for block in plan(range(513), runs=3) for head in block]
    assert len(found) == len(set(found)) == 3 * (512 + 513 + 2)
    assert Head("cake", 0, 0) not in found


def test_a_block_is_never_wider_than_a_pass_of_two_families_ten_neighbours_and_ten_runs():
    assert max(map(len, plan(parse_sizes("1..512"), runs=25)[3:])) == 200


def test_more_runs_or_sizes_leave_finished_blocks_as_they_are():
    few, more_runs = plan(parse_sizes("1..40")), plan(parse_sizes("1..40"), runs=20)
    assert all(block in more_runs for block in few)
    wider = plan(parse_sizes("1..70"))
    assert sum(block not in wider for block in few) == 1  # that of the logarithmic grid alone


def test_families_of_arousal_valence_need_it():
    assert {family for block in plan([2]) for family, _ in pairs(block)} == {"cake", "av", "cake-norm", "baseline"}
    without = {family for block in plan([2], predicts=False, annotated=True) for family, _ in pairs(block)}
    assert without == {"cake", "cake-norm", "baseline", "av-true"}
    assert {head.k for block in plan([2, 5], annotated=True) for head in block if head.family == "av-true"} == {0, 2, 5}
    assert all(len({head.family == "av-true" for head in block}) == 1 for block in plan(range(1, 30), annotated=True))
    assert not [head for block in plan([2], ["av-true"]) for head in block if head.family == "av-true"]


def test_there_is_one_baseline():
    assert [head.k for block in plan([1, 2, 3], ["baseline"], 1) for head in block if head.family == "baseline"] == [0]


@pytest.fixture
def further():
    """Two families more: one of the general way, one that the stacked trainer can train."""
    before = dict(FAMILIES)
    register(Family("mlp", "MLP-{k}", smallest=2, module=lambda *arguments: None))
    register(Linear("sphere-av", "Sphere-{k}", on_sphere=True, arousal_valence="predicted"))
    yield
    FAMILIES.clear()
    FAMILIES.update(before)


def test_blocks_of_the_papers_families_are_the_same_beside_a_family_of_the_general_way(further):
    alone, beside = plan(range(41), annotated=True), plan(range(41), ["cake", "av", "mlp"], annotated=True)
    assert [block for block in beside if "mlp" not in {head.family for head in block}] == alone
    others = [block for block in beside if block not in alone]
    assert [pairs(block) for block in others] == [{("mlp", k)} for k in sorted(range(2, 41), key=off_the_grid)]


def off_the_grid(k):
    return (k not in LOGARITHMIC, k)


def test_a_linear_family_shares_blocks_and_one_of_predicted_arousal_valence_needs_it(further):
    assert {family for family, _ in pairs(plan([8], ["cake", "sphere-av"])[1])} == {"cake", "sphere-av"}
    assert not [head for block in plan([8], ["sphere-av"], predicts=False) for head in block if head.k == 8]


def test_a_grid_beyond_512_dimensions_has_a_block_of_its_own_too():
    found = plan(parse_sizes("1..2000:log"))
    assert {("cake", 1024), ("av", 512)} < pairs(found[1]) and pairs(found[2]) == {("cake", 2000), ("av", 2000)}

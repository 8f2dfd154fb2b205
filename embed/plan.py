"""Which heads a sweep trains, in which blocks and order."""

from collections.abc import Iterable

from data.files.runs import Head
from data.heads import ANNOTATED, FAMILIES, PREDICTED, family_named
from embed.settings import RUNS
from embed.sizes import is_on_grid

K_A_BLOCK = 10  # neighbouring k of one block: with two families and ten runs, 200 heads share a pass


def blocks(sizes: Iterable, families: Iterable, runs: int, *, predicts: bool, annotated: bool) -> list:
    """Lists of Head: those of the tables, the logarithmic grid (Figures 4 and 2), the rest.

    sizes: the k asked for; families: names. predicts, annotated: whether there is such arousal-valence. A block is a
    function of the heads asked for alone, since products of another width differ in their last bits. Runs are divided
    by tens and k by neighbours, so that a later call for more of them finds whole blocks done."""
    there = {None: True, PREDICTED: predicts, ANNOTATED: annotated}
    groups = {}
    for head in _heads(list(sizes), list(families), runs):
        if there[family_named(head.family).arousal_valence]:
            groups.setdefault(_place(head), []).append(head)
    return [groups[place] for place in sorted(groups)]


def _heads(sizes, families, runs):
    """Every head once: what the tables need, what was asked for, what is trained always."""
    pairs = [(name, k) for name, family in FAMILIES.items() for k in family.table_sizes]
    pairs += [(name, k) for k in sizes for name in families if family_named(name).has(k)]
    pairs += [(name, k) for name, family in FAMILIES.items() if family.always for k in (family.smallest, *sizes)]
    return [Head(name, k, run) for name, k in dict.fromkeys(pairs) for run in range(runs)]


def _place(head):
    """Sort key of the block that a head belongs to; heads of one block share their rows and their way of training."""
    family = family_named(head.family)
    if head.k in family.table_sizes:
        stage = 0
    elif is_on_grid(head.k):
        stage = 1
    else:
        stage = 2
    rows, tens = family.arousal_valence == ANNOTATED, head.run // RUNS
    if family.module:  # one head after the other, each far slower: a block for each k
        return stage, rows, family.name, tens, head.k
    return stage, rows, "", tens, (head.k - 1) // K_A_BLOCK if stage == 2 else 0

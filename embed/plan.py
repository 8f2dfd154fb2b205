"""Which heads a sweep trains, in which blocks and order."""

from data.files.runs import Head
from embed.settings import RUNS
from embed.sizes import LARGEST_K, parse_sizes

LOGARITHMIC = frozenset(parse_sizes(f"1..{LARGEST_K}:log"))
K_A_BLOCK = 10  # neighbouring k of one block: with two families and ten runs, 200 heads share a pass

# What Tables 1-3 and Figure 5 are made of, whatever k is asked for.
TABLE_HEADS = (("av", 0), ("av", 1), ("cake", 2), ("cake", 3), ("cake-norm", 3), ("baseline", 0))
AROUSAL_VALENCE = "av"  # the family that needs predicted arousal-valence
ANNOTATED = "av-true"  # the family that needs annotated arousal-valence, and is trained on one domain


def blocks(sizes, families, runs, *, predicts, annotated):
    """Lists of Head: those of the tables, the logarithmic grid (Figures 4 and 2), the rest.

    A block is a function of the heads asked for alone, since products of another width differ in their last bits.
    Runs are divided by tens and k by neighbours, so that a later call for more of them finds whole blocks done."""
    groups = {}
    for head in _heads(sizes, families, runs, annotated):
        if head.family != AROUSAL_VALENCE or predicts:
            groups.setdefault(_place(head), []).append(head)
    return [groups[place] for place in sorted(groups)]


def _heads(sizes, families, runs, annotated):
    """Every head once, in the order of families, k and run."""
    pairs = dict.fromkeys([*TABLE_HEADS, *((family, k) for k in sizes for family in families if _exists(family, k))])
    if annotated:
        pairs |= dict.fromkeys((ANNOTATED, k) for k in sorted({0, *sizes}))
    pairs = [pair for pair in pairs if annotated or pair[0] != ANNOTATED]
    return [Head(family, k, run) for family, k in pairs for run in range(runs)]


def _exists(family, k):
    """Whether a family has a head of this k; the one baseline is among the table's."""
    return family != "baseline" and (k > 0 or family in (AROUSAL_VALENCE, ANNOTATED))


def _place(head):
    """Sort key of the block a head belongs to."""
    if (head.family, head.k) in TABLE_HEADS:
        stage = 0
    elif head.k in LOGARITHMIC or head.k == 0:
        stage = 1
    else:
        stage = 2
    neighbours = (head.k - 1) // K_A_BLOCK if stage == 2 else 0
    return stage, head.family == ANNOTATED, head.run // RUNS, neighbours

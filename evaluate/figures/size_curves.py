"""Figures 2 and 4: scores over the number of dimensions, on a logarithmic axis."""

import math

import numpy as np

from data.files.runs import Runs
from data.heads import FAMILIES, Family, Linear
from evaluate import reference
from evaluate.figures.palette import COLUMN, FAINT, INK, MARKERS, SERIES
from evaluate.figures.plate import Plate, entitle, new_figure
from evaluate.records import number
from evaluate.reference import display
from evaluate.representations import ANNOTATED, BASELINE, Representation
from evaluate.statistics.annotated import by_added_dimensions, domain_of
from evaluate.statistics.scores import Score, multi_domain
from evaluate.statistics.swept import sizes_swept, why_absent

MARKED = 32  # points of a line that are marked one by one; more would run together


def figure_2(runs: Runs) -> Plate:
    """Gain in accuracy over the dimensions added to annotated arousal-valence."""
    plate = Plate("figure2", "Figure 2. What further dimensions add to annotated arousal-valence", "")
    scores = by_added_dimensions(runs)
    added = {k: score for k, score in scores.items() if k > 0}
    if not added or 0 not in scores:
        reason = why_absent(runs, ANNOTATED)
        plate.caption = (
            f"Figure 2 needs heads on annotated arousal-valence with and without added dimensions: {reason}."
        )
        return plate
    name, plain = domain_of(runs), 100 * scores[0].mean
    plate.figure, axes = new_figure(COLUMN, 2.4)
    _banded(axes, added, added.values(), plain=plain, colour=SERIES[0], marker=MARKERS[0], label="ours")
    theirs = reference.comparable(reference.SECTION_2_1, runs.classes)
    if theirs and name == "affectnet" and not runs.toy:
        points = {k: value - theirs[0] for k, value in theirs.items() if k}
        axes.plot(list(points), list(points.values()), "x", color=INK, markersize=5, label="paper (as stated)")
        axes.legend(loc="lower right")
    axes.axhline(0, color=FAINT, linewidth=0.8, linestyle="--")
    _sizes_axis(axes, list(added))
    axes.set(xlabel="dimensions added to arousal-valence (log scale)", ylabel="gain in accuracy, points")
    entitle(plate.figure, runs, f"Added dimensions, {display(name)}")
    for k, score in scores.items():
        means = {"accuracy": number(100 * score.mean), "deviation": number(100 * score.deviation)}
        plate.records.append({"added": k, **means, "gain": number(100 * score.mean - plain), "runs": score.runs})
    plate.caption = (
        f"Accuracy over that of arousal-valence alone ({plain:.1f} %, dashed), one linear layer on annotated "
        f"values and k learned dimensions. {_band_said(scores[0])}"
    )
    return plate


def figure_4(runs: Runs) -> Plate:
    """Multi-domain F1 over the size of the representation, and where a linear head gains no new function."""
    plate = Plate("figure4", "Figure 4. Size of the representation", "")
    curves = {family: _curve(runs, family) for family in FAMILIES.values() if family.curve}
    if not any(curves.values()):
        names = " and ".join(family.name for family in curves)
        plate.caption = f"Figure 4 needs heads of several sizes: no head of the families {names} has a score."
        return plate
    plate.figure, axes = new_figure(COLUMN + 1.1, 2.6)  # the legend stands beside the curves
    for place, (family, curve) in enumerate(curves.items()):
        if curve:
            _draw_curve(axes, runs, family, curve, place)
            plate.records += _records(runs, family, curve)
    _draw_baseline(axes, runs)
    _sizes_axis(axes, sorted({record["size"] for record in plate.records}))
    axes.set(xlabel="size of the representation (log scale)", ylabel="multi-domain macro F1, %")
    marked = any(_limit(runs, family) for family, curve in curves.items() if curve)
    title = "dotted: no new\nfunction beyond" if marked else None
    plate.figure.legend(loc="outside right upper", title=title, title_fontsize=6.5, alignment="left")
    entitle(plate.figure, runs, "Size of the representation")
    plate.caption = _caption(runs, curves)
    return plate


def _draw_baseline(axes, runs):
    """A line across at what all features reach."""
    score = multi_domain(runs, BASELINE)
    if score:
        axes.axhline(
            100 * score.mean, color=INK, linewidth=0.9, linestyle="--", label=f"{BASELINE.label}, {runs.features}"
        )


def _curve(runs: Runs, family: Family) -> dict[int, Score]:
    """{k: Score} of the sizes of a family that have one."""
    scores = {k: multi_domain(runs, Representation(family, k)) for k in sizes_swept(runs, family)}
    return {k: score for k, score in scores.items() if score}


def _draw_curve(axes, runs, family, curve, place):
    """One line with its band and its mark; `place` among all curves chooses its colour."""
    colour, marker = SERIES[place % len(SERIES)], MARKERS[place % len(MARKERS)]
    sizes = [family.size(k, runs.features) for k in curve]
    _banded(axes, sizes, curve.values(), colour=colour, marker=marker, label=family.curve)
    limit = _limit(runs, family)
    if limit is not None:
        left = place == 0  # numbers of neighbouring marks stand on both sides
        axes.axvline(limit, color=colour, linewidth=0.9, linestyle=":")
        axes.annotate(
            str(limit),
            (limit, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-1 if left else 1, 1),
            textcoords="offset points",
            ha="right" if left else "left",
            va="bottom",
            fontsize=6.5,
            color=colour,
        )


def _limit(runs: Runs, family: Family) -> int | None:
    """Size beyond which a head gains no new function; None where heads are not linear from end to end."""
    if not isinstance(family, Linear) or family.on_sphere:
        return None
    return family.size(_rank(runs), runs.features)


def _rank(runs: Runs) -> int:
    """Of all classifiers' logits, since a softmax ignores what those of one have in common."""
    return (len(runs.classes) - 1) * len(runs.classifiers)


def _records(runs, family, curve):
    for k, score in curve.items():
        yield {
            "family": family.name,
            "k": k,
            "size": family.size(k, runs.features),
            "mean": number(100 * score.mean),
            "runs": score.runs,
            "deviation": number(100 * score.deviation),
        }


def _caption(runs: Runs, curves: dict) -> str:
    drawn = [family for family, curve in curves.items() if curve]
    first = next(iter(curves[drawn[0]].values()))
    absent = [family for family in curves if family not in drawn]
    reasons = [f"{family.curve}: {why_absent(runs, Representation(family, 0))}." for family in absent]
    averaged = f"Macro F1 of each data set's own classifier, averaged by test rows. {_band_said(first)}"
    if multi_domain(runs, BASELINE):
        averaged += f" Dashed: {BASELINE.label.lower()}, whose classifiers see all {runs.features:,} features."
    limits = {family: _limit(runs, family) for family in drawn}
    ends = [f"{limit} for {family.curve}" for family, limit in limits.items() if limit is not None]
    return " ".join([averaged, *_limits_said(runs, ends), *reasons])


def _limits_said(runs, ends):
    domains = len(runs.classifiers)
    if ends:
        yield (
            "Dotted: a softmax ignores what its logits have in common, so "
            f"{domains} linear classifier{'s' if domains > 1 else ''} on one representation can use "
            f"{_rank(runs)} learned dimensions; beyond size {' and '.join(ends)} a head can express no new "
            "function. Any flattening before these marks is empirical."
        )


def _band_said(score):
    return f"Bands: sample deviation over {score.runs} runs." if score.runs > 1 else "A single run: no deviation."


def _banded(axes, sizes, scores, *, plain=0.0, colour, marker, label):
    """Means in percent, minus `plain`, as a line, with a band of the deviation where every score has one."""
    sizes = list(sizes)
    mean, deviation = np.array([(100 * score.mean - plain, 100 * score.deviation) for score in scores]).T
    axes.plot(sizes, mean, color=colour, marker=marker if len(sizes) <= MARKED else "", markersize=3, label=label)
    if np.isfinite(deviation).all():
        axes.fill_between(sizes, mean - deviation, mean + deviation, color=colour, alpha=0.2, linewidth=0)


def _sizes_axis(axes, sizes):
    """A log axis with plain numbers at powers of two; at the sizes themselves where none lies among them."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log", base=2)
    powers = {2**power for power in range(math.ceil(math.log2(max(sizes))) + 1)}
    ticks = [size for size in sorted(powers | {3}) if min(sizes) <= size <= max(sizes)] or sizes  # 3: the paper's size
    axes.set_xticks(ticks, [f"{tick}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=FAINT, alpha=0.25, linewidth=0.5)

"""Figures 1, 2 and 4 of the paper, and the list of all plates."""

import numpy as np

from data.emotions import EMOTIONS
from data.files.runs import representation_size
from evaluate import reference
from evaluate.figures.emotion_maps import figure_5
from evaluate.figures.matrices import confusions, cross_database
from evaluate.figures.palette import COLUMN, EMOTION, FAINT, INK, SERIES
from evaluate.figures.plate import Plate, emotion_legend, entitle, haloed, new_figure
from evaluate.reference import display, in_order
from evaluate.statistics.annotated import FAMILY, by_added_dimensions, domain_of, sizes_swept
from evaluate.statistics.scores import multi_domain, why_absent

NAMES = {"cake": "CAKE-k", "av": "AVk"}
MARKED = 32  # points of a line that are marked one by one; more would run together
RANK = 6  # of seven logits, since a softmax ignores what they have in common


def all_plates(runs, samples):
    """Every Plate, in the paper's order; those that cannot be drawn say why."""
    return [
        figure_1(runs, samples),
        figure_2(runs),
        figure_4(runs),
        figure_5(runs, samples),
        cross_database(runs),
        confusions(runs),
    ]


def figure_1(runs, samples):
    """Test samples in the plane of annotated arousal and valence, by emotion, within the circumplex."""
    name = next((name for name in in_order(samples) if samples[name].has_annotations().any()), None)
    plate = Plate("figure1", "Figure 1. Emotions in the plane of annotated arousal-valence", "")
    if name is None:
        plate.caption = "No feature cache at hand has test rows with annotated arousal-valence."
        return plate
    there = samples[name].has_annotations()
    emotion, values = samples[name].emotion[there], samples[name].annotated[there]
    plate.figure, axes = new_figure(COLUMN, COLUMN + 0.45)
    _circumplex(axes)
    order = np.random.default_rng(0).permutation(len(emotion))  # no emotion lies on top of all others
    colours = np.array(list(EMOTION.values()))[emotion[order]]
    axes.scatter(
        *values[order].T,
        s=np.clip(3500 / len(emotion), 5, 14),
        c=colours,
        linewidths=0,
        alpha=0.75,
        rasterized=True,
        label="samples",
    )
    shown = np.unique(emotion)
    centres = {index: np.median(values[emotion == index], 0) for index in shown}
    for index, place in _apart(centres).items():
        haloed(axes, *place, EMOTIONS[index], fontsize=6.5, fontweight="bold")
    for index, centre in centres.items():
        plate.records.append(
            {
                "emotion": EMOTIONS[index],
                "n": int((emotion == index).sum()),
                "median_valence": f"{centre[0]:.4f}",
                "median_arousal": f"{centre[1]:.4f}",
            }
        )
    entitle(plate.figure, runs, f"{display(name)}, as annotated")
    emotion_legend(plate.figure, shown, loc="outside lower center", ncols=4)
    plate.caption = (
        f"Each dot is one of {len(emotion):,} test samples of {display(name)}, where its annotators placed it; "
        "names stand at the median of "
        "their emotion. The circle is that of the circumplex model."
    )
    return plate


def _circumplex(axes):
    """The unit circle with its two diameters, and what their ends mean."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0, 0), 1, fill=False, color=FAINT, linewidth=0.8))
    axes.axhline(0, color=FAINT, linewidth=0.5, zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.5, zorder=0)
    axes.set(
        xlim=(-1.08, 1.08),
        ylim=(-1.08, 1.08),
        aspect="equal",
        xticks=(-1, -0.5, 0, 0.5, 1),
        yticks=(-1, -0.5, 0, 0.5, 1),
        xlabel="unpleasant  ←  valence  →  pleasant",
        ylabel="calm  ←  arousal  →  excited",
    )


def _apart(centres, width=0.4, height=0.1):
    """The centres with names in mind: one that would cover another's name moves up, the lower ones first."""
    placed = {}
    for index, (x, y) in sorted(centres.items(), key=lambda item: item[1][1]):
        while any(abs(x - other[0]) < width and abs(y - other[1]) < height for other in placed.values()):
            y += height / 4
        placed[index] = (x, y)
    return placed


def figure_2(runs):
    """Gain in accuracy over the dimensions added to annotated arousal-valence."""
    plate = Plate("figure2", "Figure 2. What further dimensions add to annotated arousal-valence", "")
    scores = by_added_dimensions(runs)
    added = [k for k in scores if k > 0]
    if not added or 0 not in scores:
        reason = why_absent(runs, FAMILY, 0)
        plate.caption = (
            f"Figure 2 needs heads on annotated arousal-valence with and without added dimensions: {reason}."
        )
        return plate
    name, plain = domain_of(runs), 100 * scores[0].mean
    plate.figure, axes = new_figure(COLUMN, 2.4)
    mean, deviation = (np.array([100 * getattr(scores[k], side) for k in added]) for side in ("mean", "deviation"))
    _banded(axes, added, mean - plain, deviation, SERIES["cake"], "o", "ours")
    if name == "affectnet" and not runs.toy:
        points = {k: value - reference.SECTION_2_1[0] for k, value in reference.SECTION_2_1.items() if k}
        axes.plot(list(points), list(points.values()), "x", color=INK, markersize=5, label="paper (as stated)")
        axes.legend(loc="lower right")
    axes.axhline(0, color=FAINT, linewidth=0.8, linestyle="--")
    _sizes_axis(axes, added)
    axes.set(xlabel="dimensions added to arousal-valence (log scale)", ylabel="gain in accuracy, points")
    entitle(plate.figure, runs, f"Added dimensions, {display(name)}")
    plate.records = [
        {
            "added": k,
            "accuracy": f"{100 * score.mean:.4f}",
            "deviation": "" if score.runs < 2 else f"{100 * score.deviation:.4f}",
            "gain": f"{100 * score.mean - plain:.4f}",
            "runs": score.runs,
        }
        for k, score in scores.items()
    ]
    plate.caption = (
        f"Accuracy over that of arousal-valence alone ({plain:.1f} %, dashed), one linear layer on annotated "
        "values and k learned "
        f"dimensions. {_band_said(scores[0])}"
    )
    return plate


def figure_4(runs):
    """Multi-domain F1 over the size of the representation, and where a linear head gains no new function."""
    plate = Plate("figure4", "Figure 4. Size of the representation", "")
    curves = {family: {k: multi_domain(runs, family, k) for k in sizes_swept(runs, family)} for family in NAMES}
    curves = {family: {k: score for k, score in curve.items() if score} for family, curve in curves.items()}
    if not any(curves.values()):
        plate.caption = "Figure 4 needs heads of several sizes: no head of the families cake and av has a score."
        return plate
    plate.figure, axes = new_figure(COLUMN, 2.6)
    for (family, curve), marker in zip(curves.items(), "os"):
        if curve:
            sizes = [representation_size(family, k) for k in curve]
            mean, deviation = (
                np.array([100 * getattr(score, side) for score in curve.values()]) for side in ("mean", "deviation")
            )
            _banded(axes, sizes, mean, deviation, SERIES[family], marker, NAMES[family])
            _limit(axes, family, len(runs.classifiers))
            plate.records += [
                {
                    "family": family,
                    "k": k,
                    "size": size,
                    "mean": f"{100 * score.mean:.4f}",
                    "runs": score.runs,
                    "deviation": "" if score.runs < 2 else f"{100 * score.deviation:.4f}",
                }
                for (k, score), size in zip(curve.items(), sizes)
            ]
    _sizes_axis(axes, sorted({record["size"] for record in plate.records}))
    axes.set(xlabel="size of the representation (log scale)", ylabel="multi-domain macro F1, %")
    axes.legend(loc="lower right", title="dotted: no new function beyond", title_fontsize=6.5, alignment="left")
    entitle(plate.figure, runs, "Size of the representation")
    plate.caption = _limit_said(runs, curves)
    return plate


def _limit(axes, family, domains):
    """Mark the size beyond which a linear head gains no new function."""
    size = representation_size(family, RANK * domains)
    axes.axvline(size, color=SERIES[family], linewidth=0.9, linestyle=":")
    axes.annotate(
        str(size),
        (size, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-1 if family == "cake" else 1, 1),
        textcoords="offset points",
        ha="right" if family == "cake" else "left",
        va="bottom",
        fontsize=6.5,
        color=SERIES[family],
    )


def _limit_said(runs, curves):
    domains = len(runs.classifiers)
    ends = " and ".join(
        f"{representation_size(family, RANK * domains)} for {NAMES[family]}"
        for family, curve in curves.items()
        if curve
    )
    first = next(score for curve in curves.values() for score in curve.values())
    absent = "".join(
        f" {NAMES[family]}: {why_absent(runs, family, 0)}." for family, curve in curves.items() if not curve
    )
    return (
        f"Macro F1 of each data set's own classifier, averaged by test rows. {_band_said(first)} Dotted: a "
        "softmax ignores what its seven logits "
        f"have in common, so {domains} linear classifier{'s' if domains > 1 else ''} on one representation can "
        f"use {RANK * domains} learned "
        f"dimensions; beyond size {ends} a head can express no new function. Any flattening before these marks is "
        f"empirical.{absent}"
    )


def _band_said(score):
    return f"Bands: sample deviation over {score.runs} runs." if score.runs > 1 else "A single run: no deviation."


def _banded(axes, x, mean, deviation, colour, marker, label):
    axes.plot(x, mean, color=colour, marker=marker if len(x) <= MARKED else "", markersize=3, label=label)
    if np.isfinite(deviation).all():
        axes.fill_between(x, mean - deviation, mean + deviation, color=colour, alpha=0.2, linewidth=0)


def _sizes_axis(axes, sizes):
    """A log axis with plain numbers at powers of two, thinned where they would touch."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log", base=2)
    powers = [2**power for power in range(10) if min(sizes) <= 2**power <= max(sizes)]
    axes.set_xticks(powers or sizes, [f"{tick}" for tick in powers or sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=FAINT, alpha=0.25, linewidth=0.5)

"""The page's reading order: what a reader meets first, and what should be known before each table and figure."""

from dataclasses import dataclass, field

import numpy as np

from data.files.runs import Runs
from evaluate.figures.figure_files import all_plates
from evaluate.page.origin import origin
from evaluate.page.view import view
from evaluate.tables.annotation_quality import annotation_quality
from evaluate.tables.meaning.dimensions import linear_reading
from evaluate.tables.meaning.maps import map_claims
from evaluate.tables.meaning.stability import stability
from evaluate.tables.meaning.third_dimension import beside_arousal_valence, beside_its_planes
from evaluate.tables.regression import regression
from evaluate.tables.table import Table
from evaluate.tables.table_files import all_tables
from evaluate.tables.trust.calibration_table import calibration

# anchor -> title, and what a reader should know first
TEXTS = {
    "support": (
        "Does it hold?",
        "What the paper claims of its representations, and whether these runs bear it out. A yes means that the "
        "difference is no accident of the initialisations or of the test samples, for all that is asked here at once.",
    ),
    "size": (
        "How few dimensions will do?",
        "A face becomes {features} numbers in a network that was trained once and is frozen. CAKE-k projects them to k "
        "numbers; AV is the arousal and valence that another network predicts; AVk adds k learned numbers to these. "
        "Each data set has a linear classifier of its own on top.",
    ),
    "arousal-valence": (
        "Starting from arousal and valence",
        "Annotators also placed some images in the plane of valence (pleasant or not) and arousal (excited or calm). "
        "How much of the emotion do these two numbers hold, and what does a third one add?",
    ),
    "published": (
        "Beside published systems",
        "Papers score these data sets in different ways, points apart for one and the same model; all are given.",
    ),
    "space": (
        "Inside the space",
        "Three learned numbers can be drawn. First every test sample where the network puts it, then what each "
        "classifier would say anywhere in a representation, whether or not samples lie there.",
    ),
    "meaning": (
        "What do the dimensions mean?",
        "The paper leaves this open. If arousal and valence can be read off the learned numbers, the network has found "
        "something like them without being told; if independent runs agree once aligned, the space is not an accident.",
    ),
    "annotation": (
        "Do data sets mean the same by their labels?",
        "All classifiers see one representation, so where they differ, the annotations they learned from differ, or "
        "the number of these.",
    ),
    "trust": (
        "Can it be trusted?",
        "Whether a confidence of 80 % means that four of five such answers are right, how much better it gets where "
        "the unsure are left out and, where the test images say who is in them, whether it is as good for everybody.",
    ),
    "origin": (
        "Where the numbers come from",
        "Whether they depend on choices that the paper leaves open, and everything needed to make them again.",
    ),
}


@dataclass
class Section:
    """A heading, what a reader should know first, and the tables and plates below it."""

    anchor: str
    title: str
    text: str
    items: list
    answers: list = field(default_factory=list)  # (claim, answer, difference in points) of a summary


def sections(runs: Runs, samples: dict, gaps: dict, studied: dict | None = None) -> list[Section]:
    """Every Section, in reading order. samples and gaps: as evaluate.samples.read_samples gives them; studied: as
    evaluate.tables.length.read_studied does."""
    tables = {table.name: table for table in all_tables(runs, studied)}
    items = _items(runs, samples, gaps, tables)
    found = [
        Section(anchor, title, text.format(features=f"{runs.features:,}"), items[anchor])
        for anchor, (title, text) in TEXTS.items()
    ]
    found[0].answers = _answers(tables["claims"])
    return found


def _items(runs: Runs, samples: dict, gaps: dict, tables: dict) -> dict[str, list]:
    """Tables and plates of each section."""
    plates = {plate.name: plate for plate in all_plates(runs, samples)}
    stable = stability(runs, samples, np.random.default_rng(0))
    third = [beside_arousal_valence(runs), *beside_its_planes(runs, samples, np.random.default_rng(0))]
    regressed = regression(runs, samples, gaps)
    studied = [tables["length"]] if len(tables["length"].columns) > 1 else []
    trusted = calibration(runs, samples, np.random.default_rng(0))
    by_group = [tables[name] for name in ("groups", "group_gaps") if name in tables]
    return {
        "support": [tables["claims"]],
        "size": [tables["table1"], tables["multi_domain"], plates["figure4"], tables["differences"]],
        "arousal-valence": [plates["figure1"], tables["section2_1"], plates["figure2"], regressed],
        "published": [tables["table2"], tables["conventions"], plates["confusion"]],
        "space": [view(runs, samples), plates["figure5"], map_claims(runs, samples)],
        "meaning": [linear_reading(runs, samples), stable, *third],
        "annotation": [plates["matrix3"], tables["table3"], *annotation_quality(runs)],
        "trust": [plates["reliability"], plates["risk_coverage"], trusted, *by_group],
        "origin": [*studied, origin(runs)],
    }


def _answers(claims: Table) -> list[tuple]:
    """(claim, answer, difference) of each claim over all its test sets, from the first of its records."""
    first = {}
    for record in claims.records:
        said = record["supported"] or f"not asked, {record['absent']}"
        first.setdefault(record["claim"], (record["claim"], said, record["difference"]))
    return list(first.values())

"""All plates of a results file, and the files that they are written to."""

from pathlib import Path

from data.files.publish import publish_text
from data.files.runs import Runs
from evaluate.figures.circumplex import figure_1
from evaluate.figures.emotion_maps import figure_5
from evaluate.figures.matrices import confusions, cross_database
from evaluate.figures.plate import Plate, drawing, publish_figure
from evaluate.figures.reliability import reliability_diagram, risk_coverage
from evaluate.figures.size_curves import figure_2, figure_4
from evaluate.records import as_csv
from evaluate.representations import TOY


def all_plates(runs: Runs, samples: dict) -> list[Plate]:
    """Every Plate, in the paper's order and what is beyond it; those that cannot be drawn say why."""
    return [
        figure_1(runs, samples),
        figure_2(runs),
        figure_4(runs),
        figure_5(runs, samples),
        cross_database(runs),
        confusions(runs),
        reliability_diagram(runs, samples),
        risk_coverage(runs, samples),
    ]


def write_figures(runs: Runs, samples: dict, folder: Path, *, titled: bool = True) -> list[Plate]:
    """Write every plate that can be drawn as pictures and its numbers as CSV, and captions of all; returns all plates.

    titled: whether pictures have titles of their own; those of toy data always do."""
    with drawing():
        plates = all_plates(runs, samples)
        write_plates(plates, folder, toy=runs.toy, sources=[runs.source], titled=titled)
    return plates


def write_plates(plates: list[Plate], folder: Path, *, toy: bool, sources: list[str], titled: bool = True) -> None:
    """Write plates, drawn in the style of the palette, their numbers and their captions.

    sources: names of the results files that they are of."""
    source = ", ".join(filter(None, sources))
    for plate in plates:
        if plate.figure is not None:
            if not titled and not toy:
                plate.figure.suptitle("")
            publish_figure(plate.figure, folder, plate.name)
            told = [{**record, "results": source} for record in plate.told(toy=toy)]
            publish_text(folder / f"{plate.name}.csv", as_csv(told))
    of = f" Of the results file{'s' * (len(sources) > 1)} {source}." if source else ""
    captions = [f"{TOY * toy}{plate.title}. {plate.caption}{of}" for plate in plates]
    publish_text(folder / "captions.txt", "\n\n".join(captions) + "\n")

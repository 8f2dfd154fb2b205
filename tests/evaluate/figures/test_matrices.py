"""Matrices hold Table 3, and rows that sum to one."""

import pytest

from data.emotions import EMOTIONS
from evaluate.figures.matrices import confusions, cross_database
from tests.evaluate.figures.shown import texts
from tests.evaluate.made_up_runs import make

COMPOUND = tuple(f"{how} {what}" for how in ("happily", "disgustedly") for what in (*EMOTIONS[2:], "surprised"))[:11]


def test_matrices_hold_table_3_and_row_shares(study):
    runs, _ = study
    table = cross_database(runs)
    assert (
        len(table.records) == 9
        and len(texts(table.figure.axes[0])) == 9
        and table.figure.axes[0].get_xlabel() == "tested on"
    )
    shares = confusions(runs)
    assert len(shares.figure.axes) == 3
    rows = [float(record["share"]) for record in shares.records if (record["test"], record["true"]) == ("sfew", "fear")]
    assert sum(rows) == pytest.approx(100, abs=0.01)


def test_of_one_data_set_table_3_is_no_figure_and_its_confusions_fill_theirs():
    runs = make(names=("sfew",), sizes=(60,))
    assert cross_database(runs).figure is None and "of one alone" in cross_database(runs).caption
    figure = confusions(runs).figure
    figure.draw_without_rendering()
    inside, width, height = figure.axes[0].get_window_extent(), *figure.canvas.get_width_height()
    assert len(figure.axes) == 1 and inside.width > 0.5 * width and inside.height > 0.5 * height
    title = figure._suptitle.get_window_extent()
    assert title.x1 <= width and title.y0 >= figure.axes[0].title.get_window_extent().y1


@pytest.mark.parametrize("classes", [EMOTIONS, COMPOUND], ids=len)
def test_no_name_lies_on_another(classes):
    figure = confusions(make(classes=classes)).figure
    figure.draw_without_rendering()
    cell = figure.axes[0].get_window_extent().width / len(classes)
    assert max(text.get_window_extent().width for axis in figure.axes for text in axis.texts) < cell
    assert min(label.get_window_extent().x0 for label in figure.axes[0].get_yticklabels()) > 0
    for axis in figure.axes:
        lowest = min(label.get_window_extent().y0 for label in axis.get_xticklabels())
        label = axis.xaxis.label.get_window_extent()
        assert label.y1 <= lowest and label.y0 >= 0

"""One cell to one value, by the same rules in every table."""

import math

import numpy as np
import pytest

from data.readers.tables import cells
from data.readers.tables.cells import BadCell


@pytest.mark.parametrize("text", ["", "  ", "nan", "NaN", "NAN", "NULL", "null", "NA", "N/A", "<NA>", "None", " none "])
def test_spellings_of_a_missing_value(text):
    assert cells.missing(text) and math.isnan(cells.valence_or_arousal("valence", text))


@pytest.mark.parametrize("text", ["0", "-2", "n", "nano", "x" * 5000])
def test_what_is_there(text):
    assert not cells.missing(text)


@pytest.mark.parametrize(("text", "value"), [("3", 3), (" 3.0 ", 3), ("3e0", 3), ("+3", 3), ("0", 0), ("-0.0", 0)])
def test_whole_numbers(text, value):
    found = cells.whole("expression", text, range(4), "0 to 3")
    assert found == value and isinstance(found, int)


@pytest.mark.parametrize("text", ["3.7", "4", "-1", "", "nan", "inf", "-inf", "1e400", "three", "3;0", "0x3"])
def test_what_is_no_whole_number_of_the_known_ones(text):
    with pytest.raises(BadCell, match=r"^expression: .*; expected 0 to 3$") as caught:
        cells.whole("expression", text, range(4), "0 to 3")
    assert caught.value.column == "expression"


@pytest.mark.parametrize(("text", "value"), [("-1", -1), ("1.0", 1), ("0.25", 0.25), ("1e-3", 0.001)])
def test_values_in_their_range(text, value):
    assert cells.valence_or_arousal("valence", text) == value


@pytest.mark.parametrize("text", ["1.0001", "-1.5", "-3", "inf", "high", "0,5"])
def test_values_that_are_none(text):
    with pytest.raises(BadCell, match="valence: '"):
        cells.valence_or_arousal("valence", text)


@pytest.mark.parametrize("text", ["-2", "-2.0", "-2e0"])
def test_minus_two_is_the_mark_of_a_missing_one(text):
    assert math.isnan(cells.valence_or_arousal("valence", text))


def test_a_long_cell_is_cut_in_its_message():
    with pytest.raises(BadCell) as caught:
        cells.number("box", "x" * 100_000)
    assert len(str(caught.value)) < 100


def test_pixels_by_the_slow_and_the_fast_way_are_the_same():
    values = np.random.default_rng(0).integers(0, 256, 16)
    fast = cells.grey_pixels("pixels", " ".join(map(str, values)), 4)
    slow = cells.grey_pixels("pixels", "  ".join(f"{value}.0" for value in values), 4)
    assert (fast == slow).all() and (fast.reshape(-1) == values).all() and fast.dtype == slow.dtype == np.uint8

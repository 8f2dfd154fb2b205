"""The tables of what compactness costs, and whether better features make a better CAKE."""

from evaluate.statistics.compactness import kept_of
from evaluate.tables.compared.compactness_table import compactness_table, order_table
from evaluate.tables.formats.text import as_text
from tests.evaluate.made_up_networks import network

SMALL = {"names": ("a", "b"), "sizes": (200, 100), "runs": 3}


def tables(*shares, **made):
    several = [network(share, **{**SMALL, **made}) for share in shares]
    kept = kept_of(several, [f"net{place}" for place in range(len(shares))])
    return compactness_table(several[0], kept), order_table(several[0], kept)


def test_a_row_for_each_network_representation_and_place():
    table, _ = tables(0.0, 0.3)
    assert [row[:3] for row in table.rows[:4]] == [
        ("a", "CAKE-3", "net0"),
        ("", "", "net1"),
        ("", "CAKE-2", "net0"),
        ("", "", "net1"),
    ]
    assert len(table.rows) == 12 and max(map(len, as_text(table).splitlines())) <= 100
    baseline, compact, difference = (float(cell.split()[0]) for cell in table.rows[0][3:6])
    assert abs(compact - baseline - difference) < 0.11


def test_the_records_hold_every_k_with_intervals():
    table, _ = tables(0.0, 0.3)
    assert {each["k"] for each in table.records} == {2, 3} and len(table.records) == 12
    for each in table.records:
        assert float(each["difference_interval_low"]) < float(each["difference"])
        assert float(each["difference_interval_high"]) > float(each["difference"])


def test_a_rank_correlation_is_told_of_four_networks_and_not_of_three():
    assert tables(0.0, 0.3, 0.5)[1] is None
    table = tables(0.0, 0.2, 0.35, 0.5)[1]
    assert [row[2:] for row in table.rows if row[1] == "CAKE-3"] == [("+1.00", "0.083", "4")] * 3
    assert "of 4 networks even two equal orders have p = 0.083" in table.notes
    assert any("networks are few" in note for note in table.notes)


def test_without_a_baseline_the_table_says_why():
    table, order = tables(0.0, 0.3, families=("cake",))
    assert table.notes[0] == "no network has both a baseline and CAKE heads" and order is None

"""Table 2 with rows for every network: what is quoted, what is ours, what is known of each."""

import pytest

from data.files.runs import Head
from evaluate.tables.compared.systems import systems
from evaluate.tables.paper_tables import table_2
from tests.evaluate.made_up_networks import network

NAMES = ["plain", "wide"]
OTHER = {"classes": ("calm", "glad", "cross")}


def test_two_rows_for_each_network_below_those_of_the_paper():
    several = [network(), network(0.3, settings={"pooling": "covariance"})]
    rows = systems(several, NAMES).rows
    theirs = [row for row in table_2(several[0]).rows if not row[0].startswith(("ours", "  minus"))]
    assert [(row[0], row[1], *row[4:]) for row in rows[:-4]] == theirs and len(theirs) == 8
    assert [row[:4] for row in rows[-4:]] == [
        ("ours, plain, 512-d baseline", "512", "11.2 M", "1,234"),
        ("ours, CAKE-3 on plain", "3", "11.2 M", "1,234"),
        ("ours, wide, 512-d baseline", "512", "11.2 M", "1,234"),
        ("ours, CAKE-3 on wide", "3", "11.2 M", "1,234"),
    ]


def test_scores_are_those_of_each_results_file_alone():
    several = [network(), network(0.3)]
    for runs, name in zip(several, NAMES):
        alone = {row[0]: row[2:] for row in table_2(runs).rows}
        beside = {row[0]: row[4:] for row in systems(several, NAMES).rows}
        assert beside[f"ours, CAKE-3 on {name}"] == alone["ours (CAKE-3)"]
        assert beside[f"ours, {name}, 512-d baseline"] == alone["ours (Baseline)"]
    records = [each for each in systems(several, NAMES).records if each["network"] == "wide" and each["test"] == "sfew"]
    assert {each["paper"] for each in records} == {44.7, 48.7} and {each["parameters"] for each in records} == {
        11_176_512
    }


def test_a_width_of_its_own_is_printed():
    wide = network()
    wide.provenance["features"] = {"affectnet": {"feature_size": 2000}}
    rows = {row[0]: row[1] for row in systems([network(), wide], NAMES).rows}
    assert rows["ours, wide, 2000-d baseline"] == "2000" and rows["ours, CAKE-3 on wide"] == "3"


def test_what_no_results_file_tells_has_no_column_and_what_some_tell_has_dashes():
    untold = systems([network(told=False), network(told=False)], NAMES)
    assert untold.columns[:3] == ("", "Dim.", "RAF-DB (mean recall)")
    assert not any(note.startswith(("parameters", "images/s")) for note in untold.notes)
    some = systems([network(told=False), network()], NAMES)
    assert [row[2:4] for row in some.rows[-4:]] == [("–", "–")] * 2 + [("11.2 M", "1,234")] * 2


def test_of_other_classes_than_the_papers_nothing_is_quoted_and_the_table_says_so():
    several = [network(told=False, **OTHER), network(0.3, told=False, **OTHER)]
    table = systems(several, NAMES)
    assert len(table.rows) == 4 and table.notes[0].startswith("other classes than the paper's seven")
    assert not any(each.get("paper") for each in table.records)
    assert len(systems([network(), network()], NAMES).rows) > 4


def test_networks_are_told_apart_by_the_settings_in_which_they_differ():
    several = [
        network(),
        network(seed=1),
        network(settings={"pooling": "covariance"}),
        network(settings={"neighbours": 20, "init": "a" * 64}),
    ]
    notes = systems(several, ["plain", "again", "cov", "loc"]).notes
    assert "plain: resnet18, pooling average, seed 0, pre-trained on AffectNet, 10 runs of the heads" in notes
    assert "again: resnet18, pooling average, seed 1, pre-trained on AffectNet, 10 runs of the heads" in notes
    assert any(note.startswith("cov: resnet18, pooling covariance, seed 0,") for note in notes)
    told = "loc: resnet18, init aaaaaaaaaaaa, neighbours 20, pooling average, seed 0,"
    assert any(note.startswith(told) for note in notes)
    assert not any("epochs" in note for note in notes)  # they all have as many


def test_a_network_without_a_head_says_why():
    lame = network(families=("baseline",))
    rows = {row[0]: row[-1] for row in systems([network(), lame], NAMES).rows}
    assert rows["ours, CAKE-3 on wide"] == "– not swept" and "±" in rows["ours, wide, 512-d baseline"]
    assert Head("cake", 3, 0) not in lame.outcomes


@pytest.mark.parametrize("name, published", [("sfew", True), ("mine", False)])
def test_published_systems_stand_beside_their_data_sets_alone(name, published):
    table = systems([network(names=(name,), sizes=(60,)), network(names=(name,), sizes=(60,))], NAMES)
    assert any(row[0] == "Transfer Learning" for row in table.rows) == published == ("published" in table.title)
    assert len(table.rows) == 4 + (5 if published else 0)

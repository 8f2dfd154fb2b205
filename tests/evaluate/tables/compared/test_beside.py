"""Results files side by side: paired by test rows, deviations over files, and what cannot be compared."""

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import f1_score

from data.files.runs import Head, write_runs
from data.runtime.failures import Refused
from evaluate.cli import main
from evaluate.tables.compared.beside import beside
from evaluate.tables.formats.text import as_text
from tests.evaluate.made_up_runs import _confusion, make


def better(runs, share):
    """The same runs with a share of all answers put right."""
    truth = np.concatenate([test.emotion for test in runs.tests.values()])
    luck = np.random.default_rng(1).random(len(truth)) < share
    for outcome in runs.outcomes.values():
        outcome.predicted = np.where(luck, truth, outcome.predicted).astype(np.uint8)
        outcome.confusion = _confusion(runs.tests, outcome.predicted)
    return runs


def test_a_better_network_is_found_better_and_one_beside_itself_is_not():
    plain = make(sizes=(900, 500, 300))
    found = beside([plain, better(make(sizes=(900, 500, 300)), 0.3)], ["runs", "second"])
    assert {row[-1] for row in found.rows if row[0] == "all, by size"} == {"yes"}
    alone = beside([plain, make(sizes=(900, 500, 300))], ["runs", "copy"])
    assert {row[-1] for row in alone.rows} == {"undecided"} and {row[4] for row in alone.rows} == {"+0.0"}
    assert max(map(len, as_text(found).splitlines())) <= 110


def test_scores_are_those_of_the_raw_predictions():
    runs = make()
    record = next(row for row in beside([runs, make()], ["runs", "b"]).records if row["representation"] == "CAKE-3")
    truth = runs.tests["affectnet"].emotion
    slow = [
        f1_score(truth, runs.outcomes[Head("cake", 3, run)].predicted[0, :140], average="macro", zero_division=0)
        for run in range(10)
    ]
    assert float(record["mean_runs"]) == pytest.approx(100 * np.mean(slow), abs=1e-3)


def test_of_several_the_deviation_over_files_is_shown():
    three = [better(make(), share) for share in (0.0, 0.1, 0.2)]
    table = beside(three, ["runs", "second", "third"])
    means = [float(table.records[0][f"mean_{name}"]) for name in ("runs", "second", "third")]
    assert table.rows[0][-1] == f"{np.std(means, ddof=1):.1f}" and "better" not in table.columns


@pytest.mark.parametrize(
    "other, told",
    [({"names": ("a", "b", "c")}, "of the same data sets"), ({"sizes": (150, 90, 40)}, "other test rows")],
)
def test_other_test_rows_are_refused(other, told):
    with pytest.raises(Refused, match=told):
        beside([make(), make(**other)], ["runs", "second"])


def test_the_command_takes_names_and_paths(tmp_path):
    for name in ("runs", "second"):
        write_runs(tmp_path / "results" / f"{name}.h5", make())
    call = ["compare", "runs", str(tmp_path / "results" / "second.h5"), "--workdir", str(tmp_path)]
    answered = CliRunner().invoke(main, call)
    assert answered.exit_code == 0 and "Side by side" in answered.output
    assert (tmp_path / "results" / "compare" / "runs-second" / "compare.csv").is_file()
    alone = CliRunner().invoke(main, [*call[:2], *call[3:]])
    assert alone.exit_code == 2 and "nothing to be compared with" in alone.output

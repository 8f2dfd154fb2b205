"""The page: every number in a CSV beside it, a sample of them from raw predictions, gaps named where they stand."""

import csv
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats
from sklearn.metrics import cohen_kappa_score, f1_score

from data.files.runs import Head, write_runs
from evaluate.cli import main
from evaluate.page.origin import UNTOLD
from evaluate.page.report import write_report
from evaluate.samples import read_samples
from tests.evaluate.made_up_runs import make
from tests.evaluate.made_up_study import make_study


class Cells(HTMLParser):
    """{id of a table's figure: [text of its cells]}, ids, addresses and all text of a page."""

    def __init__(self, page):
        super().__init__()
        self.cells, self.ids, self.links, self.text, self._figure, self._inside = {}, [], [], "", None, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[name] for name in ("href", "src", "xlink:href") if name in attributes]
        if tag == "figure" and attributes.get("class") == "table":
            self._figure = attributes["id"]
        if tag == "td":
            self._inside = True
            self.cells.setdefault(self._figure, []).append("")

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "td"

    def handle_data(self, data):
        self.text += data
        if self._inside:
            self.cells[self._figure][-1] += data


def written(folder, runs, *, samples=True):
    found, gaps = (
        read_samples(runs, folder / "features") if samples else ({}, dict.fromkeys(runs.tests, "no feature cache"))
    )
    path = write_report(runs, found, gaps, folder / "report")
    return path, Cells(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder)
    return runs, *written(folder, runs)


def values(path):
    """Every number in a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    return np.array([float(cell) for cell in cells if re.fullmatch(r"-?\d+(\.\d+)?", cell)])


def test_every_number_of_a_table_is_in_the_csv_beside_it(study):
    _, path, page = study
    checked = 0
    for name, cells in page.cells.items():
        if name == "provenance":
            continue
        there = values(path.with_name(f"{name}.csv"))
        for printed in re.findall(r"(?<![\w.-])[+-]?\d+\.\d+", " ".join(cells)):
            digits = len(printed.split(".")[1])
            assert np.isclose(there, float(printed), atol=0.5 * 10**-digits + 1e-4).any(), (name, printed)
            checked += 1
    assert checked > 300 and len(page.cells) > 14


def test_what_is_linked_is_there_and_nothing_else_is_asked_for(study):
    _, path, page = study
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith(("#", "data:")) or path.with_name(link).is_file(), link
        assert not link.startswith("#") or link[1:] in page.ids, link
    linked = {link for link in page.links if link.endswith(".csv")}
    assert linked == {each.name for each in path.parent.glob("*.csv")}
    assert not re.findall(
        r"""(?:src|href)\s*=\s*["']?https?:|@import|url\(\s*["']?http""", path.read_text(encoding="utf-8")
    )


def record(path, name, **wanted):
    with path.with_name(f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return next(row for row in csv.DictReader(file) if all(row[key] == value for key, value in wanted.items()))


def test_a_sample_of_numbers_from_raw_predictions(study):
    runs, path, page = study
    truth, span = runs.tests["rafdb"].emotion, runs.span("rafdb")
    answers = {k: [runs.outcomes[Head("cake", k, run)].predicted[1, span] for run in range(3)] for k in (2, 3)}
    f1 = {
        k: [100 * f1_score(truth, each, average="macro", zero_division=0) for each in own] for k, own in answers.items()
    }
    row = record(path, "table1", representation="CAKE-3", test="rafdb")
    assert (float(row["mean"]), float(row["deviation"])) == (
        pytest.approx(np.mean(f1[3]), abs=1e-3),
        pytest.approx(np.std(f1[3], ddof=1), abs=1e-3),
    )
    assert f"{np.mean(f1[3]):.1f} ± {np.std(f1[3], ddof=1):.1f}" in page.cells["table1"]
    welch = stats.ttest_ind(f1[3], f1[2], equal_var=False).confidence_interval(0.95)
    row = record(path, "differences", minus="CAKE-2", test="rafdb")
    assert (float(row["over_runs_low"]), float(row["over_runs_high"])) == (
        pytest.approx(welch.low, abs=1e-3),
        pytest.approx(welch.high, abs=1e-3),
    )
    everything = [runs.outcomes[Head("cake", 3, run)].predicted for run in range(3)]
    kappa = np.mean([cohen_kappa_score(each[0], each[2]) for each in everything])
    assert float(record(path, "agreement", first="affectnet", second="sfew", score="kappa")["mean"]) == pytest.approx(
        100 * kappa, abs=1e-3
    )
    row = record(path, "view", test="rafdb")
    head = runs.outcomes[Head("cake", 3, 0)]
    samples = read_samples(runs, path.parents[1] / "features")[0]["rafdb"]
    assert float(row["k2"]) == pytest.approx((head.weights["A"] @ samples.feature[0] + head.weights["a"])[1], abs=1e-3)


def test_the_page_answers_the_claims_and_tells_its_origin(study):
    _, path, page = study
    claim = "A third learned dimension gains: CAKE-3 over CAKE-2"
    assert f"{claim}: {record(path, 'claims', claim=claim, test='all')['supported']}" in page.text
    provenance = " ".join(page.cells["provenance"])
    assert (
        "e" * 64 in provenance and "0123456789ab" in provenance and "seed 0" in provenance and UNTOLD not in provenance
    )
    assert "empirical" in page.text and path.stat().st_size < 2_000_000


def test_toy_is_called_toy_everywhere(tmp_path):
    runs = make_study(tmp_path, toy=True, runs=2, ks=(1,))
    path, page = written(tmp_path, runs)
    text = path.read_text(encoding="utf-8")
    assert "TOY DATA, no measure of anything real" in page.text and text.count('class="toymark"') == text.count(
        "<figcaption>"
    )
    assert text.count("TOY DATA. ") == 8
    for each in path.parent.glob("*.csv"):
        rows = list(csv.DictReader(each.read_text(encoding="utf-8").splitlines()))
        assert rows and {row["toy"] for row in rows} == {"1"}, each


@pytest.mark.parametrize(
    "families, names", [(("cake", "cake-norm", "baseline"), ("a", "b", "c")), (("baseline",), ("a",))]
)
def test_gaps_are_named_where_they_stand(tmp_path, families, names):
    runs = make_study(tmp_path, families=families, names=names, runs=1, ks=(1,), sizes=(60, 50, 40)[: len(names)])
    _, page = written(tmp_path, runs)
    assert "no predicted arousal-valence" in page.text
    assert (
        page.text.count("No feature cache at hand has test rows with annotated arousal-valence.") == 1
    )  # one sentence for all that needs them
    assert (
        "Not shown: Figure 1. Emotions in the plane" in page.text
        and "AV is better than CAKE-2: not asked, no predicted" in page.text
    )
    assert ("one domain alone" in page.text) == (len(names) == 1)
    assert ("The view needs CAKE-3: not swept" in page.text) == ("cake" not in families)


def test_without_caches_the_rest_is_made(tmp_path):
    _, page = written(tmp_path, make(), samples=False)
    for said in (
        "The view needs CAKE-3: weights",
        "needs the feature caches that were swept",
        "No feature cache at hand",
    ):
        assert said in page.text
    assert "58.1 ± 0.5" in page.text


def test_results_that_tell_nothing_of_their_origin_are_still_shown(tmp_path):
    runs = make_study(tmp_path, runs=2, ks=(1,))
    runs.provenance, runs.identity = {}, {}
    for outcome in runs.outcomes.values():
        outcome.range = None
    _, page = written(tmp_path, runs)
    assert UNTOLD in page.text and "AV: weights and ranges were not kept" in page.text


def test_a_path_cannot_end_the_data_or_become_markup(tmp_path):
    runs = make_study(tmp_path, runs=1, ks=(1,))
    samples, gaps = read_samples(runs, tmp_path / "features")
    samples["rafdb"].path[0] = "</script><b>.jpg"
    path = write_report(runs, samples, gaps, tmp_path / "report")
    assert "</script><b>" not in path.read_text(
        encoding="utf-8"
    ) and "\\u003c/script\\u003e\\u003cb\\u003e" in path.read_text(encoding="utf-8")


def test_a_hostile_name_of_a_data_set_stays_text(tmp_path):
    name = "<script>alert(1)</script>"
    runs = make_study(tmp_path, names=(name, "b"), sizes=(40, 30), runs=1, ks=(1,))
    samples, gaps = read_samples(runs, tmp_path / "features")
    text = write_report(runs, samples, gaps, tmp_path / "report").read_text(encoding="utf-8")
    assert name not in text and "alert(1)" in text and not gaps
    page = Cells(text)
    assert f"{name} (40 test images)" in page.text and name in page.cells["table1"]
    assert text.count("<script") == 2 and text.count("</script>") == 2  # the page's own, and its data


def test_the_command_answers_with_the_page_and_tells_what_it_left_out(tmp_path):
    write_runs(tmp_path / "results" / "runs.h5", make_study(tmp_path, runs=1, ks=(1,)))
    (tmp_path / "features" / "sfew.h5").unlink()
    result = CliRunner().invoke(main, ["report", "--workdir", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert (
        result.stdout.strip() == str(tmp_path / "results" / "report" / "report.html")
        and "sfew: no feature cache sfew.h5" in result.stderr
    )
    empty = CliRunner().invoke(main, ["report", "--workdir", str(tmp_path / "nowhere")])
    assert empty.exit_code == 1 and "embed sweep" in empty.output and empty.output.count("\n") == 1

"""The embed command as a user calls it."""

import functools

import pytest
from click.testing import CliRunner

from embed import settings
from embed.cli import main
from tests.embed.made_up_caches import write_cache


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    for name, seed in (("a", 0), ("b", 7)):
        write_cache(tmp_path / "features" / f"{name}.h5", seed=seed)
    monkeypatch.setattr(settings, "Settings", functools.partial(settings.Settings, steps=30))
    return tmp_path


def call(workdir, *arguments):
    return CliRunner().invoke(main, ["sweep", "--workdir", str(workdir), *arguments])


def test_a_sweep_answers_with_its_results_file(workdir):
    result = call(workdir, "--k", "1,2", "--runs", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(workdir / "results" / "runs.h5")
    assert "heads trained in" in result.stderr


@pytest.mark.parametrize("arguments, match", [
    (("--k", "lots"), "1..512"), (("--k", "1..1000"), "512"), (("--family", "cakes"), "known are cake, av, cake-norm, baseline"),
    (("--k", "0", "--family", "cake"), "k = 0 is for av"), (("--runs", "0"), "--runs"),
])
def test_a_wrong_call_exits_2_and_names_what_is_accepted(workdir, arguments, match):
    result = call(workdir, *arguments)
    assert result.exit_code == 2 and match in result.output and "Traceback" not in result.output


@pytest.mark.parametrize("arguments, match", [(("--datasets", "a,z"), "z.h5 is missing"), ((), "no labelled feature cache")])
def test_a_missing_cache_exits_1_with_the_command_that_makes_it(workdir, tmp_path, arguments, match):
    result = call(workdir if arguments else tmp_path / "empty", *arguments)
    assert result.exit_code == 1 and match in result.output and "extract run" in result.output and "Traceback" not in result.output


def test_caches_without_labels_are_passed_over_unless_named(workdir):
    def unlabelled(split, arrays):
        return {**arrays, "emotion": arrays["emotion"] * 0 - 1}

    write_cache(workdir / "features" / "photos.h5", change=unlabelled)
    assert call(workdir, "--k", "1", "--runs", "1").exit_code == 0
    assert "no labelled train rows" in call(workdir, "--k", "1", "--runs", "1", "--datasets", "a,photos").output


def test_other_settings_are_refused_with_advice(workdir):
    assert call(workdir, "--k", "1", "--runs", "1").exit_code == 0
    result = call(workdir, "--k", "1", "--runs", "1", "--seed", "5")
    assert result.exit_code == 1 and "seed" in result.output and "--results" in result.output

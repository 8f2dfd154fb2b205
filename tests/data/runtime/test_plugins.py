"""Modules of a user's own: known to every command and to every process that one starts."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from data.heads import FAMILIES
from data.runtime import plugins
from data.runtime.failures import Refused
from embed.cli import main as embed
from evaluate.cli import main as evaluate
from extract.cli import main as extract
from extract.workers import supervise
from tests.places import ROOT

FAMILY = """
from data.heads import Linear, register

register(Linear("mine", "MINE-{k}"))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of modules, forgotten afterwards."""
    before, families = set(sys.modules), dict(FAMILIES)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    for name in set(FAMILIES) - set(families):
        del FAMILIES[name]


def test_without_the_variable_nothing_is_imported(monkeypatch):
    monkeypatch.delenv(plugins.VARIABLE, raising=False)
    before = set(sys.modules)
    plugins.load()
    monkeypatch.setenv(plugins.VARIABLE, " , ")
    plugins.load()
    assert set(sys.modules) == before


def test_a_family_of_a_user_s_own_is_accepted(folder, monkeypatch):
    (folder / "my_family.py").write_text(FAMILY)
    (folder / "my_other.py").write_text("")
    arguments = ["sweep", "--workdir", str(folder), "--family", "mine"]
    unknown = CliRunner().invoke(embed, arguments)
    assert unknown.exit_code == 2 and "unknown family 'mine'" in unknown.output
    monkeypatch.setenv(plugins.VARIABLE, "my_family, my_other")
    known = CliRunner().invoke(embed, arguments)
    assert known.exit_code == 1 and "no labelled feature cache" in known.output and "my_other" in sys.modules
    assert "known are cake, av, cake-norm, baseline, av-true, mine" in CliRunner().invoke(
        embed, ["apply", "a.h5", "--family", "yours"]
    ).output.replace("\n", " ")


@pytest.mark.parametrize("group, command", [(extract, "info"), (embed, "apply"), (evaluate, "tables")])
@pytest.mark.parametrize(
    "source, found",
    [
        (None, "ModuleNotFoundError: No module named 'my_module'"),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("a b", "SyntaxError"),
        ("raise KeyError('a')", "KeyError: 'a'"),
        ('from data.heads import *\nregister(Linear("cake", "{k}"))', "there is a family 'cake' already"),
    ],
)
def test_one_that_cannot_be_imported_is_refused_in_one_line(folder, monkeypatch, group, command, source, found):
    if source is not None:
        (folder / "my_module.py").write_text(source)
    monkeypatch.setenv(plugins.VARIABLE, "my_module")
    result = CliRunner().invoke(group, [command, "a.h5"][: 2 - (command == "tables")])
    assert result.exit_code == 1 and result.output.count("\n") == 1 and "Traceback" not in result.output
    assert "Error: CAKE_PLUGINS names my_module, which cannot be imported" in result.output and found in result.output


def test_a_wrong_name_is_refused(monkeypatch):
    for name in ("my-module.py", ".relative"):
        monkeypatch.setenv(plugins.VARIABLE, name)
        with pytest.raises(Refused, match="cannot be imported"):
            plugins.load()


def loaded(name):
    return name in sys.modules


def test_a_worker_process_knows_it(folder, monkeypatch):
    (folder / "my_module.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
    for named, expected in (("", False), ("my_module", True)):
        monkeypatch.setenv(plugins.VARIABLE, named)
        assert list(supervise(loaded, [(0, "my_module")], workers=1)) == [(0, expected)]


def test_help_is_given_without_it(folder):
    """The group itself answers before anything is imported."""
    environment = {**os.environ, plugins.VARIABLE: "no_such_module"}
    found = subprocess.run(
        [sys.executable, "-m", "embed.cli", "--help"], cwd=ROOT, env=environment, capture_output=True
    )
    assert found.returncode == 0 and b"Usage:" in found.stdout

"""The README's tree and commands, held against what is there."""

import re

import click
import pytest

from tests.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FOLDERS = ("data", "extract", "embed", "evaluate")


def test_the_tree_names_every_room_and_no_other():
    tree = README.split("### Where things are")[1].split("```")[1]
    named, path = set(), []
    for indent, folder in re.findall(r"^( *)(\w+)/", tree, re.M):
        path = [*path[: len(indent) // 2], folder]
        named.add("/".join(path))
    rooms = {
        path.parent.relative_to(ROOT).as_posix() for each in FOLDERS for path in (ROOT / each).rglob("__init__.py")
    }
    assert named == rooms


def commands():
    """Every command line of ours in the README's code blocks, without comments."""
    blocks = "\n".join(README.split("```")[1::2])
    return sorted(set(re.findall(r"(?:^|do )((?:extract|embed|evaluate) [a-z]+[^#;\n]*)", blocks, re.M)))


def test_commands_were_found():
    assert len(commands()) > 10


@pytest.mark.parametrize("line", commands())
def test_the_commands_exist_with_the_options_named(line):
    from embed.cli import main as embed
    from evaluate.cli import main as evaluate
    from extract.cli import main as extract

    program, name, *words = line.split()
    command = {"extract": extract, "embed": embed, "evaluate": evaluate}[program].commands[name]
    known = {option for parameter in command.params if isinstance(parameter, click.Option) for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_pictures_are_there():
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).stat().st_size < 400_000


def test_no_gap_is_left_to_fill():
    assert "@@" not in README

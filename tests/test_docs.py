"""README and docs held against what is there: commands with their options, files, modules, make targets, links,
pictures."""

import importlib
import re

import click
import pytest

from tests.places import ROOT

PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
         for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}  # fmt: skip
README = PAGES["README.md"]
STAGES = ("data", "extract", "embed", "evaluate")
# What may stand between the backticks of a path: a file or folder of the repository, not one that a command writes.
PATH = re.compile(rf"`((?:{'|'.join(STAGES)}|tests|docs)/[\w./-]*)`")


def commands():
    """Every command line of this project in the pages' code blocks and code spans, without comments."""
    found = set()
    for text in PAGES.values():
        blocks = "\n".join(text.split("```")[1::2])
        found |= set(re.findall(r"(?:^|do )((?:extract|embed|evaluate) [a-z]+[^#;\n]*)", blocks, re.M))
        found |= {f"{stage} {rest}" for stage, rest in re.findall(r"-m (\w+)\.cli ([^#;\n`]*)", text)}
        found |= set(re.findall(r"`((?:extract|embed|evaluate) [a-z]+[^`\n]*)`", text))
    return sorted(line.strip() for line in found)


def test_commands_were_found():
    assert len(commands()) > 25 and "embed sweep --k 1..512" in commands()


def options_of(line):
    """(options that a command line names, options that the command has). Raises KeyError where there is no such
    command."""
    from embed.cli import main as embed
    from evaluate.cli import main as evaluate
    from extract.cli import main as extract

    program, name, *words = line.split()
    command = {"extract": extract, "embed": embed, "evaluate": evaluate}[program].commands[name]
    parameters = command.get_params(click.Context(command))  # those that readers declare, too
    known = {option for each in parameters if isinstance(each, click.Option) for option in each.opts}
    return {word for word in words if word.startswith("--")}, known


@pytest.mark.parametrize("line", commands())
def test_the_commands_exist_with_the_options_named(line):
    named, known = options_of(line)
    assert named <= known


def test_a_command_or_an_option_that_is_not_there_is_found():
    named, known = options_of("embed sweep --sizes 3")
    assert not named <= known
    with pytest.raises(KeyError):
        options_of("embed train")


def exists(path):
    """Whether a path of the repository is there; one with capitals (features/NAME.h5) is a name of the reader's own."""
    return (ROOT / path).exists() or bool(re.search(r"[A-Z]{3}", path))


@pytest.mark.parametrize("page", PAGES)
def test_files_named_are_there(page):
    assert [path for path in PATH.findall(PAGES[page]) if not exists(path)] == []
    assert not exists("extract/batches.py")


@pytest.mark.parametrize("page", PAGES)
def test_modules_and_targets_named_are_there(page):
    modules = re.findall(r"python -m\s+(tests[\w.]*)", PAGES[page])
    assert [name for name in modules if not exists(name.replace(".", "/") + ".py")] == []
    targets = re.findall(r"^make (\w+)|`make (\w+)", PAGES[page], re.M)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [name for pair in targets for name in pair if name and f"\n{name}:" not in makefile] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_are_there(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", PAGES[page]):
        target = (ROOT / page).parent / link
        assert target.is_file() and target.stat().st_size < 400_000


def test_the_tree_names_every_room_and_no_other():
    tree = next(block for block in README.split("```")[1::2] if block.strip().startswith("data/"))
    named, above = set(), []
    for indent, folder in re.findall(r"^( *)(\w+)/", tree, re.M):
        above = [*above[: len(indent) // 2], folder]
        named.add("/".join(above))
    rooms = {path.parent.relative_to(ROOT).as_posix() for each in STAGES for path in (ROOT / each).rglob("__init__.py")}
    assert named == rooms


def test_the_readme_is_read_in_five_minutes():
    assert len(README.splitlines()) <= 210


@pytest.mark.parametrize("kind", ["aligned", "features", "runs"])
def test_every_dataset_is_in_the_page_on_files_as_the_schema_says_it(kind):
    from data.files import schema

    for path, field in schema.fields(kind).items():
        row = rf"\| `[\w/]*{path.rsplit('*/', 1)[-1]}` \| {field.type} \| {', '.join(field.axes)} \| "
        assert re.search(row + re.escape(field.description), PAGES["docs/formats.md"]), path


def recipes():
    """The Python blocks of the page on extending, by their headings."""
    parts = re.split(r"^## ", PAGES["docs/extending.md"], flags=re.M)[1:]
    return {part.splitlines()[0]: re.search(r"```python\n(.*?)```", part, re.S)[1] for part in parts}


REGISTRIES = (
    ("data.readers.registry", "_registered", "club"),
    ("extract.faces.detectors", "_registered", "discs"),
    ("data.heads", "FAMILIES", "mlp"),
    ("data.files.columns", "COLUMNS", ("heads", "rows")),
    ("evaluate.tables.formats.format_registry", "FORMATS", "jsonl"),
)


@pytest.mark.parametrize(("recipe", "registry"), list(zip(recipes(), REGISTRIES)), ids=list(recipes()))
def test_the_recipes_register_what_they_say(recipe, registry, monkeypatch):
    module, name, key = registry
    known = dict(getattr(importlib.import_module(module), name))
    monkeypatch.setattr(f"{module}.{name}", known)
    assert key not in known
    exec(compile(recipes()[recipe], recipe, "exec"), {"__name__": "recipe"})
    assert key in known


def test_no_gap_is_left_to_fill():
    assert not any("@@" in text for text in PAGES.values())

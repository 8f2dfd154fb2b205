"""Options that several commands of stage one share, those that the readers declare, and the listing they lead to."""

import functools
import math
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from data.names import plain_name
from data.readers import registry
from data.readers.reader import Reader, ReaderOption
from data.shipped_model import SHIPPED
from extract.faces import detectors

if TYPE_CHECKING:
    from data.sample import Listing

LARGEST_SEED = 2**63 - 1  # torch takes no larger one


class Finite(click.FloatRange):
    """A number in a range; nan and inf, which compare with any range as they please, are none."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Fails as click.FloatRange does."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


class PlainName(click.ParamType):
    """What caches may be called."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name. Fails with what is wrong with it."""
        try:
            return plain_name(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


WORKDIR = click.option(
    "--workdir",
    type=click.Path(path_type=Path),
    default=".",
    envvar="CAKE_WORKDIR",
    show_default=True,
    help="Working folder: datasets/, aligned/, checkpoints/, features/ lie there.",
)
NETWORK = click.option(
    "--network",
    type=PlainName(),
    metavar="NAME",
    help="One network of several: its checkpoints in checkpoints/NAME/, its features in features/NAME/. "
    f"{SHIPPED} is the one that comes with the project.",
)
HOLD_OUT = click.option(
    "--hold-out",
    type=click.FloatRange(0, 0.5),
    default=0.05,
    show_default=True,
    help="Share of each data set's training rows that the network does not see; `embed sweep` chooses its settings by "
    "them. A validation split serves instead where there is one. 0 trains on all, as the paper.",
)
DEVICE = click.option("--device", type=click.Choice(["cpu", "cuda", "mps"]), help="[default: the best there is]")
PRECISION = click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    help="[default: bfloat16 where the hardware computes in it, else float32]",
)
SEED = click.option("--seed", type=click.IntRange(0, LARGEST_SEED), default=0, show_default=True)
WORKERS = click.option("--workers", type=click.IntRange(1), help="Processes that read images.  [default: one a CPU]")
RULE = (
    click.option(
        "--landmarks",
        type=click.Choice(["detector", "dataset", "none"]),
        help="Align by the detector's landmarks, by the data set's, or not at all (crops from the start).  "
        "[default: detector; none where the data set is made of crops]",
    ),
    click.option(
        "--detector",
        default=detectors.DEFAULT,
        show_default=True,
        metavar="NAME",
        help=f"What finds faces and their landmarks: {', '.join(detectors.BUILT_IN)}, or one that was registered.",
    ),
    click.option(
        "--undetected",
        type=click.Choice(["skip", "whole"]),
        default="skip",
        show_default=True,
        help="Where no face is found: leave the image out, or take the whole of it, marked so.",
    ),
    click.option(
        "--faces", type=click.Choice(["one", "all"]), default="one", show_default=True, help="Crops of one image."
    ),
    WORKERS,
)


def options(*several: Callable) -> Callable:
    """Several options as one decorator, in this order."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(several), command)


class SourceCommand(click.Command):
    """A command on a data set. Before its own options it has --dataset, --root, --name and those that the readers
    declare; readers may be registered up to the moment it is called."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """All options of this command. Raises click.UsageError where a reader declares one that it has already."""
        source, own = source_options(registry.readers()), super().get_params(ctx)
        for taken in {option.name for option in source} & {option.name for option in own}:
            raise click.UsageError(f"a reader declares the option {taken!r}, which {ctx.info_name} has already")
        return [*source, *own]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the data sets."""
        super().format_options(ctx, formatter)
        with formatter.section("Data sets"):
            formatter.write_dl([(reader.name, reader.summary) for reader in registry.readers()])


@functools.cache  # click compares options by identity between two calls of get_params
def source_options(readers: tuple[Reader, ...]) -> tuple[click.Option, ...]:
    """The options that say which images are meant, by what the readers declare."""
    own_roots = [f"; {reader.name}: {reader.own_root}" for reader in readers if reader.own_root]
    unnamed = " or ".join(reader.name for reader in readers if reader.needs_name)
    declared = {option.name: None for reader in readers for option in reader.options}
    return (
        click.Option(["--dataset"], type=PlainName(), required=True, metavar="NAME", help="One of those below."),
        click.Option(
            ["--root"],
            type=click.Path(path_type=Path),
            help=f"Where the images lie.  [default: WORKDIR/datasets/NAME{''.join(own_roots)}]",
        ),
        click.Option(
            ["--name"],
            type=PlainName(),
            help=f"Name of the caches, for --dataset {unnamed}.  [default: the data set's]",
        ),
        *(_declared(name, [reader for reader in readers if reader.option(name)]) for name in declared),
    )


def _declared(name: str, readers: list[Reader]) -> click.Option:
    """One option for all readers that declare it; what it may be is checked when it is known which one is meant."""
    alike = {}
    for reader in readers:
        alike.setdefault(_explained(reader.option(name)), []).append(reader.name)
    first = readers[0].option(name)
    return click.Option(
        [first.flag, name],
        metavar="|".join(dict.fromkeys(reader.option(name).placeholder for reader in readers)),
        multiple=first.multiple,
        help=" ".join(f"{' and '.join(names)}: {text}" for text, names in alike.items()),
    )


def _explained(option: ReaderOption) -> str:
    return f"{option.help}." + (f"  [default: {option.default}]" if option.default else "")


def listing_of(workdir: Path, dataset: str, root: Path | None, name: str | None, **given) -> "Listing":
    """The Listing that the options of a SourceCommand ask for. Raises click.UsageError where they do not go together,
    Refused for an unknown data set."""
    reader = registry.reader_named(dataset)
    given = {option: text for option, text in given.items() if text not in (None, ())}
    for option in given:
        if reader.option(option) is None:
            raise click.UsageError(_not_for(option, dataset))
    for option in reader.options:
        if option.needed and option.name not in given:
            raise click.UsageError(f"--dataset {dataset} needs {option.flag} {option.placeholder}")
    if reader.needs_name and name is None:
        raise click.UsageError(f"--dataset {dataset} needs --name, which names its caches")
    if root is None and not reader.own_root:
        root = workdir / "datasets" / (name or dataset)
    return registry.read(
        dataset, root, **{option: _value(reader.option(option), text) for option, text in given.items()}
    )


def align_command(workdir: Path, name: str) -> str:
    """What makes aligned/NAME.h5, in words that can be called: a reader's own name tells it, any other leaves those
    that need one."""
    named = f" --name {shlex.quote(name)}"
    if name in registry.names() and not registry.reader_named(name).needs_name:
        readers, named = [registry.reader_named(name)], ""
    else:
        readers = [reader for reader in registry.readers() if reader.needs_name]
    where = "" if workdir == Path() else f" --workdir {shlex.quote(str(workdir))}"
    return " or ".join(f"`extract align --dataset {reader.name}{_needs(reader)}{named}{where}`" for reader in readers)


def _needs(reader):
    """The options that a call for a reader cannot do without."""
    needed = [f" {option.flag} {option.placeholder}" for option in reader.options if option.needed]
    root = " --root FOLDER" if reader.needs_name and not reader.own_root else ""
    return "".join(needed) + root


def _not_for(name: str, dataset: str) -> str:
    owners = [reader for reader in registry.readers() if reader.option(name)]
    return f"{owners[0].option(name).flag} is for {' and '.join(owner.name for owner in owners)}, not for {dataset}"


def _value(option: ReaderOption, text: str | tuple) -> object:
    if option.multiple:
        return tuple(_one_value(option, each) for each in text)
    return _one_value(option, text)


def _one_value(option: ReaderOption, text: str) -> object:
    if option.choices and text not in option.choices:
        raise click.UsageError(f"{option.flag} is {text!r}; expected one of {', '.join(option.choices)}")
    try:
        return option.type(text)
    except ValueError as error:
        raise click.UsageError(f"{option.flag} is {text!r}, which is not understood: {error}") from None

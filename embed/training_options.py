"""Options that several commands of `embed` take, and how their values are read."""

from pathlib import Path

import click

from data.names import plain_name
from data.networks import results_of
from data.shipped_model import SHIPPED, shipped_results
from embed.settings import BALANCED, NONE
from embed.sizes import parse_bytes


class Parsed(click.ParamType):
    """An option read by a function whose ValueError says what is accepted."""

    def __init__(self, name, parse):
        self.name, self.parse = name, parse

    def convert(self, value, param, ctx):
        try:
            return self.parse(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Names(click.ParamType):
    """Names separated by commas."""

    name = "names"

    def __init__(self, find):
        """find: called with each name; its ValueError says what is wrong with it."""
        self.find = find

    def convert(self, value, param, ctx):
        names = list(value) if isinstance(value, (list, tuple)) else [name.strip() for name in value.split(",")]
        for name in names:
            try:
                self.find(name)
            except ValueError as error:
                self.fail(str(error), param, ctx)
        return names


def family(name):
    """The family of a name, among those that are known when the option is read."""
    from data.heads import family_named

    return family_named(name)


def table_path(text):
    """The path of a table that is to be written, whose ending says in which form."""
    from data.frames.named_columns import form_of

    form_of(text)
    return Path(text)


def targets_of(workdir, results, networks):
    """{name of a network: its results file}; None for the first, which has no name."""
    targets = {name: results or results_of(workdir, name) for name in networks or (None,)}
    if results and len(targets) > 1:
        told = f"one file cannot hold the heads of {len(targets)} networks; leave it out, each has its own"
        raise click.BadParameter(told, param_hint="--results")
    return targets


def kept_results(workdir, results, network):
    """The results file that a kept head is read from; SHIPPED names that of the model that comes with the project."""
    if results == Path(SHIPPED):
        return shipped_results()
    return results or results_of(workdir, network)


def refuse_too_small(sizes, families):
    """No family that was asked for has a head of the least k that was asked for."""
    from data.heads import FAMILIES

    sized = {name: family for name, family in FAMILIES.items() if family.projects}
    asked = [sized[name] for name in families if name in sized]
    least = min(sizes)
    if asked and not any(family.has(least) for family in asked):
        able = " and ".join(name for name, family in sized.items() if family.has(least))
        told = f"{' and '.join(families)} need more dimensions, k = {least} is for {able}"
        raise click.BadParameter(told, param_hint="--k")


RESULTS = click.option(
    "--results", type=click.Path(path_type=Path), help="Results file.  [default: WORKDIR/results/runs.h5]"
)
WORKDIR = click.option(
    "--workdir",
    type=click.Path(path_type=Path),
    default=".",
    envvar="CAKE_WORKDIR",
    show_default=True,
    help="Working folder; features/ is read there, results/ written.",
)
NETWORK = click.option(
    "--network",
    type=Parsed("name", plain_name),
    metavar="NAME",
    help="One network of several: features/NAME/ is read, and the results file is results/NAME.h5.",
)
NETWORKS = click.option(
    "--network",
    "networks",
    type=Parsed("name", plain_name),
    metavar="NAME",
    multiple=True,
    help="One network of several: features/NAME/ is read, and the results file is results/NAME.h5. May repeat: one "
    "after the other.",
)
# Where heads are trained on which rows, for whatever they are trained.
TRAINING = (
    WORKDIR,
    click.option(
        "--datasets",
        type=Names(plain_name),
        help="Caches in features/ to train on together.  [default: every labelled one]",
    ),
    RESULTS,
    click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True),
    click.option(
        "--precision",
        type=click.Choice(["float32", "bfloat16"]),
        default="float32",
        show_default=True,
        help="Of the wide products. bfloat16 is faster where the hardware has it.",
    ),
    click.option(
        "--class-weights",
        type=click.Choice([BALANCED, NONE]),
        default=BALANCED,
        show_default=True,
        help="As in the paper, all classes count as much; or all rows do, for probabilities and accuracy on rows such "
        "as those of the training.",
    ),
    click.option(
        "--penalty",
        type=click.FloatRange(0, 1e6),
        help="lambda (|A|^2 + |B|^2) in the loss; 0 is the paper's letter.  [default: chosen on rows that no network "
        "has seen]",
    ),
    click.option("--device", type=click.Choice(["cpu", "cuda", "mps"]), help="[default: the best there is]"),
    click.option(
        "--memory",
        type=Parsed("size", parse_bytes),
        help="For cached features, such as 4G; a larger cache is read from disk in every epoch.  [default: half of "
        "what is free]",
    ),
)

# Which kept head of a results file is meant.
ONE_HEAD = (
    click.option("--workdir", type=click.Path(path_type=Path), default=".", envvar="CAKE_WORKDIR", show_default=True),
    click.option(
        "--results",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Results file, or {SHIPPED} for the one that comes with the project.  [default: WORKDIR/results/runs.h5]",
    ),
    NETWORK,
    click.option("--family", type=Parsed("name", family), default="cake", show_default=True),
    click.option(
        "--k",
        type=click.IntRange(0),
        default=3,
        show_default=True,
        help="Learned dimensions; 0 for av alone; the baseline has none.",
    ),
    click.option("--run", type=click.IntRange(0), default=0, show_default=True, help="Which initialisation."),
)


# Whose features are brought from elsewhere.
IMPORT = (
    click.option(
        "--name",
        type=Parsed("name", plain_name),
        metavar="NAME",
        required=True,
        help="Of their network, as --network names it elsewhere: features/NAME/ is written.",
    ),
    click.option(
        "--classes",
        type=click.Path(path_type=Path),
        help="Text file that names other classes than the seven emotions, one a line, in their order.",
    ),
    click.option("--workdir", type=click.Path(path_type=Path), default=".", envvar="CAKE_WORKDIR", show_default=True),
)


def options(*several):
    """Several options as one decorator, shown by --help in this order."""

    def decorate(command):
        for option in reversed(several):
            command = option(command)
        return command

    return decorate

"""What a reader is: what it declares of itself, what it is given, and what it returns."""

from collections.abc import Callable
from dataclasses import dataclass, field

from data.runtime.failures import Refused


class WrongTree(Refused, FileNotFoundError):
    """The root does not hold what the reader expects; the registry adds the expected tree to the message."""


@dataclass(frozen=True)
class ReaderOption:
    """One option of a data set: --NAME on the command line, and a keyword of its reader's read()."""

    name: str  # with underscores, which are dashes on the command line
    help: str  # in --help, behind the name of the data set
    choices: tuple = ()  # the texts that are taken; empty: any
    default: str = ""  # in words, for --help; the value itself is the default of read()'s keyword
    type: Callable = str  # text -> value, such as Path or int; a ValueError of it is told as a wrong call
    metavar: str = "TEXT"  # what --help writes for the value where there are no choices
    needed: bool = False  # whether the data set cannot be read without it
    multiple: bool = False  # whether it may be given several times; read() then takes a tuple of values

    @property
    def flag(self) -> str:
        """As written on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def placeholder(self) -> str:
        """What --help and messages write for the value."""
        return f"[{'|'.join(self.choices)}]" if self.choices else self.metavar


@dataclass(frozen=True)
class Reader:
    """A data set that can be read. data.readers.registry.register makes one known to every command.

    The protocol of read(root, **options) -> data.sample.Listing:

    - `root` is a Path and a folder; with `own_root` it is what the user named, or None. `options` are those of the
      declared ones that the user named, as keywords, converted by their type.
    - It returns every listed image as a Sample, in the order of the list, those left out too. Files are listed and
      not opened, but for the first bytes of those without an ending (data/readers/walk.py lists them all). A
      sample's `split` is train, validation or test, the last being the one that the paper tests on; its `row` is its
      position in the source list of that split, counted from 0. (split, row) is its key and never comes twice; paths
      may. Its `path` is relative to Listing.root; or `pixels` holds the image, and the path is a name.
    - A row with a cell that cannot be read stays in the list with `left_out`, too many of them refuse the table
      (data/readers/tables/bad_rows.py), and a listing without an image that is kept is refused by the registry.
    - A row of none of the seven classes stays in the list with `left_out`, its reason in a word ("contempt",
      "uncertain"): it is counted and never processed. A row without a label (emotion UNLABELLED, no `left_out`) gets
      features all the same.
    - `landmarks` need their `scheme`, one of those named in data/sample.py. Boxes and landmarks are in pixels of the
      stored image.
    - Listing.dataset is the reader's name, `splits` those that it has, `release` the key of its official counts,
      `layout` what was recognised in one line, `notes` what a user should know, `aligned` whether the images are face
      crops already. The toy flag is the registry's to set.
    - It raises WrongTree where the root holds something else; Refused naming file and row for a row that is not
      understood, with what was found and what was expected; OSError as it comes. Anything else is a fault of the
      reader."""

    name: str  # --dataset NAME
    summary: str  # one line, for --help
    read: Callable
    expected_tree: str  # shown where the root is wrong; lines indented by two spaces
    official: dict = field(default_factory=dict, hash=False)  # release -> split -> (7,) counts in the order of EMOTIONS
    options: tuple = ()  # of ReaderOption
    needs_name: bool = False  # its caches are called as --name says: it may be read from many places
    own_root: str = ""  # in words, where read() finds the root by itself; empty: datasets/NAME in the working folder
    not_read: dict = field(default_factory=dict, hash=False)  # other names that are asked for -> what is there instead

    def option(self, name: str) -> ReaderOption | None:
        """Its option of that name, or None."""
        return next((option for option in self.options if option.name == name), None)

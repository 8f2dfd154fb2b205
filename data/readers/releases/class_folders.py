"""Trees of <split>/<class>/ with images below: how most data sets are passed on, whatever their release was."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.emotions import LEFT_OUT_NAMES, UNLABELLED, emotion_named
from data.readers.reader import WrongTree
from data.readers.tables.cells import SPLIT_WORDS
from data.readers.walk import Walk, printable
from data.runtime.failures import Refused
from data.sample import SPLITS, Sample

DEEPEST = 2  # levels between the root and its split folders, such as images/images/


@dataclass(frozen=True)
class SplitFolders:
    """The folders of a tree's splits."""

    base: Path  # they lie in it
    folders: dict  # split -> folder
    validation_is_test: bool  # no test there: validation is read as split test
    others: tuple  # names of the folders beside them

    def layout(self, root: Path) -> str:
        """What was recognised, in one line."""
        found = ", ".join(
            f"{folder.relative_to(root).as_posix()}/ as {split}" for split, folder in self.folders.items()
        )
        return f"class folders: {found}"

    def notes(self) -> tuple[str, ...]:
        """What lies beside them and is not read."""
        names = ", ".join(map(printable, self.others))
        return (f"folders that are not named after a split and are not read: {names}",) if self.others else ()


def find(walk: Walk, root: Path, words: dict = SPLIT_WORDS) -> SplitFolders | None:
    """The split folders of a tree, by their names in capitals or not, at most DEEPEST levels below its root.

    words: folder name in lower case -> split. None where there are none. Raises Refused for two of one split."""
    bases = [root]
    for _ in range(1 + DEEPEST):
        for base in bases:
            found = [path for path in walk.folders(base) if path.name.lower() in words]
            if found:
                return _split_folders(walk, base, found, words)
        bases = [path for base in bases for path in walk.folders(base)]
    return None


def _split_folders(walk, base, found, words):
    folders = {}
    for path in found:
        split = words[path.name.lower()]
        if split in folders:
            raise Refused(f"{base} holds {folders[split].name}/ and {path.name}/, which both mean {split}; keep one")
        folders[split] = path
    alone = "validation" in folders and "test" not in folders
    if alone:
        folders["test"] = folders.pop("validation")
    others = tuple(path.name for path in walk.folders(base) if path not in found)
    return SplitFolders(base, {split: folders[split] for split in SPLITS if split in folders}, alone, others)


def images(walk: Walk, split_folder: Path, class_of: Callable) -> list[tuple[Path, int, str]]:
    """(path, class, reason it is left out) of each image in the class folders of a split, in sorted order.

    class_of: folder -> (class, reason). Raises WrongTree where images lie beside the class folders."""
    entries = walk.entries(split_folder)
    loose = [path for path in entries if path.is_file()]
    folders = [path for path in entries if path.is_dir()]
    if len(folders) == 1 and folders[0].name.lower() == "images":  # one folder more between split and classes
        return images(walk, folders[0], class_of)
    if loose and not folders:
        raise WrongTree(f"{split_folder} holds files and no folders of classes, such as {loose[0].name}")
    for path in loose:
        walk.pass_over(path)
    return [(path, *class_of(folder)) for folder in folders for path in walk.images(folder)]


def class_named(folder: Path) -> tuple[int, str]:
    """(class, reason it is left out) by a folder's name: numbers follow the alphabet in some copies and a release's
    own order in others. Raises Refused."""
    if folder.name.lower() in LEFT_OUT_NAMES:
        return UNLABELLED, folder.name.lower()
    try:
        return emotion_named(folder.name), ""
    except ValueError as error:
        raise Refused(f"{folder} is not named after a class: {error}") from None


def samples(root: Path, split: str, found: list[tuple[Path, int, str]]) -> list[Sample]:
    """The Samples of one split."""
    return [
        Sample(path.relative_to(root).as_posix(), split, row, emotion, reason)
        for row, (path, emotion, reason) in enumerate(found)
    ]

"""A folder of photographs without labels: every image below it."""

from pathlib import Path

from data.readers.reader import Reader
from data.readers.walk import ENDINGS, Walk
from data.sample import Listing, Sample


def read(root: Path) -> Listing:
    """The Listing of all images below `root` in sorted order, as split test."""
    walk = Walk()
    found = [path.relative_to(root).as_posix() for path in walk.images(root)]
    samples = tuple(Sample(path, "test", row) for row, path in enumerate(found))
    layout = f"folder of {len(found):,} images, no labels"
    return Listing("folder", root, layout, samples, notes=walk.notes(root), splits=("test",))


READER = Reader(
    "folder",
    "a folder of photographs without labels",
    read,
    expected_tree=f"  photos/           images below it, in folders or not: {' '.join(ENDINGS)}",
    needs_name=True,
)

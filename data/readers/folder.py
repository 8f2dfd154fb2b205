"""A folder of photographs without labels: every image below it."""

from pathlib import Path

from data.readers.reader import Reader, WrongTree
from data.sample import Listing, Sample

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


def read(root: Path) -> Listing:
    """The Listing of all images below `root` in sorted order, as split test. Raises WrongTree where there is none."""
    paths = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix.lower() in ENDINGS and path.is_file()
    )
    if not paths:
        raise WrongTree(f"{root} and the folders below it hold no image; looked for {' '.join(ENDINGS)}")
    samples = tuple(Sample(path, "test", row) for row, path in enumerate(paths))
    return Listing("folder", root, f"folder of {len(paths):,} images, no labels", samples, splits=("test",))


READER = Reader(
    "folder",
    "a folder of photographs without labels",
    read,
    expected_tree="  photos/           images below it, in folders or not: " + " ".join(ENDINGS),
    needs_name=True,
)

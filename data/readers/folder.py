"""A folder of photographs without labels: every image below it."""

from data.readers.cells import existing
from data.sample import Listing, Sample

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
EXPECTED_TREE = "  photos/           images below it, in folders or not: " + " ".join(ENDINGS)
OFFICIAL = {}


def read(root):
    """The Listing of all images below `root` in sorted order, as split test. Raises FileNotFoundError where there is
    none."""
    root = existing(root, EXPECTED_TREE)
    paths = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix.lower() in ENDINGS and path.is_file()
    )
    if not paths:
        raise FileNotFoundError(f"{root} and the folders below it hold no image; looked for {' '.join(ENDINGS)}")
    samples = tuple(Sample(path, "test", row) for row, path in enumerate(paths))
    return Listing("folder", root, f"folder of {len(paths):,} images, no labels", samples, splits=("test",))

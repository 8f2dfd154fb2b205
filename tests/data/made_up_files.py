"""A small whole file of each kind, and ways to make a hostile one of it."""

import h5py
import numpy as np

from data.coverage import STATUSES, TRIES, status_counts
from data.files.cache import seal
from data.files.hdf5 import write_array
from data.files.runs import write_runs
from tests.embed.made_up_caches import write_cache
from tests.evaluate.made_up_runs import make

ROWS, LISTED = 9, 11


def write(folder, kind, **options):
    """The path of a whole file of this kind. options: of h5py.File, for an aligned cache."""
    path = folder / f"{kind}.h5"
    if kind == "features":
        return write_cache(path, train=30, test=12)
    if kind == "runs":
        write_runs(path, make(("affectnet", "rafdb"), runs=2, sizes=(20, 9)))
        return path
    with h5py.File(path, "w", **options) as file:
        for split in ("train", "test"):
            for name, array in aligned_arrays().items():
                write_array(file, f"{split}/{name}", array)
        seal(
            file,
            "aligned",
            header={"alignment_version": 1, "shard_rows": 1024},
            toy=False,
            provenance={"dataset": "manifest"},
        )
    return path


def aligned_arrays():
    """The arrays of one split of crops, as stage one writes them; the images are not images."""
    length, status = np.arange(ROWS) + 20, np.array([0] * ROWS + [1] * (LISTED - ROWS), np.uint8)
    emotion, texts = (
        (np.arange(LISTED) % 7).astype(np.int8),
        lambda rows: np.array([f"{row}.jpg" for row in range(rows)], object),
    )
    return {
        "jpeg": np.arange(length.sum()).astype(np.uint8),
        "jpeg_offset": np.concatenate([[0], np.cumsum(length)]),
        "row": np.arange(ROWS),
        "path": texts(ROWS),
        "face": np.zeros(ROWS, np.int16),
        "found_by": np.ones(ROWS, np.uint8),
        "emotion": emotion[:ROWS],
        "valence_arousal": np.zeros((ROWS, 2), np.float32),
        "box": np.zeros((ROWS, 4), np.float32),
        "landmarks": np.full((ROWS, 68, 2), np.nan, np.float32),
        "manifest/row": np.arange(LISTED),
        "manifest/path": texts(LISTED),
        "manifest/emotion": emotion,
        "manifest/status": status,
        "manifest/found_by": 1 - status,
        "manifest/faces": np.ones(LISTED, np.int32),
        "manifest/crops": np.ones(LISTED, np.int32),
        "manifest/left_out": texts(LISTED),
        "manifest/reason": texts(LISTED),
        "status_counts": status_counts(emotion, status),
        "try_counts": np.zeros(len(TRIES), np.int64),
    }


def replaced(name, make):
    """A spoiler that puts make(group, last part of the name) in the place of a dataset."""

    def spoil(file):
        del file[name]
        group, last = name.rpartition("/")[::2]
        make(file[group] if group else file, last)

    return spoil


def array(name, value, **options):
    return replaced(name, lambda group, last: group.create_dataset(last, data=value, **options))


def changed(name, index, value):
    return lambda file: file[name].__setitem__(index, value)


def said(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


def virtual(group, last):
    layout = h5py.VirtualLayout((12, 1, 512), np.float16)
    layout[:] = h5py.VirtualSource("secret.h5", "x", (12, 1, 512))
    group.create_virtual_dataset(last, layout)


def growing(group, last):
    """A virtual dataset whose extent is that of its source, which HDF5 opens to know it."""
    layout = h5py.VirtualLayout((12, 1, 512), np.float16, maxshape=(None, 1, 512))
    source = h5py.VirtualSource("secret.h5", "x", (12, 1, 512), maxshape=(None, 1, 512))
    layout[0 : h5py.h5s.UNLIMITED : 1] = source[0 : h5py.h5s.UNLIMITED : 1]
    group.create_virtual_dataset(last, layout)


def external(group, last):
    group.create_dataset(last, (12, 1, 512), np.float16, external=[("secret.h5", 0, 12 * 1024)])


def circle(file):
    file["test/again"] = file["test"]


def round_trip(file):
    file["train/loop"] = file["/"]


def packed(group, last):
    group.create_dataset(last, data=np.zeros((100_000, 1, 512), np.float16), compression="gzip", chunks=(4096, 1, 512))


F = "test/feature"
# (kind, what was done, how, what the refusal says)
HOSTILE = [
    (
        "features",
        "external link",
        replaced(F, lambda group, last: group.__setitem__(last, h5py.ExternalLink("secret.h5", "/x"))),
        "link at test/feature",
    ),
    (
        "features",
        "soft link",
        replaced(F, lambda group, last: group.__setitem__(last, h5py.SoftLink("/train/feature"))),
        "link at test/feature",
    ),
    (
        "features",
        "external link for a group",
        replaced("test", lambda group, last: group.__setitem__(last, h5py.ExternalLink("secret.h5", "/"))),
        "link at test",
    ),
    ("features", "external storage", replaced(F, external), "test/feature in another file"),
    ("features", "virtual dataset", replaced(F, virtual), "test/feature in another file"),
    ("features", "virtual dataset that grows", replaced(F, growing), "test/feature in another file"),
    ("features", "circle of groups", circle, "test/again, which a file of kind features does not|second time"),
    ("features", "circle to the top", round_trip, "train/loop"),
    (
        "features",
        "one dataset for both splits",
        replaced(F, lambda group, last: group.__setitem__(last, group.file["train/feature"])),
        "feature a second time",
    ),
    (
        "features",
        "2 ** 40 rows",
        replaced(F, lambda group, last: group.create_dataset(last, (2**40, 1, 512), np.float16)),
        "of which 0 are stored",
    ),
    (
        "features",
        "2 ** 40 rows in pieces",
        replaced("test/emotion", lambda group, last: group.create_dataset(last, (2**40,), np.int8, chunks=(2**20,))),
        "stored",
    ),
    ("features", "expands a thousandfold", replaced(F, packed), "test/feature packed"),
    (
        "features",
        "wrong type",
        array(F, np.zeros((12, 1, 512), np.float64)),
        "test/feature of type float64, expected float16",
    ),
    (
        "features",
        "text for numbers",
        array("test/emotion", np.array(["anger"] * 12, object), dtype=h5py.string_dtype()),
        "of type text, expected int8",
    ),
    ("features", "numbers for text", array("test/path", np.zeros(12)), "of type float64, expected text"),
    (
        "features",
        "wrong rank",
        array(F, np.zeros((12, 512), np.float16)),
        r"\(12, 512\), expected \(crop, view, feature\)",
    ),
    ("features", "wrong width", array(F, np.zeros((12, 1, 256), np.float16)), "512 instead of 256"),
    ("features", "scalar", array("test/emotion", np.int8(3)), r"shape \(\)"),
    ("features", "no shape", array("test/emotion", h5py.Empty("i1")), "shape None"),
    ("features", "rows disagree", array("test/emotion", np.zeros(13, np.int8)), "1[23] instead of 1[23]"),
    (
        "features",
        "views disagree",
        array("test/valence_arousal_predicted", np.zeros((12, 2, 2), np.float32)),
        "[12] instead of [12]",
    ),
    (
        "features",
        "emotion of 7",
        changed("test/emotion", 3, 7),
        "test/emotion with values from 0 to 7, expected -1 to 6",
    ),
    ("features", "emotion of -2", changed("train/emotion", 3, -2), "values from -2"),
    ("features", "negative counts", changed("test/status_counts", (0, 0), -5), "status_counts with values from -5"),
    (
        "features",
        "object references",
        replaced(
            "test/path", lambda group, last: group.create_dataset(last, data=np.array([group.ref] * 12, h5py.ref_dtype))
        ),
        "of type object",
    ),
    ("features", "compound", array("test/row", np.zeros(12, [("a", "i4"), ("b", "i4")])), "expected int64"),
    (
        "features",
        "named type",
        lambda file: file["test"].__setitem__("type", np.dtype("i4")),
        "test/type, which a file",
    ),
    (
        "features",
        "group for a dataset",
        replaced(F, lambda group, last: group.create_group(last)),
        "test/feature, which a file of kind features does not, or not in this way",
    ),
    (
        "features",
        "dataset for a group",
        replaced("test", lambda group, last: group.create_dataset(last, data=3)),
        "holds test, which",
    ),
    (
        "features",
        "endless name",
        lambda file: file.create_group("train/" + "x" * 50_000),
        "a name of 50,006 characters",
    ),
    ("features", "unknown split", lambda file: file.move("test", "tests"), "holds tests, which"),
    (
        "features",
        "missing dataset",
        lambda file: file.__delitem__("test/row"),
        "lacks a part of a file of kind features: \\*?/?.*row",
    ),
    (
        "features",
        "more tries than there are",
        replaced(
            "test/try_counts",
            lambda group, last: group.create_dataset(last, data=np.zeros(len(TRIES) + 1, np.int64)),
        ),
        f"try_counts of shape \\({len(TRIES) + 1},\\), expected \\(try\\) with {len(TRIES)} instead",
    ),
    ("features", "missing counts", lambda file: file.__delitem__("test/try_counts"), "try_counts"),
    ("features", "no JSON", said("header", "{"), "attribute header that is not JSON"),
    ("features", "endless JSON", said("provenance", "[" * 200_000), "attribute provenance that is not JSON"),
    ("features", "JSON of another type", said("provenance", "[1]"), "provenance that is not of type dict"),
    ("features", "JSON without a key", said("header", "{}"), "header without image_size"),
    ("features", "imported, no network", said("header", '{"imported": true}'), "header without network"),
    ("features", "imported in words", said("header", '{"imported": "true"}'), "header without image_size"),
    (
        "features",
        "JSON without a key below another",
        said("provenance", '{"emotion": [1]}'),
        "provenance without emotion.domains",
    ),
    ("features", "number for JSON", said("header", 3), "attribute header that is not of type str"),
    ("features", "list for a kind", said("kind", [1, 2]), "attribute kind that is not of type str"),
    (
        "features",
        "reference for a digest",
        lambda file: file.attrs.create("digest", file.ref, dtype=h5py.ref_dtype),
        "attribute digest that is not of type str",
    ),
    ("features", "no digest", lambda file: file.attrs.__delitem__("digest"), "attribute digest"),
    ("features", "number for a flag", said("toy", 1.5), "attribute toy that is not of type bool"),
    ("features", "text for a version", said("schema_version", "1"), "schema_version that is not of type int"),
    ("features", "classes in no JSON", said("emotions", "neutral"), "emotions that is not JSON"),
    ("aligned", "offsets that fall", changed("test/jpeg_offset", 3, 0), "test/jpeg_offset that does not rise"),
    ("aligned", "offsets beyond the images", changed("test/jpeg_offset", -1, 10**9), "does not rise from 0 to 216"),
    ("aligned", "offsets that begin late", changed("test/jpeg_offset", 0, 3), "does not rise"),
    ("aligned", "offsets for other rows", array("test/jpeg_offset", np.array([0, 216])), "instead of"),
    (
        "aligned",
        "status out of range",
        changed("test/manifest/status", 2, len(STATUSES)),
        "manifest/status with values from 0 to 12, expected 0 to 11",
    ),
    ("aligned", "try out of range", changed("train/found_by", 2, 200), "train/found_by with values"),
    ("aligned", "manifest rows disagree", array("test/manifest/status", np.zeros(4, np.uint8)), "instead of"),
    (
        "aligned",
        "no manifest",
        lambda file: file.__delitem__("test/manifest"),
        "lacks a part of a file of kind aligned: test/manifest",
    ),
    (
        "runs",
        "external link",
        replaced("confusion", lambda group, last: group.__setitem__(last, h5py.ExternalLink("secret.h5", "/x"))),
        "link at confusion",
    ),
    ("runs", "heads disagree", array("heads/seed", np.zeros(3, np.int64)), "instead of"),
    (
        "runs",
        "test sets that are not named",
        said("test_sets", '["affectnet"]'),
        "confusion of shape .* with 1 instead of 2",
    ),
    ("runs", "no names of classifiers", said("classifiers", '"affectnet"'), "classifiers that is not of type list"),
    (
        "runs",
        "predictions of other rows",
        lambda file: [array(f"kept/{name}/predicted", np.zeros((2, 5), np.uint8))(file) for name in kept(file)],
        "predictions of 5 rows",
    ),
    ("runs", "deeper groups", lambda file: file.create_group("kept/cake/3/0/weights/more"), "weights"),
]


def kept(file):
    return [
        f"{family}/{k}/{run}"
        for family in file["kept"]
        for k in file["kept"][family]
        for run in file["kept"][family][k]
    ]

"""Made-up features of a network that is not of this project, in every form that is read."""

import numpy as np
import pandas
import pyarrow
import pyarrow.parquet

from data.emotions import EMOTIONS

ROWS, WIDTH = 24, 5


def arrays(seed=0, rows=ROWS, **changes):
    """Name -> array, as `numpy.savez` takes them: two domains, features whose bits float16 does not have."""
    generator = np.random.default_rng(seed)
    made = {
        "features": generator.normal(size=(rows, WIDTH)).astype(np.float32),
        "label": np.array(EMOTIONS)[np.arange(rows) % 7],
        "split": np.where(np.arange(rows) % 3, "train", "test"),
        "domain": np.where(np.arange(rows) < rows // 2, "a", "b"),
        "valence": generator.uniform(-1, 1, rows).astype(np.float32),
        "arousal": generator.uniform(-1, 1, rows).astype(np.float32),
        "path": np.array([f"{place}.jpg" for place in range(rows)]),
        "person": np.array([f"p{place % 4}" for place in range(rows)]),
    }
    made.update(changes)
    return {name: array for name, array in made.items() if array is not None}


def table(made, *, wide=True):
    """The same as a DataFrame; wide: a column for each feature, else one of lists."""
    columns = {name: array for name, array in made.items() if name != "features"}
    if not wide:
        return pandas.DataFrame({**columns, "features": list(made["features"])})
    return pandas.DataFrame({**columns, **{f"feature_{place}": own for place, own in enumerate(made["features"].T)}})


def npz(path, made):
    np.savez(path, **made)


def npy(path, made):
    np.save(path, made["features"])
    table(
        {name: array for name, array in made.items() if name != "features"} | {"features": np.empty((ROWS, 0))}
    ).to_csv(path.with_suffix(".csv"), index=False)


def csv(path, made):
    table(made).to_csv(path, index=False, na_rep="nan")


def parquet(path, made):
    table(made).to_parquet(path, index=False)


def parquet_lists(path, made):
    table(made, wide=False).to_parquet(path, index=False)


def parquet_fixed(path, made):
    """A column of lists of one length, as Arrow has a type for."""
    flat = pyarrow.array(made["features"].ravel())
    columns = {name: pyarrow.array(array) for name, array in made.items() if name != "features"}
    lists = pyarrow.FixedSizeListArray.from_arrays(flat, made["features"].shape[1])
    pyarrow.parquet.write_table(pyarrow.table({**columns, "features": lists}), path)


FORMS = {
    "npz": ("clip.npz", npz),
    "npy": ("clip.npy", npy),
    "csv": ("clip.csv", csv),
    "parquet": ("clip.parquet", parquet),
    "parquet of lists": ("clip.parquet", parquet_lists),
    "parquet of fixed lists": ("clip.parquet", parquet_fixed),
}


def write(folder, made, form="npz"):
    """The path of a file of these arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    name, writer = FORMS[form]
    writer(folder / name, made)
    return folder / name

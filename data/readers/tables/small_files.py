"""Small files that hold text or numbers: read whole, and named where they cannot be."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data.readers.tables.cells import BadCell, shown
from data.runtime.failures import Refused


def not_text(path: Path) -> Refused:
    """The Refused that says in which line a file is not UTF-8."""
    with open(path, "rb") as file:
        start = file.read(2)
        file.seek(0)
        line = next((number for number, text in enumerate(file, 1) if not _decodes(text)), 1)
    if start in (b"\xff\xfe", b"\xfe\xff"):
        return Refused(f"{path} is UTF-16; save it as UTF-8")
    return Refused(f"{path}, line {line} is not UTF-8 text; save it as UTF-8")


def _decodes(text):
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of the lines of a text file that are not blank. Raises Refused where it is no text."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise not_text(path) from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line


def numbers(column: str, path: Path, count: int, expected: str) -> list[float]:
    """The `count` finite numbers of a text file. Raises BadCell that names the file and says what is `expected`."""
    try:
        values = [float(word) for word in path.read_text(encoding="utf-8-sig").split()]
    except UnicodeDecodeError:
        raise BadCell(column, f"{path} is not UTF-8 text") from None
    except ValueError as error:
        raise BadCell(column, f"{path} holds something else than numbers ({error}); expected {expected}") from None
    if len(values) != count or not np.isfinite(values).all():
        raise BadCell(column, f"{path} holds {len(values)} numbers; expected {expected}")
    return values


def array(column: str, path: Path, size: int, expected: str) -> np.ndarray:
    """The array of `size` values in a .npy file, in one dimension. Raises BadCell that names the file."""
    try:
        stored = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:  # of a pickle, a cut or an empty file
        raise BadCell(column, f"{path} cannot be read ({error}); expected {expected}") from None
    if not isinstance(stored, np.ndarray) or stored.size != size:  # several arrays are an archive
        found = f"{stored.size:,} values" if isinstance(stored, np.ndarray) else "an archive"
        raise BadCell(column, f"{path} holds {found}; expected {expected}")
    return stored.reshape(-1)


def scalar(column: str, path: Path, expected: str) -> str:
    """The one value of a .npy file, whatever it was stored as, as text. Raises BadCell that names the file."""
    return str(array(column, path, 1, expected)[0])


def floats(column: str, path: Path, size: int, expected: str) -> np.ndarray:
    """(size,) float32 of a .npy file. Raises BadCell that names the file."""
    try:
        values = array(column, path, size, expected).astype(np.float32)
    except ValueError as error:
        raise BadCell(column, f"{path} cannot be read ({error}); expected {expected}") from None
    if not np.isfinite(values).all():
        raise BadCell(column, f"{path} holds {shown(str(values[~np.isfinite(values)][0]))}; expected {expected}")
    return values

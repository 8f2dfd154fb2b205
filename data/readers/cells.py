"""What the readers of tables share: rows with their numbers, and cells to values with the row named on failure."""

import contextlib
import csv
import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from data.runtime.failures import Refused
from data.sample import SPLITS, Sample


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise Refused naming the file where something in it is not text, or not the number or name that it must be."""
    try:
        yield
    except Refused:
        raise
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8") from None
    except (ValueError, OverflowError, EOFError, csv.Error) as error:
        raise Refused(f"{path} cannot be read ({error}); compare it with the release") from error


def rows_of(path: Path) -> Iterator[list[str]]:
    """Yield the cells of each line of a CSV file, UTF-8 with or without byte-order mark, any line ends, blank lines
    dropped."""
    with reading(path), open(path, newline="", encoding="utf-8-sig") as file:
        yield from (row for row in csv.reader(file) if any(cell.strip() for cell in row))


def valence_or_arousal(text: str, where: str) -> float:
    """A value in -1..1; NaN for an empty cell or -2, AffectNet's mark of a missing one. Raises ValueError."""
    if not text.strip():
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        raise Refused(
            f"{where}: {text!r} is not a number; expected valence and arousal in -1..1, or -2 for none"
        ) from None
    if value == -2:
        return float("nan")
    if not -1 <= value <= 1:
        raise Refused(f"{where}: {text!r} lies outside -1..1; expected valence and arousal there, or -2 for none")
    return value


def repeated(samples: tuple[Sample, ...]) -> tuple[str, ...]:
    """A note on files that are listed more than once, or none; every row stays a sample of its own."""
    several = 0
    for split in SPLITS:  # sorted lists of what is there anyway take less memory than counting
        paths = sorted(sample.path for sample in samples if sample.split == split and sample.pixels is None)
        several += sum(len(list(same)) > 1 for _, same in itertools.groupby(paths))
    return (f"{several:,} files are listed more than once; each row is a sample of its own",) if several else ()


def left_out(samples: tuple[Sample, ...] | list[Sample]) -> tuple[str, ...]:
    """A note on the rows that are none of the seven classes, by reason, or none."""
    reasons = Counter(sample.left_out for sample in samples if sample.left_out)
    text = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common(12))
    return (f"left out: {text}",) if reasons else ()

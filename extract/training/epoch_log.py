"""The log of a training, one row an epoch, as CSV beside the checkpoint."""

import csv
import io
from pathlib import Path

from data.files.publish import publish_text


def log_path(path: Path) -> Path:
    """Where the log of the checkpoint `path` lies."""
    return path.with_suffix(".csv")


def write_log(path: Path, log: list[dict]) -> None:
    """Publish the rows of a checkpoint's log, dicts of numbers."""
    text = io.StringIO()
    writer = csv.DictWriter(text, log[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in log)
    publish_text(log_path(path), text.getvalue())


def read_log(path: Path) -> list[dict]:
    """The rows of a checkpoint's log as numbers; an empty list where the log has been deleted."""
    if not log_path(path).exists():
        return []
    rows = csv.DictReader(log_path(path).read_text(encoding="utf-8").splitlines())
    return [{name: float(value) for name, value in row.items()} for row in rows]

"""Records: what tables and figures hold for machines, one dict a line, and their form as CSV."""

import csv
import io

import numpy as np


def number(value: float | None) -> str:
    """A number with four decimals; empty where there is none."""
    return "" if value is None or np.isnan(value) else f"{value:.4f}"


def as_csv(records: list[dict]) -> str:
    """Records with the same fields as CSV, one line each below the names of the fields."""
    text = io.StringIO()
    writer = csv.DictWriter(text, records[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()

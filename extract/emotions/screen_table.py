"""Rows as a table that can be read on the screen, line by line as they come."""

from collections.abc import Iterator

from extract.emotions.seen import Seen

LONGEST = 36  # characters of a path; of a longer one, its end


class ScreenTable:
    """Lines of one table. A column is as wide as what can come in it."""

    def __init__(self, emotions: tuple, axes: tuple, files: list[str], *, timed: bool):
        """files: the paths that will come; timed: whether there is a video among them."""
        longest = max((min(LONGEST, len(each)) for each in files), default=4)
        self.axes = axes
        self.widths = {"path": max(4, longest), **({"time, s": 8, "id": 3} if timed else {"face": 4})}
        self.widths |= {"emotion": max(map(len, (*emotions, "no face"))), "prob.": 5}
        self.widths |= {axis.replace("_", " "): max(6, len(axis)) for axis in axes} | {"note": 4}

    def head(self) -> list[str]:
        """The lines above the rows."""
        names = {name: name for name in self.widths}
        return [self._line(names), self._line({name: "─" * width for name, width in self.widths.items()})]

    def lines(self, seen: Seen, rows: list[dict]) -> Iterator[str]:
        """A line for each row of a picture."""
        for row in rows:
            yield self._line(self._cells(seen, row))

    def _cells(self, seen, row):
        cells = {"path": seen.path if len(seen.path) <= LONGEST else "…" + seen.path[1 - LONGEST :]}
        if seen.time is not None:
            cells["time, s"] = f"{seen.time:.2f}"
        for name in ("face", "id"):
            cells[name] = "" if row.get(name) is None else str(row[name])
        if "predicted" not in row:
            return {**cells, "emotion": row["note"] if len(row["note"]) <= 9 else "", "note": row["note"]}
        cells |= {"emotion": row["predicted"], "prob.": f"{row['probability']:.2f}", "note": row["note"]}
        return cells | {axis.replace("_", " "): f"{row[axis]:.2f}" for axis in self.axes}

    def _line(self, cells):
        text = ("path", "emotion", "note")
        parts = (
            cells.get(name, "").ljust(width) if name in text else cells.get(name, "").rjust(width)
            for name, width in self.widths.items()
        )
        return "  ".join(parts).rstrip()

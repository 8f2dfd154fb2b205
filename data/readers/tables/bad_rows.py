"""One policy for rows that cannot be read: a few are left out and counted, more than that refuse the table."""

from data.readers.tables.cells import BadCell
from data.runtime.failures import Refused

FEW = 3  # as many are left out of any table,
MOST = 0.01  # and this share of the rows of a large one
NAMED = 3  # in a refusal


class BadRows:
    """The bad rows of one table, label file or folder of annotations."""

    def __init__(self, source: object, rule: str = "path and split are needed in every row"):
        """`source` is what messages name where the policy is not kept, `rule` what refused rows are held against."""
        self.source, self.rule = source, rule
        self._left_out, self._vital = [], []

    def leave_out(self, where: str, error: BadCell) -> str:
        """Remember a row whose image is known and whose annotation is not; returns the reason for its Sample."""
        self._left_out.append(f"{where}, {error}")
        return f"bad {error.column}"

    def refuse(self, where: str, error: BadCell) -> None:
        """Remember a row without what every row needs, such as its image and its split: it will refuse the table."""
        self._vital.append(f"{where}, {error}")

    def notes(self, listed: int) -> tuple[str, ...]:
        """A note on what was left out of so many rows, or that there are none; `listed` are those with path and split.

        Raises Refused with the first of them where these are too many, or where path or split are not known."""
        rows = listed + len(self._vital)
        if not rows:
            return (f"{self.source} holds no row",)
        if self._vital:
            raise Refused(_listed(self.source, self._vital, rows, self.rule))
        if len(self._left_out) > max(FEW, MOST * rows):
            raise Refused(_listed(self.source, self._left_out, rows, f"up to {MOST:.0%} would be left out"))
        if not self._left_out:
            return ()
        return (f"cannot be read and are left out: {_counted(self._left_out, rows)}; the first: {self._left_out[0]}",)


def _counted(bad, rows):
    return f"{len(bad):,} of {rows:,} rows"


def _listed(source, bad, rows, rule):
    named = "; ".join(bad[:NAMED])
    return f"{source}: {_counted(bad, rows)} cannot be read ({rule}). {named}" + (" ..." if len(bad) > NAMED else "")

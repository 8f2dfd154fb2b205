"""What a pipeline says of itself while it runs: how many faces it found, and which stage everything waits for."""

import contextlib
import threading
import time
from collections.abc import Iterator


class StageTimes:
    """Seconds that each stage worked. widths: stage -> how many processes or threads may work on it side by side."""

    def __init__(self, **widths: int):
        self.widths, self.seconds = widths, dict.fromkeys(widths, 0.0)
        self.begun, self.lock = time.monotonic(), threading.Lock()
        self.images, self.faces = 0, 0

    def add(self, stage: str, seconds: float) -> None:
        """Add to the time of a stage, from whichever thread."""
        with self.lock:  # stages work in threads
            self.seconds[stage] += seconds

    @contextlib.contextmanager
    def working(self, stage: str) -> Iterator[None]:
        """Add to a stage the time that the block takes."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.add(stage, time.monotonic() - begun)

    def count(self, outcome: object) -> None:
        """Take in what became of one image, an ImageOutcome of extract.crops.cropping."""
        self.images += 1
        if outcome.status == "ok":
            self.faces += 1
        for stage, seconds in outcome.seconds.items():
            self.add(stage, seconds)

    def shares(self) -> dict:
        """Stage -> share of its possible working time in which it worked."""
        passed = max(time.monotonic() - self.begun, 1e-9)
        return {stage: self.seconds[stage] / width / passed for stage, width in self.widths.items()}

    def __str__(self) -> str:
        found = f"faces in {self.faces / self.images:.1%}, " if self.images else ""
        shares = self.shares()
        slowest = max(shares, key=shares.get)
        return f"{found}limit: {slowest} {shares[slowest]:.0%}"

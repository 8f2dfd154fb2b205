"""What a pipeline says of itself while it runs: how many faces it found, and which stage everything waits for."""

import contextlib
import threading
import time


class StageTimes:
    """Seconds that each stage worked. widths: stage -> how many processes or threads may work on it side by side."""

    def __init__(self, **widths):
        self.widths, self.seconds = widths, dict.fromkeys(widths, 0.0)
        self.begun, self.lock = time.monotonic(), threading.Lock()
        self.images, self.faces = 0, 0

    def add(self, stage, seconds):
        with self.lock:  # stages work in threads
            self.seconds[stage] += seconds

    @contextlib.contextmanager
    def working(self, stage):
        begun = time.monotonic()
        try:
            yield
        finally:
            self.add(stage, time.monotonic() - begun)

    def count(self, outcome):
        """Take in what became of one image."""
        self.images += 1
        self.faces += outcome.status == "ok"
        for stage, seconds in outcome.seconds.items():
            self.add(stage, seconds)

    def shares(self):
        """Stage -> share of its possible working time in which it worked."""
        passed = max(time.monotonic() - self.begun, 1e-9)
        return {stage: self.seconds[stage] / width / passed for stage, width in self.widths.items()}

    def __str__(self):
        found = f"faces in {self.faces / self.images:.1%}, " if self.images else ""
        shares = self.shares()
        slowest = max(shares, key=shares.get)
        return f"{found}limit: {slowest} {shares[slowest]:.0%}"

"""How long the page takes at the paper's sizes, on made-up results: python -m tests.benchmarks.report"""

import tempfile
import time
from pathlib import Path

from evaluate.page.report import write_report
from evaluate.samples import read_samples
from tests.evaluate.made_up_study import make_study

SIZES = (3500, 3068, 436)  # test rows of AffectNet, RAF-DB and SFEW


def main():
    with tempfile.TemporaryDirectory() as folder:
        runs = make_study(
            Path(folder), sizes=SIZES, runs=10, ks=(1, 2, 3, *(2**power for power in range(2, 10))), toy=True
        )
        begun = time.monotonic()
        page = write_report(runs, *read_samples(runs, Path(folder) / "features"), Path(folder) / "report")
        print(
            f"{len(runs.outcomes)} heads, {sum(SIZES):,} test rows: {time.monotonic() - begun:.0f} s, page "
            f"{page.stat().st_size / 1e6:.1f} MB"
        )


if __name__ == "__main__":
    main()

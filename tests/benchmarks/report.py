"""How long the page takes at the paper's sizes, on made-up results.

python -m tests.benchmarks.report"""

import tempfile
import time
from pathlib import Path

from evaluate.page.report import write_report
from evaluate.samples import read_samples
from tests.evaluate.made_up_study import make_study

SIZES = (3500, 3068, 436)  # test rows of AffectNet, RAF-DB and SFEW
KS = (1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = make_study(Path(folder), sizes=SIZES, runs=10, ks=KS, toy=True)
        begun = time.monotonic()
        page = write_report(runs, *read_samples(runs, Path(folder) / "features"), Path(folder) / "report")
        seconds, size = time.monotonic() - begun, page.stat().st_size / 1e6
        print(f"{len(runs.outcomes)} heads, {sum(SIZES):,} test rows: {seconds:.0f} s, page {size:.1f} MB")


if __name__ == "__main__":
    main()

"""Features larger than memory: the same sweep with all rows in memory and with `--memory` too small, in one run.

    python -m tests.benchmarks.disk [--share 4] [--memory 256M] [--json]

Planted data (made up), `share` times the paper's rows; the heads of Tables 1-3, one epoch, each in a process of its
own. Prints seconds, peak memory of the whole process and of each row, and whether both wrote the same results."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from data.files.cache import open_cache
from tests.benchmarks import planted

SWEEP = """
import functools, sys
from embed import settings
settings.HeadSettings = functools.partial(settings.HeadSettings, epochs=1, steps=0)
sys.argv = ["embed", "sweep", "--k", "1", "--device", "cpu", *{arguments!r}]
from embed.cli import main
main()
"""


def sweep(folder: str, results: str, memory: str) -> tuple[float, float]:
    """(seconds, peak GiB) of a sweep in a process of its own."""
    arguments = ["--workdir", str(folder), "--results", results, "--memory", memory]
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", SWEEP.format(arguments=arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the sweep with --memory {memory} ended with status {status}")
    return time.monotonic() - begun, used.ru_maxrss / 2**20


def digest(path: str) -> str:
    """The digest that a file of results carries."""
    with open_cache(path, "runs") as file:
        return file.attrs["digest"]


def measure(share: float, memory: str) -> dict:
    """Everything that is printed, by name."""
    with tempfile.TemporaryDirectory() as folder:
        planted.write(folder, share=share)
        rows = round(share * sum(train for train, _ in planted.ROWS.values()))
        names = {"memory": "100G", "disk": memory}
        found = {name: sweep(folder, f"{folder}/{name}.h5", size) for name, size in names.items()}
        same = digest(f"{folder}/memory.h5") == digest(f"{folder}/disk.h5")
    return {
        "rows": rows,
        "feature_gib": rows / 2**20,
        **{f"seconds_{name}": seconds for name, (seconds, _) in found.items()},
        **{f"peak_rss_gib_{name}": peak for name, (_, peak) in found.items()},
        "same_results": same,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=4.0)
    parser.add_argument("--memory", default="256M")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.share, options.memory)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:24}{value:.4g}" if isinstance(value, float) else f"{name:24}{value}")


if __name__ == "__main__":
    main()

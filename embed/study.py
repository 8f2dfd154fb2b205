"""Do the numbers depend on how long and how fast heads are trained? The heads of the tables and of Figure 4, trained
three and ten times as long, and at a third and three times of the rate, each to a results file like any other."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from data.files.runs import Runs, folder_of, read_runs
from data.runtime.progress import Silent
from embed.rows.feature_caches import read_cache
from embed.settings import HeadSettings
from embed.sweep import Place, Request, sweep

VARIANTS = ((1, 1), (3, 1), (10, 1), (1, 1 / 3), (1, 3))  # (times the length, times the rate); the first is the default
HEADS = (*(("cake", k) for k in (2, 3, 8, 64, 512)), *(("av", k) for k in (0, 1, 64)), ("baseline", 0))
SIZES = sorted({k for family, k in HEADS if family == "cake"})  # what a sweep is asked for, to train them among others


def sizes_for(paths: list[Path]) -> list[int]:
    """SIZES, up to the dimensions of the features of caches that are swept together."""
    width = min(read_cache(path).train.feature_size for path in paths)
    return [k for k in SIZES if k <= width]


def study(
    paths: list[Path],
    results: Path,
    request: Request,
    settings: HeadSettings,
    *,
    place: Place = Place(),
    watched: Callable = lambda name: contextlib.nullcontext(Silent()),
) -> Iterator[tuple[Path, Runs]]:
    """Train every variant that study/ beside `results` does not hold yet; yields (its results file, Runs).

    The penalty is the one of `results` where there are heads, else chosen once for all variants. watched(name) gives a
    context with the Progress of one variant."""
    request = replace(request, only=HEADS)
    if request.choose_penalty and results.exists():
        settings = replace(settings, penalty=read_runs(results, partly=True).identity.get("penalty", 0.0))
        request = replace(request, choose_penalty=False)
    for length, rate in VARIANTS:
        own = replace(
            settings, epochs=length * settings.epochs, steps=length * settings.steps, rate=rate * settings.rate
        )
        name = name_of(length, rate)
        target = folder_of(results) / "study" / f"{name}.h5"
        with watched(name) as progress:
            found, _ = sweep(paths, target, request, own, place=place, progress=progress)
        settings, request = replace(settings, penalty=found.identity["penalty"]), replace(request, choose_penalty=False)
        yield target, found


def name_of(length: float, rate: float) -> str:
    """The name of a variant, such as length-10 or rate-0.33."""
    if length == rate == 1:
        return "default"
    return f"length-{length}" if length != 1 else f"rate-{rate:.2g}"

"""A listing to aligned/NAME.h5: every listed image gets a manifest row, every face found a crop."""

import contextlib
import functools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from data.coverage import STATUSES, UNOPENED
from data.emotions import UNLABELLED
from data.files.cache import open_cache, pack
from data.files.lock import claimed
from data.files.provenance import code_version, versions
from data.files.shards import remove_parts
from data.runtime.failures import Refused
from data.runtime.ranks import ALONE, Ranks
from data.sample import SPLITS, Listing
from extract.crops.aligned_header import LIST, fits, make_header
from extract.crops.cropping import ImageOutcome, Rule, outcome
from extract.crops.earlier import EarlierCrops, any_opens, key
from extract.crops.list_changes import changes
from extract.crops.people import people_told
from extract.crops.shard_arrays import COUNTED, counts, shard_arrays
from extract.faces.detectors import detector_named
from extract.faces.landmarks import scheme_named
from extract.stage_times import StageTimes
from extract.threads import Threads, ahead
from extract.workers import Failed, supervise

SHARD_ROWS = 1024
# Rows of one shard that may crash or hang their worker, about 1 %; where more do, the software fails, not the images.
FAILURES_ALLOWED = 10


def align(
    listing: Listing,
    target: Path,
    *,
    rule: Rule,
    workers: int,
    official: dict | None = None,
    ranks: Ranks = ALONE,
    progress: Callable = lambda rows, text="": None,
) -> bool:
    """Make `target`, or finish what an interrupted call left. Returns False where it was made already.

    official: dict split -> (7,) official counts, stored for the report of coverage. progress(n, text) is called with
    counts of rows done, with text None for those that cost nothing now. Where target or its shards are of another list,
    their crops are used. Raises data.files.publish.Mismatch where they were made with other settings, or of other
    images, Busy, DiskFull, ChildProcessError where too many images of a shard crash their worker."""
    return AlignedCache(listing, target, rule, official).finish(workers, ranks, progress)


class AlignedCache:
    """One listing on its way to its cache, through shards of 1,024 listed images."""

    def __init__(self, listing: Listing, target: Path, rule: Rule, official: dict | None = None):
        _refuse_shared_labels(listing, rule)
        self.listing, self.target, self.rule, self.official = listing, Path(target), rule, official or {}
        for scheme in {sample.scheme for sample in listing.samples if sample.landmarks is not None}:
            scheme_named(scheme)  # refused now, and not as faces that were not found
        self.detector, self.people = detector_named(rule.detector), people_told(listing.samples)
        self.header = make_header(listing, rule, self.detector, SHARD_ROWS)
        self.plan = _plan(listing)  # (split, samples) of each shard; the position is its number
        self.changes = ""  # how the list differs from that of the cache there is, once it is held

    def finish(self, workers: int, ranks: Ranks, progress: Callable) -> bool:
        """Align what is not aligned yet, and join it. Returns False where that was done already."""
        with self.held(ranks) as finished:
            if not finished:
                ranks.together(lambda: list(self.shards_in_turn(workers, ranks, progress)))
                ranks.on_first(self.pack)
        return not finished

    @contextlib.contextmanager
    def held(self, ranks: Ranks) -> Iterator[bool]:
        """Hold the output, with its shards ready; yields whether it was made already. Raises Busy, Mismatch."""
        with claimed(
            self.target,
            "aligned",
            ranks,
            shard_header=self.header,
            header=self.header,
            renewed=(LIST,),
            outdated=lambda file: any_opens(file, self.listing.root),
        ) as self.shards:
            if self.shards is not None and self.target.exists():
                self.changes = ranks.on_first(self._changes)
            yield self.shards is None

    def _changes(self):
        with open_cache(self.target, "aligned") as file:
            return changes(file, self.listing)

    def shards_in_turn(
        self, workers: int, ranks: Ranks, progress: Callable, meter: StageTimes | None = None
    ) -> Iterator[int]:
        """Yield the numbers of this process' shards as they are finished, first those that were finished before."""
        mine = range(ranks.rank, len(self.plan), ranks.world)
        done = list(filter(self.shards.done, mine))
        todo = sorted(set(mine) - set(done))
        progress(sum(len(self.plan[number][1]) for number in done), None)
        yield from done
        self.meter = meter or StageTimes(decode=workers, detect=workers, write=1)
        with (
            contextlib.closing(EarlierCrops(self.target, functools.partial(fits, self.header))) as self.earlier,
            contextlib.closing(self._finished(todo, workers, progress)) as finished,
            Threads(1) as writer,
        ):
            yield from ahead(writer, self._publish, finished, depth=2)

    def _publish(self, finished):
        number, outcomes = finished
        with self.meter.working("write"):
            self.shards.publish(number, shard_arrays(self.plan[number][1], outcomes, self.people))
        return number

    def _finished(self, todo, workers, progress):
        """Yield (shard number, outcomes in row order) as shards fill up."""
        outcomes = {number: [self._known(sample) for sample in self.plan[number][1]] for number in todo}
        waiting = {number: outcomes[number].count(None) for number in todo}
        for number in todo:
            progress(len(outcomes[number]) - waiting[number], None)
            if not waiting[number]:
                yield number, self._taken_over(outcomes.pop(number))
        items = list(self._items(outcomes))
        if not items:
            return
        with contextlib.closing(supervise(self._work(), items, workers=workers)) as results:
            for (number, position), result in self._counted(results):
                outcomes[number][position] = result
                waiting[number] -= 1
                progress(1, self.meter)
                if not waiting[number]:
                    yield number, self._taken_over(outcomes.pop(number))

    def _known(self, sample):
        """What is known of an image before it is looked at: its outcome, or the key of one from earlier; else None."""
        if sample.left_out:
            return ImageOutcome("left_out", sample.left_out)
        found = key(sample) if len(self.earlier) else None
        return found if found in self.earlier else None

    def _taken_over(self, outcomes):
        """The outcomes of a shard, with those from earlier read from where they lie."""
        return [self.earlier.outcome(one) if isinstance(one, bytes) else one for one in outcomes]

    def _counted(self, results):
        """The results as ImageOutcomes, counted by the meter; ChildProcessError where too many of a shard failed."""
        failures = Counter()
        for (number, position), result in results:
            if isinstance(result, Failed):
                failures[number] += 1
                self._refuse_failure(failures[number], result)
                result = ImageOutcome(result.status, result.reason)
            self.meter.count(result)
            yield (number, position), result

    def _work(self):
        return functools.partial(outcome, root=self.listing.root, rule=self.rule, detector=self.detector)

    def _items(self, outcomes):
        """Yield ((shard number, position in the shard), sample) of every image without an outcome."""
        for number, of_shard in outcomes.items():
            for position, known in enumerate(of_shard):
                if known is None:
                    yield (number, position), self.plan[number][1][position]

    def _refuse_failure(self, failures, last):
        if failures > FAILURES_ALLOWED:
            raise ChildProcessError(
                f"{failures} of {SHARD_ROWS:,} images crashed or hung their worker, the last with: {last.reason}. "
                "That points to the installation, not to the images. Finished shards are kept, this one is not"
            )

    def pack(self) -> None:
        """Join the shards of all processes into the cache. Raises Refused where that would hold no crop."""
        self._refuse_nothing()
        pack(
            self.target,
            "aligned",
            self.shards,
            self._splits(),
            header=self.header,
            toy=self.listing.toy,
            provenance={
                "dataset": self.listing.dataset,
                "layout": self.listing.layout,
                "root": str(Path(self.listing.root).resolve()),
                "rule": asdict(self.rule),
                "code_version": code_version(),
                "versions": versions(),
            },
        )

    def _refuse_nothing(self):
        """A wrong root, a disk that is not mounted, pictures of something else: nothing that is worth keeping."""
        statuses, first = Counter(), None
        for number in range(len(self.plan)):
            arrays = self.shards.load(number, [f"manifest/{name}" for name in ("crops", "status", "path", "reason")])
            if arrays.pop("manifest/crops").any():
                return
            for status, path, reason in zip(*arrays.values()):
                statuses[STATUSES[status]] += 1
                first = first or f"{path}: {reason}"
        del statuses["left_out"]
        remove_parts(self.target)
        counted = ", ".join(f"{status.replace('_', ' ')} {count:,}" for status, count in statuses.items())
        what, advice = "gave a crop", "--undetected whole takes whole images, --landmarks none crops as they are"
        if set(statuses) <= set(UNOPENED):
            what, advice = "could be opened", "--root names the folder that their paths start from"
        raise Refused(
            f"not one of the {statuses.total():,} listed images below {self.listing.root} {what} ({counted}; first "
            f"{first}); {advice}"
        )

    def _splits(self):
        """What `pack` joins: of each split its shard numbers, the counts for coverage, and each shard's content."""
        numbers_of = {split: [] for split, _ in self.plan}
        for number, (split, _) in enumerate(self.plan):
            numbers_of[split].append(number)
        splits = {}
        for split, numbers in numbers_of.items():
            rows = sum(len(self.plan[number][1]) for number in numbers)
            loaded = [self.shards.load(number, COUNTED) for number in numbers]
            contents = np.array([self.shards.content(number) for number in numbers], object)
            splits[split] = (numbers, {**counts(loaded, rows, self.official.get(split)), "shard_content": contents})
        return splits


def _refuse_shared_labels(listing, rule):
    """A label is of one face; the others in its photograph would be trained and tested on as if they had it too."""
    labelled = sum(sample.emotion != UNLABELLED or not np.isnan(sample.valence) for sample in listing.samples)
    if rule.faces == "all" and labelled:
        raise Refused(
            f"--faces all takes every face of an image, and {labelled:,} of {len(listing.samples):,} listed images "
            "have a label, which is of one face; leave --faces out, or list the images without labels"
        )


def _plan(listing):
    """List of (split, samples) in shards of consecutive rows; the position in this list is the shard's number."""
    shards = []
    for split in SPLITS:
        samples = listing.of(split)
        for start in range(0, len(samples), SHARD_ROWS):
            shards.append((split, samples[start : start + SHARD_ROWS]))
    return shards

"""Audit of a data set before anything is computed from it: counts, broken files, pictures that stand in two splits."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from data.emotions import EMOTIONS
from data.readers.tables.listed import in_several_splits
from data.sample import SPLITS, Listing
from extract.audit import fingerprint, leakage
from extract.audit.file_prints import ListedFiles

SHOWN = 5  # examples printed of each kind of trouble


@dataclass
class Audit:
    """What was found. Counts are by split; troubles name paths; pairs name places, by their number."""

    dataset: str
    layout: str
    toy: bool
    notes: tuple
    listed: dict  # split -> rows
    counts: dict  # split -> (7,) rows of each class
    there: dict  # split -> (7,) those whose image can be read
    official: dict  # split -> (7,), where known
    without: dict  # split -> Counter of rows without: label, valence-arousal, box, landmarks
    troubles: dict = field(default_factory=dict)  # status -> list of (path, reason)
    # (split, path, emotion) of each readable image, split by split; a row that repeats stands here once
    places: list = field(default_factory=list)
    pairs: leakage.Pairs | None = None  # of one picture in several splits, most alike first
    within: int = 0  # further copies inside one split
    flat: int = 0  # images without a picture, compared by their bytes alone
    clusters: dict = field(default_factory=dict)  # person or clip in several splits -> these splits

    def warnings(self) -> Iterator[str]:
        """Lines about counts that differ from the official ones."""
        for split, expected in self.official.items():
            if split not in self.counts:
                yield f"{split}: no image, officially {sum(expected):,}"
                continue
            for emotion, count, known in zip(EMOTIONS, self.counts[split], expected):
                if count != known:
                    yield f"{split}: {emotion} {count:,}, officially {known:,} ({count - known:+,})"

    def labelled_otherwise(self, pairs: leakage.Pairs) -> int:
        """How many of the pairs have two emotions; a row without one contradicts nothing."""
        emotions = np.array([emotion for _, _, emotion in self.places], int)
        one, other = emotions[pairs.one], emotions[pairs.other]
        return int(((one != other) & (one >= 0) & (other >= 0)).sum())


def audit(
    listing: Listing, official: dict | None = None, *, workers: int, progress: Callable = lambda rows: None
) -> Audit:
    """Read every image of the seven classes once, in `workers` processes, and those of doubtful pairs again.

    official: dict split -> (7,) counts to compare with. An image takes 236 bytes of memory, whatever its size."""
    splits = [split for split in SPLITS if listing.of(split)]
    found = Audit(
        dataset=listing.dataset,
        layout=listing.layout,
        toy=listing.toy,
        notes=(f"images below {listing.root}", *listing.notes, *listing.gaps()),
        listed={split: len(listing.of(split)) for split in splits},
        counts={split: _class_counts(listing.of(split)) for split in splits},
        there={},
        official=official or {},
        without={split: _without(listing.of(split)) for split in splits},
        clusters=in_several_splits(listing.samples, "cluster"),
    )
    samples = [sample for split in splits for sample in listing.of(split) if not sample.left_out]
    progress(len(listing.samples) - len(samples))
    images = ListedFiles(samples, listing.root, workers=workers)
    prints = images.prints(progress)
    there = [sample for sample in samples if prints.readable[images.number[sample.path]]]
    found.there = {split: _class_counts([one for one in there if one.split == split]) for split in splits}
    places = dict.fromkeys((sample.split, sample.path, sample.emotion) for sample in samples)
    found.places = [(split, path, label) for split, path, label in places if prints.readable[images.number[path]]]
    _compare(found, images, prints)
    for number, failed in sorted(images.failed.items()):
        found.troubles.setdefault(failed.status, []).append((images.sources[number][0], failed.reason))
    return found


def _class_counts(samples):
    return np.bincount([sample.emotion for sample in samples if sample.emotion >= 0], minlength=len(EMOTIONS))


def _without(samples):
    kept = [sample for sample in samples if not sample.left_out]
    return Counter(
        {
            "emotion": sum(sample.emotion < 0 for sample in kept),
            "valence and arousal": sum(not np.isfinite([sample.valence, sample.arousal]).all() for sample in kept),
            "box": sum(sample.box is None for sample in kept),
            "landmarks": sum(sample.landmarks is None for sample in kept),
        }
    )


def _compare(found, images, prints):
    files = np.array([images.number[path] for _, path, _ in found.places], int)
    splits = np.array([SPLITS.index(split) for split, _, _ in found.places], int)
    content = np.unique(prints.digest, axis=0, return_inverse=True)[1].reshape(-1)[files]
    flat = ~prints.thumbnail.any(axis=(1, 2))
    # a flat image has no hash of its picture; by the bits of its digest it meets its copies and nothing else
    hashed = np.where(flat, prints.digest.view(np.uint64)[:, 0], fingerprint.hashes(prints.thumbnail))
    found.flat = int((flat & prints.readable).sum())
    found.within = sum(len(set(files[splits == split])) - len(set(content[splits == split])) for split in set(splits))
    suspects = leakage.confirmed(
        leakage.suspects(splits, content, hashed[files]), lambda places: prints.thumbnail[files[places]]
    )
    doubtful = suspects.where(suspects.kind != leakage.IDENTICAL)
    again = np.unique(files[np.concatenate([doubtful.one, doubtful.other])])
    details = images.details(again)
    found.pairs = leakage.most_alike_first(
        leakage.confirmed(suspects, lambda places: details[np.searchsorted(again, files[places])])
    )


def render(found: Audit) -> str:
    """The audit as text."""
    lines = [
        f"{found.dataset}: {found.layout}" + ("  TOY DATA" if found.toy else ""),
        *(f"  {note}" for note in found.notes),
        "",
    ]
    lines += _count_table(found)
    lines += [f"  warning: {line}" for line in found.warnings()]
    for split, missing in found.without.items():
        gaps = ", ".join(f"{name} {count:,}" for name, count in missing.items() if count)
        lines += [f"{split}, rows of the seven classes without {gaps}"] if gaps else []
    for status, places in sorted(found.troubles.items()):
        lines += [
            f"{status.replace('_', ' ')}: {len(places):,} images",
            *(f"  {path}: {reason}" for path, reason in places[:SHOWN]),
        ]
    lines += _pair_lines(found)
    lines += _cluster_lines(found)
    lines += [f"flat images, compared by their bytes alone: {found.flat:,}"] if found.flat else []
    lines.append(f"further identical copies inside one split: {found.within:,}")
    return "\n".join(lines)


def _pair_lines(found):
    for kind, name in enumerate(leakage.KINDS):
        pairs = found.pairs.of(kind)
        line = f"{name} images in several splits: {len(pairs):,} {'pair' if len(pairs) == 1 else 'pairs'}"
        if len(pairs):
            line += f", {found.labelled_otherwise(pairs):,} of them with different emotions"
            line += "  LEAKAGE" if kind == leakage.IDENTICAL else ""
        yield line
        for one, other, distance in zip(pairs.one[:SHOWN], pairs.other[:SHOWN], pairs.distance):
            first, second = (f"{split} {path}" for split, path, _ in (found.places[one], found.places[other]))
            if kind == leakage.IDENTICAL:
                yield f"  {first} = {second}"
            else:
                yield f"  {first} ~ {second}  ({distance} of 64 bits differ)"


def _cluster_lines(found):
    """The persons, or clips where persons are unknown, that a classifier has seen in training and is tested on."""
    if not found.clusters:
        return
    yield f"persons or clips in several splits: {len(found.clusters):,}  LEAKAGE"
    for cluster, splits in list(found.clusters.items())[:SHOWN]:
        yield f"  {cluster} ({' and '.join(splits)})"


def _count_table(found):
    width = max(len(name) for name in EMOTIONS) + 1
    row = lambda label, counts: f"{label:22}" + "".join(f"{count:>{width},}" for count in counts)
    yield " " * 22 + "".join(f"{name:>{width}}" for name in (*EMOTIONS, "sum", "left out"))
    for split, counts in found.counts.items():
        left_out = found.listed[split] - counts.sum() - found.without[split]["emotion"]
        yield row(f"{split} listed", (*counts, counts.sum(), left_out))
        if found.there[split].sum() < counts.sum():
            yield row(f"{split} readable", (*found.there[split], found.there[split].sum(), 0))
        if split in found.official:
            official = found.official[split]
            yield row(f"{split} official", (*official, sum(official)))

"""Audit of a data set before anything is computed from it: counts, broken files, pictures that stand in two splits."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from data.emotions import EMOTIONS
from data.sample import SPLITS
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
    official: dict  # split -> (7,), where known
    without: dict  # split -> Counter of rows without: label, valence-arousal, box, landmarks
    troubles: dict = field(default_factory=dict)  # status -> list of (path, reason)
    places: list = field(
        default_factory=list
    )  # (split, path, emotion) of each readable image, by split; rows that repeat once
    pairs: leakage.Pairs = None  # of one picture in several splits, most alike first
    within: int = 0  # further copies inside one split
    flat: int = 0  # images without a picture, compared by their bytes alone

    def warnings(self):
        """Lines about counts that differ from the official ones."""
        for split, expected in self.official.items():
            for emotion, count, known in zip(EMOTIONS, self.counts.get(split, np.zeros(7, int)), expected):
                if count != known:
                    yield f"{split}: {emotion} {count:,}, officially {known:,} ({count - known:+,})"

    def labelled_otherwise(self, pairs):
        """How many of the pairs have two emotions; a row without one contradicts nothing."""
        emotions = np.array([emotion for _, _, emotion in self.places], int)
        one, other = emotions[pairs.one], emotions[pairs.other]
        return int(((one != other) & (one >= 0) & (other >= 0)).sum())


def audit(listing, official=None, *, workers, progress=lambda rows: None):
    """Read every image of the seven classes once, in `workers` processes, and those of doubtful pairs again.

    official: dict split -> (7,) counts to compare with. An image takes 236 bytes of memory, whatever its size."""
    splits = [split for split in SPLITS if listing.of(split)]
    counts = {split: _class_counts(listing.of(split)) for split in splits}
    found = Audit(
        listing.dataset,
        listing.layout,
        listing.toy,
        listing.notes,
        {split: len(listing.of(split)) for split in splits},
        counts,
        official or {},
        {split: _without(listing.of(split)) for split in splits},
    )
    samples = [sample for split in splits for sample in listing.of(split) if not sample.left_out]
    progress(len(listing.samples) - len(samples))
    images = ListedFiles(samples, listing.root, workers=workers)
    prints = images.prints(progress)
    found.places = [
        place
        for place in dict.fromkeys((sample.split, sample.path, sample.emotion) for sample in samples)
        if prints.readable[images.number[place[1]]]
    ]
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
    # by its digest's bits a flat image meets its copies, and nothing else
    hashed = np.where(flat, prints.digest.view(np.uint64)[:, 0], fingerprint.hashes(prints.thumbnail))
    found.flat = int((flat & prints.readable).sum())
    found.within = sum(len(set(files[splits == split])) - len(set(content[splits == split])) for split in set(splits))
    suspects = leakage.confirmed(
        leakage.suspects(splits, content, hashed[files]), lambda places: prints.thumbnail[files[places]]
    )
    again = np.unique(
        files[np.concatenate([suspects.one, suspects.other])[np.tile(suspects.kind != leakage.IDENTICAL, 2)]]
    )
    details = images.details(again)
    found.pairs = leakage.most_alike_first(
        leakage.confirmed(suspects, lambda places: details[np.searchsorted(again, files[places])])
    )


def render(found):
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
    lines += [f"flat images, compared by their bytes alone: {found.flat:,}"] if found.flat else []
    lines.append(f"further identical copies inside one split: {found.within:,}")
    return "\n".join(lines)


def _pair_lines(found):
    for kind, name in enumerate(leakage.KINDS):
        pairs = found.pairs.of(kind)
        count = f"{len(pairs):,} pair" + "s" * (len(pairs) != 1)
        otherwise = f", {found.labelled_otherwise(pairs):,} of them with different emotions" if len(pairs) else ""
        leaks = kind == leakage.IDENTICAL and len(pairs)
        yield f"{name} images in several splits: {count}{otherwise}" + ("  LEAKAGE" if leaks else "")
        sign = "=" if kind == leakage.IDENTICAL else "~"
        for one, other, distance in zip(pairs.one[:SHOWN], pairs.other[:SHOWN], pairs.distance):
            bits = f"  ({distance} of 64 bits differ)" if kind != leakage.IDENTICAL else ""
            yield "  " + f" {sign} ".join(" ".join(found.places[place][:2]) for place in (one, other)) + bits


def _count_table(found):
    width = max(len(name) for name in EMOTIONS) + 1
    yield " " * 22 + "".join(f"{name:>{width}}" for name in EMOTIONS) + f"{'sum':>{width}}" + f"{'left out':>{width}}"
    for split, counts in found.counts.items():
        left_out = found.listed[split] - counts.sum() - found.without[split]["emotion"]
        yield f"{split + ' found':22}" + "".join(f"{count:>{width},}" for count in (*counts, counts.sum(), left_out))
        if split in found.official:
            yield f"{split + ' official':22}" + "".join(
                f"{count:>{width},}" for count in (*found.official[split], sum(found.official[split]))
            )

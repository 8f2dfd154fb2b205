"""Audit of a data set before anything is computed from it: counts, broken files, images that stand in two splits."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from data import guard
from data.emotions import EMOTIONS
from data.machine import available_cpus
from data.sample import SPLITS
from extract.decode import Undecodable, decode

SHOWN = 5  # examples printed of each kind of trouble


@dataclass
class Audit:
    """What was found. Counts are by split; troubles and identical images name paths."""

    dataset: str
    layout: str
    toy: bool
    notes: tuple
    listed: dict  # split -> rows
    counts: dict  # split -> (7,) rows of each class
    official: dict  # split -> (7,), where known
    without: dict  # split -> Counter of rows without: label, valence-arousal, box, landmarks
    troubles: dict = field(default_factory=dict)  # status -> list of (path, reason)
    across: list = field(default_factory=list)  # groups of (split, path) with the same bytes in several splits
    within: int = 0  # further copies inside one split

    def warnings(self):
        """Lines about counts that differ from the official ones."""
        for split, expected in self.official.items():
            for emotion, count, known in zip(EMOTIONS, self.counts.get(split, np.zeros(7, int)), expected):
                if count != known:
                    yield f"{split}: {emotion} {count:,}, officially {known:,} ({count - known:+,})"


def audit(listing, official=None, *, progress=lambda rows: None):
    """Read every image of the seven classes once, in threads. official: dict split -> (7,) counts to compare with."""
    splits = [split for split in SPLITS if listing.of(split)]
    counts = {split: _class_counts(listing.of(split)) for split in splits}
    found = Audit(listing.dataset, listing.layout, listing.toy, listing.notes, {split: len(listing.of(split)) for split in splits},
                  counts, official or {}, {split: _without(listing.of(split)) for split in splits})
    samples = [sample for sample in listing.samples if not sample.left_out]
    copies = {}
    with ThreadPoolExecutor(available_cpus()) as pool:
        for sample, (status, detail) in zip(samples, pool.map(lambda sample: _examine(sample, listing.root), samples)):
            if status == "ok":
                copies.setdefault(detail, set()).add((sample.split, sample.path))
            else:
                found.troubles.setdefault(status, []).append((sample.path, detail))
            progress(1)
    _compare(found, copies)
    return found


def _class_counts(samples):
    return np.bincount([sample.emotion for sample in samples if sample.emotion >= 0], minlength=len(EMOTIONS))


def _without(samples):
    kept = [sample for sample in samples if not sample.left_out]
    return Counter({
        "emotion": sum(sample.emotion < 0 for sample in kept),
        "valence and arousal": sum(not np.isfinite([sample.valence, sample.arousal]).all() for sample in kept),
        "box": sum(sample.box is None for sample in kept),
        "landmarks": sum(sample.landmarks is None for sample in kept)})


def _examine(sample, root):
    """("ok", sha256 of the bytes) or (status, reason)."""
    if sample.pixels is not None:
        return "ok", hashlib.sha256(sample.pixels.tobytes()).digest()
    try:
        data = guard.locate(root, sample.path).read_bytes()
        decode(data)
    except guard.OutsideRoot as error:
        return "outside_root", str(error)
    except FileNotFoundError:
        return "missing", "no such file"
    except OSError as error:
        return "unreadable", str(error.strerror)
    except Undecodable as error:
        return error.status, str(error)
    return "ok", hashlib.sha256(data).digest()


def _compare(found, copies):
    for places in copies.values():
        splits = Counter(split for split, _ in places)
        found.within += sum(count - 1 for count in splits.values())
        if len(splits) > 1:
            found.across.append(sorted(places))
    found.across.sort()


def render(found):
    """The audit as text."""
    lines = [f"{found.dataset}: {found.layout}" + ("  TOY DATA" if found.toy else ""), *(f"  {note}" for note in found.notes), ""]
    lines += _count_table(found)
    lines += [f"  warning: {line}" for line in found.warnings()]
    for split, missing in found.without.items():
        gaps = ", ".join(f"{name} {count:,}" for name, count in missing.items() if count)
        lines += [f"{split}, rows of the seven classes without {gaps}"] if gaps else []
    for status, places in sorted(found.troubles.items()):
        lines += [f"{status.replace('_', ' ')}: {len(places):,} images", *(f"  {path}: {reason}" for path, reason in places[:SHOWN])]
    lines.append(f"identical images in several splits: {len(found.across):,}" + ("  LEAKAGE" if found.across else ""))
    lines += ["  " + " = ".join(f"{split} {path}" for split, path in places) for places in found.across[:SHOWN]]
    lines.append(f"further identical copies inside one split: {found.within:,}")
    return "\n".join(lines)


def _count_table(found):
    width = max(len(name) for name in EMOTIONS) + 1
    yield " " * 22 + "".join(f"{name:>{width}}" for name in EMOTIONS) + f"{'sum':>{width}}" + f"{'left out':>{width}}"
    for split, counts in found.counts.items():
        left_out = found.listed[split] - counts.sum() - found.without[split]["emotion"]
        yield f"{split + ' found':22}" + "".join(f"{count:>{width},}" for count in (*counts, counts.sum(), left_out))
        if split in found.official:
            yield f"{split + ' official':22}" + "".join(f"{count:>{width},}" for count in (*found.official[split], sum(found.official[split])))

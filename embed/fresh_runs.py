"""What results say before any head is in them: their test sets, what must agree, what they come from and lack."""

import logging

import numpy as np
import torch

from data.files.provenance import code_version, versions
from data.files.runs import Runs, TestSet
from data.heads import ANNOTATED, FAMILIES, PREDICTED
from embed.rows.corpus import annotated_domain, has_predictions
from embed.rows.feature_caches import SweptCache
from embed.settings import HeadSettings

NONE_THERE = {PREDICTED: "no predicted arousal-valence", ANNOTATED: "no annotated arousal-valence"}

log = logging.getLogger(__name__)


def fresh_runs(caches: list[SweptCache], settings: HeadSettings, penalty: dict | None = None) -> Runs:
    """The Runs of these caches without any head. penalty: what is said of how its strength was chosen."""
    tests = {
        cache.name: TestSet(
            cache.test.emotion.astype(np.int8),
            cache.test.row,
            cache.test.status_counts,
            cache.test.paths,
            more=dict(cache.test.people),
        )
        for cache in caches
    }
    return Runs(
        identity=identity(caches, settings),
        classifiers=tuple(cache.name for cache in caches),
        tests=tests,
        toy=caches[0].toy,
        classes=caches[0].classes,
        provenance={**provenance(caches), **({"penalty": penalty} if penalty else {})},
    )


def arousal_valence(caches: list[SweptCache]) -> dict:
    """Whether the caches have it, predicted for all rows and annotated for one domain."""
    return {PREDICTED: has_predictions(caches), ANNOTATED: annotated_domain(caches) is not None}


def identity(caches: list[SweptCache], settings: HeadSettings) -> dict:
    """What must agree before heads join a results file."""
    return {**settings.identity(), "caches": [[cache.name, cache.digest] for cache in caches]}


def provenance(caches: list[SweptCache]) -> dict:
    """What the results come from, beside what must agree."""
    return {
        "pretraining": list(caches[0].provenance["emotion"]["domains"]),
        "network": caches[0].provenance.get("network", ""),  # its name among several; empty for the first
        # what that is, and how many parameters it has; older caches and those of other programs do not tell
        **{fact: caches[0].provenance[fact] for fact in ("architecture", "parameters") if fact in caches[0].provenance},
        "training_rows": {cache.name: len(cache.train) for cache in caches},
        # whoever puts the priors back into probabilities that were trained with class weights needs these
        "training_classes": {
            cache.name: np.bincount(cache.train.emotion, minlength=len(cache.classes)).tolist() for cache in caches
        },
        "left_out": {family.name: NONE_THERE[family.arousal_valence] for family in _left_out(caches)},
        "annotated_domain": getattr(annotated_domain(caches), "name", None),
        "image_size": caches[0].header.get("image_size"),  # imported features have none
        "features": {cache.name: cache.header for cache in caches},
        "code_version": code_version(),
        # how the emotion network was trained and how fast it is; older caches and those of other programs do not tell
        "training": caches[0].provenance["emotion"].get("settings", {}),
        "images_per_second": caches[0].provenance.get("images_per_second"),
        "versions": versions(),
        "threads": torch.get_num_threads(),
    }


def _left_out(caches):
    """The families whose arousal-valence the caches lack."""
    lacking = [kind for kind, there in arousal_valence(caches).items() if not there]
    return [family for family in FAMILIES.values() if family.arousal_valence in lacking]


def _lacking(caches, kind):
    """Which caches lack the arousal-valence that a family needs."""
    if kind == ANNOTATED:
        return f"{NONE_THERE[kind]} in both splits of any cache"
    names = ", ".join(cache.name for cache in caches if cache.train.predicted is None)
    return f"{NONE_THERE[kind]} in {names}, and it is needed in every cache"


def say_gaps(caches: list[SweptCache], families: list) -> None:
    """Warn of families that were asked for or the tables need and cannot be trained, and of classes without rows."""
    for family in _left_out(caches):
        if family.table_sizes or family.name in families:
            log.warning("%s is left out: %s", family.name, _lacking(caches, family.arousal_valence))
    for cache in caches:
        for split, part in (("training", cache.train), ("test", cache.test)):
            there = set(part.emotion.tolist())
            absent = [name for index, name in enumerate(cache.classes) if index not in there]
            if absent:
                log.warning("%s has no %s row of %s", cache.name, split, ", ".join(absent))

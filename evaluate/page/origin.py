"""Where numbers come from: caches, networks, settings, versions and seeds of a results file, as far as it tells."""

from collections.abc import Iterator

from data.coverage import covered
from data.emotions import EMOTIONS
from data.files.runs import Runs
from data.networks import is_imported
from evaluate.reference import display, in_order
from evaluate.tables.table import Table, new_table, tell

UNTOLD = "not told by this results file"
UNKNOWN = "not known of imported features"


def origin(runs: Runs) -> Table:
    """Table of what made the results, a line for each fact."""
    table = new_table(runs, "provenance", "Provenance", ("What", "Value"))
    for what, value in _facts(runs):
        table.rows.append((what, value))
        tell(table, runs, what=what, value=value)
    return table


def _facts(runs: Runs) -> Iterator[tuple]:
    told = runs.provenance
    if runs.classes != EMOTIONS:
        yield "classes", ", ".join(runs.classes)
    for name in in_order(runs.tests):
        yield display(name), _rows(runs, name)
    for name, digest in map(tuple, runs.identity.get("caches", [])):
        yield f"cache {name}.h5", f"content digest {digest}"
    yield from _networks(told)
    settings = {name: value for name, value in runs.identity.items() if name != "caches"}
    yield "settings of the heads", _listed(settings)
    yield "heads", _heads(runs)
    yield "versions", _listed(told.get("versions", {}))
    yield "code", str(told.get("code_version", UNTOLD))


def _rows(runs: Runs, name: str) -> str:
    test, trained = runs.tests[name], runs.provenance.get("training_rows", {}).get(name)
    listed = int(test.status_counts[:-1].sum())
    share = covered(test.status_counts, runs.provenance.get("features", {}).get(name, {}))
    training = f"; {trained:,} training rows" if trained else ""
    return f"{len(test.emotion):,} test rows of {listed:,} listed images, {share}{training}"


def _listed(facts: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(facts.items())) or UNTOLD


def _networks(told: dict) -> Iterator[tuple]:
    """The checkpoints, which all caches share, and how crops were made, by the provenance."""
    header = next(iter(told.get("features", {}).values()), {})
    if is_imported(header):
        yield "network", f"{header.get('network')}, imported: {header.get('feature_size')} dimensions"
        yield from ((what, UNKNOWN) for what in ("pre-trained on", "crops"))
        return
    yield "pre-trained on", ", ".join(map(display, told.get("pretraining", []))) or UNTOLD
    if {"architecture", "parameters"} <= told.keys():
        yield "architecture", f"{told['architecture']}, {told['parameters'] / 1e6:.1f} million parameters"
    yield "emotion network", _network(header, "emotion_sha256")
    yield "arousal-valence network", _network(header, "valence_arousal_sha256")
    size, version, precision = (header.get(name) for name in ("image_size", "alignment_version", "precision"))
    yield "crops", f"{size} px, alignment version {version}, {precision}" if header else UNTOLD


def _network(header: dict, field: str) -> str:
    if not header:
        return UNTOLD
    return f"sha256 {header[field]}" if header.get(field) else "none"


def _heads(runs: Runs) -> str:
    ks = {}
    for head in runs.outcomes:
        ks.setdefault(head.family, []).append(head.k)
    return "; ".join(f"{family}: {len(own):,}, k from {min(own)} to {max(own)}" for family, own in ks.items())

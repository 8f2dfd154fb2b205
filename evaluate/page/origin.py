"""Where numbers come from: caches, networks, settings, versions and seeds of a results file, as far as it tells."""

from data.files.cache import coverage
from evaluate.reference import display, in_order
from evaluate.tables.table import new_table

UNTOLD = "not told by this results file"


def origin(runs):
    """Table of what made the results, a line for each fact."""
    table = new_table(runs, "provenance", "Provenance", ("What", "Value"), brief=True)
    for what, value in _facts(runs):
        table.rows.append((what, value))
        table.records.append({"table": table.name, "toy": int(runs.toy), "what": what, "value": value})
    return table


def _facts(runs):
    told = runs.provenance
    for name in in_order(runs.tests):
        test, rows = runs.tests[name], told.get("training_rows", {}).get(name)
        listed = int(test.status_counts[:7].sum())
        yield (
            display(name),
            (
                f"{len(test.emotion):,} test rows of {listed:,} listed images, coverage "
                f"{coverage(test.status_counts):.1%}" + (f"; {rows:,} training rows" if rows else "")
            ),
        )
    yield from (
        (f"cache {name}.h5", f"content digest {digest}") for name, digest in map(tuple, runs.identity.get("caches", []))
    )
    yield "pre-trained on", ", ".join(map(display, told.get("pretraining", []))) or UNTOLD
    yield from _networks(told.get("features", {}))
    yield (
        "settings of the heads",
        ", ".join(f"{name} {value}" for name, value in sorted(runs.identity.items()) if name != "caches") or UNTOLD,
    )
    yield "heads", _heads(runs)
    yield (
        "versions",
        ", ".join(f"{name} {version}" for name, version in sorted(told.get("versions", {}).items())) or UNTOLD,
    )
    yield "code", str(told.get("code_version", UNTOLD))


def _networks(headers):
    """The checkpoints, which all caches share, and how crops were made."""
    header = next(iter(headers.values()), {})
    for what, field in (("emotion network", "emotion_sha256"), ("arousal-valence network", "valence_arousal_sha256")):
        yield what, f"sha256 {header[field]}" if header.get(field) else "none" if header else UNTOLD
    made = (
        f"{header.get('image_size')} px, alignment version {header.get('alignment_version')}, {header.get('precision')}"
    )
    yield "crops", made if header else UNTOLD


def _heads(runs):
    ks = {}
    for head in runs.outcomes:
        ks.setdefault(head.family, []).append(head.k)
    return "; ".join(f"{family}: {len(own):,}, k from {min(own)} to {max(own)}" for family, own in ks.items())

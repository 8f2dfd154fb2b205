"""A trained head behind the backbone it was trained on, as one ONNX model: crop to coordinates and probabilities."""

from __future__ import annotations

from pathlib import Path

from data.exported_model import BACKBONE, MODEL, publish_model, read_model, text
from data.files.cache import open_cache
from data.files.publish import refuse_difference
from data.files.runs import Head, Runs, read_runs
from data.heads import ANNOTATED, PREDICTED, Family, Linear
from data.networks import is_imported
from data.runtime.failures import Refused
from embed.apply import deciding, kept_outcome, swept_features
from embed.exported.head_graph import append
from embed.exported.temperature import AS_TRAINED, temperature

# What must be the same of the features of the heads and of the backbone; the precision need not.
OF_ALL = ("emotion_sha256", "image_size", "alignment_version", "feature_size", "toy")
OF_AROUSAL_VALENCE = "valence_arousal_sha256"


def export(
    target: Path,
    results: Path,
    backbone: Path,
    family: Family,
    k: int,
    *,
    run: int = 0,
    raw: bool = False,
    classifier: str | None = None,
    calibrated_on: Path | None = None,
) -> None:
    """Publish one kept head of a results file behind the backbone at `backbone`.

    raw: whether coordinates are those that were trained, where there are canonical ones. k is 0 for a family without
    learned dimensions, whatever is given. classifier: the data set whose classifier comes first, and so decides where
    none is asked for; the largest training domain where None. calibrated_on: the folder of the feature caches by which
    its Temperature is found; logits stay as trained where None. Raises Refused for a family that is no linear layer on
    what an image gives, a head whose weights were not kept and a file that is no backbone,
    data.files.publish.Mismatch for another backbone than the head's."""
    _refuse_family(family)
    runs, k = read_runs(results), k if family.projects else 0
    head = kept_outcome(runs.raw() if raw else runs, Head(family.name, k, run))
    _refuse_imported(runs, results)
    model, facts = read_model(backbone, BACKBONE)
    _refuse_other_backbone(runs, results, backbone, facts, family)
    first = deciding(runs.classifiers, classifier)
    order = [first, *(place for place in range(len(runs.classifiers)) if place != first)]
    found = temperature(runs, calibrated_on, family, k, run=run) if calibrated_on else AS_TRAINED
    append(model.graph, family, head, order, found.value)
    names = head.canonical.axes if head.canonical else family.coordinates(k)
    own = {"kind": MODEL, "family": family.name, "k": k, "run": run, "coordinates": names}
    own |= {"temperature": found.value, "temperature_rows": found.rows}
    described = {value.name: value.doc_string for value in (*model.graph.input, *model.graph.output)}
    own["classifiers"] = [runs.classifiers[place] for place in order]
    publish_model(target, model, {**facts, **own, **_facts(runs, results)}, {**described, **_described(runs)})


def _facts(runs, results):
    """What the model says of the results file that its head comes from."""
    with open_cache(results, "runs") as file:
        digest = file.attrs["digest"]
    return {
        "results_digest": digest,
        "results_code_version": runs.provenance.get("code_version", ""),
        "features_precision": swept_features(runs)[1].get("precision", ""),
    }


def _described(runs):
    return {
        "coordinates": "(n, dimensions) canonical where the head has such; the fact `coordinates` names them",
        "probabilities": f"(n, {len(runs.classifiers)}, {len(runs.classes)}) by the classifier of each data set, of "
        "each emotion, in the order of the facts `classifiers` and `emotions`",
    }


def _refuse_family(family):
    if not isinstance(family, Linear):
        raise Refused(f"{family.name} is no linear family, and only linear heads are exported; choose cake or av")
    if family.arousal_valence == ANNOTATED:
        raise Refused(f"{family.name} stands on annotated arousal-valence, which no image gives; choose cake or av")


def _refuse_imported(runs, results):
    _, header = swept_features(runs)
    if is_imported(header):
        raise Refused(
            f"the heads of {results} stand on imported features of {header['network']}, a network that is not here; "
            "`embed apply` gives what they say of its features"
        )


def _refuse_other_backbone(runs: Runs, results: Path, path: Path, facts: dict, family: Family) -> None:
    """Raise Mismatch where the features of the heads are not those of this backbone."""
    name, header = swept_features(runs)
    fields = (*OF_ALL, OF_AROUSAL_VALENCE) if family.arousal_valence == PREDICTED else OF_ALL
    own = {**header, "feature_size": runs.features, "toy": runs.toy}
    refuse_difference(
        path,
        {field: facts.get(field) for field in fields},
        {field: text(own.get(field)) for field in fields},
        this=str(results),
        advice=f"its heads were trained on features/{name}.h5; export the network that made it with `extract export`",
    )

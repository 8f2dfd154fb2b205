"""Made-up feature caches and the runs of heads on them: three hidden factors drive all; heads are solved for, not
trained."""

import h5py
import numpy as np

from data.coverage import STATUSES, status_counts
from data.emotions import EMOTIONS
from data.files.cache import seal
from data.files.hdf5 import write_array
from data.files.runs import UNSCORED, Head, HeadOutcome, Runs, TestSet
from data.metrics import confusion_matrix

NAMES = ("affectnet", "rafdb", "sfew")
HEADER = {
    "emotion_sha256": "e" * 64,
    "valence_arousal_sha256": "v" * 64,
    "image_size": 64,
    "alignment_version": 1,
    "precision": "float32",
    "views": 0,
    "aligned_digest": "d" * 64,
}
# valence, arousal and a third factor, which alone separates anger from fear
CENTRES = np.array(
    [
        [0, 0, 0],
        [0.75, 0.15, 0],
        [-0.65, -0.35, 0],
        [0.1, 0.75, 0],
        [-0.45, 0.6, -0.5],
        [-0.65, 0.2, 0.1],
        [-0.45, 0.6, 0.5],
    ]
)
FURTHER = np.random.default_rng(7).uniform(-0.9, 0.9, (120, 3))  # of classes beyond the seven
WIDTH = 512  # of the features, where no other is asked for


def make_study(
    folder,
    *,
    sizes=(150, 90, 60),
    runs=3,
    ks=(1, 2, 3, 4, 8),
    names=NAMES,
    toy=False,
    families=("cake", "av", "cake-norm", "baseline", "av-true"),
    width=WIDTH,
    all_kept=False,
    classes=EMOTIONS,
):
    """Write features/NAME.h5 below `folder`; returns the Runs on them. Annotated arousal-valence is there for the first
    name alone, with av-true."""
    generator = np.random.default_rng(0)
    mixing = np.random.default_rng(1).normal(size=(3, width))  # hidden factors to features
    rows = {name: _rows(generator, size, mixing, len(classes)) for name, size in zip(names, sizes)}
    digests = {
        name: _write(
            folder / "features" / f"{name}.h5",
            rows[name],
            toy,
            annotated=name == names[0] and "av-true" in families,
            classes=classes,
        )
        for name in names
    }
    tests = {
        name: TestSet(own["emotion"].astype(np.int8), own["row"], own["status_counts"]) for name, own in rows.items()
    }
    left_out = {
        family: f"no {word} arousal-valence"
        for family, word in (("av", "predicted"), ("av-true", "annotated"))
        if family not in families
    }
    made = Runs(
        identity={"seed": 0, "caches": [[name, digest] for name, digest in digests.items()]},
        classifiers=tuple(names),
        tests=tests,
        toy=toy,
        provenance={
            "pretraining": [names[0]],
            "training_rows": {name: 10 * len(test.row) for name, test in tests.items()},
            "training_classes": {
                name: (10 * np.bincount(test.emotion, minlength=len(classes))).tolist() for name, test in tests.items()
            },
            "left_out": left_out,
            "annotated_domain": names[0] if "av-true" in families else None,
            "image_size": 64,
            "code_version": "0123456789ab",
            "versions": {"python": "3", "torch": "2"},
            "threads": 2,
            "features": dict.fromkeys(names, {**HEADER, "feature_size": width}),
        },
        classes=tuple(classes),
    )
    for family, k in _heads(families, ks):
        for run in range(runs):
            made.outcomes[Head(family, k, run)] = _outcome(made, rows, family, k, run, mixing, all_kept)
    return made


def centres_of(classes):
    """(classes, 3) hidden factors: the seven's, and more where there are more."""
    return np.concatenate([CENTRES, FURTHER])[:classes]


def _heads(families, ks):
    wanted = {"cake": {2, 3, *ks}, "av": {0, 1, *ks}, "cake-norm": {3}, "baseline": {0}, "av-true": {0, *ks}}
    return [(family, k) for family in families for k in sorted(wanted[family])]


def _rows(generator, size, mixing, classes):
    emotion = np.concatenate([np.arange(classes), generator.integers(0, classes, size - classes)])
    hidden = centres_of(classes)[emotion] + 0.17 * generator.normal(size=(size, 3))
    status = np.repeat([STATUSES.index("ok"), STATUSES.index("no_face")], [size, 3])
    return {
        "feature": (hidden @ mixing + generator.normal(size=(size, mixing.shape[1]))).astype(np.float16)[:, None],
        "emotion": emotion.astype(np.int8),
        "row": np.arange(size) + 5,
        "path": np.array([f"{row}.jpg" for row in range(size)], object),
        "face": np.zeros(size, np.int16),
        "valence_arousal": np.clip(hidden[:, :2] + 0.05 * generator.normal(size=(size, 2)), -1, 1).astype(np.float32),
        "valence_arousal_predicted": (0.9 * hidden[:, :2] + 0.1 * generator.normal(size=(size, 2))).astype(np.float32)[
            :, None
        ],
        "status_counts": status_counts(np.resize(emotion, size + 3), status, classes),
        "try_counts": np.zeros(7, np.int64),
    }


def _write(path, rows, toy, *, annotated, classes):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not annotated:
        rows["valence_arousal"] = np.full_like(rows["valence_arousal"], np.nan)
    with h5py.File(path, "w") as file:
        for split in ("train", "test"):
            for name, array in rows.items():
                write_array(file, f"{split}/{name}", array)
        header = {**HEADER, "feature_size": rows["feature"].shape[-1]}
        provenance = {"emotion": {"domains": {"affectnet": {}}}}
        seal(file, "features", header=header, toy=toy, provenance=provenance, classes=classes)
        return file.attrs["digest"]


def _outcome(runs, rows, family, k, run, mixing, all_kept):
    """A head that classifies by the nearest centre, its representation turned and shaken by chance."""
    generator = np.random.default_rng([run, k, len(family)])
    turn = np.linalg.qr(generator.normal(size=(max(3, k), max(3, k))))[0][:3, :k]
    read = np.linalg.pinv(mixing)  # (width, 3) features to hidden factors
    A = (read @ turn).T + 0.0005 * generator.normal(size=(k, mixing.shape[1]))
    B, b, Bv, places = [], [], [], centres_of(len(runs.classes))
    for _ in runs.classifiers[: 1 if family == "av-true" else None]:
        centres = places + 0.06 * generator.normal(size=places.shape)
        known = np.concatenate(
            [centres[:, :2] * ("av" in family), centres @ turn if family != "baseline" else centres @ mixing / 300], 1
        )
        Bv.append(8 * known[:, :2])
        B.append(8 * known[:, 2:])
        b.append(-4 * (known**2).sum(1) if family != "baseline" else -4 * (centres**2).sum(1))
    weights = {"A": A, "a": np.zeros(k), "B": np.array(B), "b": np.array(b)}
    weights |= {"Bv": np.array(Bv)} if "av" in family else {}
    if family == "baseline":
        weights = {name: weights[name] for name in ("B", "b")}
    weights = {name: value.astype(np.float32) for name, value in weights.items()}
    return _scored(runs, rows, family, k, run, weights, all_kept)


def _scored(runs, rows, family, k, run, weights, all_kept):
    """Predictions, counts and range the plain way, row by row of each data set and classifier by classifier."""
    predicted = np.full((len(runs.classifiers), runs.rows), UNSCORED, np.uint8)
    confusion = np.zeros((len(runs.classifiers), len(runs.tests), *2 * [len(runs.classes)]), np.int64)
    seen = []
    for place, (name, own) in enumerate(rows.items()):
        if family == "av-true" and place:
            continue
        x = own["feature"][:, 0].astype(np.float32)
        z = x if family == "baseline" else x @ weights["A"].T + weights["a"]
        v = own["valence_arousal"] if family == "av-true" else own["valence_arousal_predicted"][:, 0]
        z = z / np.linalg.norm(z, axis=1, keepdims=True) if family == "cake-norm" else z
        seen.append(np.concatenate([v, z], 1) if "Bv" in weights else z)
        for classifier in range(len(weights["B"])):
            logits = (
                z @ weights["B"][classifier].T
                + weights["b"][classifier]
                + (v @ weights["Bv"][classifier].T if "Bv" in weights else 0)
            )
            predicted[classifier, runs.span(name)] = logits.argmax(1)
            confusion[classifier, place] = confusion_matrix(own["emotion"], logits.argmax(1), len(runs.classes))
    seen = np.concatenate(seen)
    small = family == "cake-norm" or (family != "baseline" and seen.shape[1] <= 3)
    if not (small or family == "baseline"):
        return HeadOutcome(seed=run, loss=1.0, confusion=confusion, predicted=predicted if all_kept else None)
    return HeadOutcome(
        seed=run,
        loss=1.0,
        confusion=confusion,
        predicted=predicted,
        weights=weights,
        range=np.stack([seen.min(0), seen.max(0)]).astype(np.float32) if small else None,
    )

"""Pictures to the rows of a table: who asks the model, in batches, and in which order the columns stand."""

from collections.abc import Iterable, Iterator

import numpy as np

from extract.emotions.said import Model, Said
from extract.emotions.seen import Seen
from extract.emotions.smoothing import Smoothing
from extract.threads import Threads, ahead

BATCH = 16  # faces that the model sees at once
MOST_PICTURES = 64  # that wait for a batch: without faces none would be full
PLACE = ("path", "time", "face", "id", "x", "y", "width", "height", "score")


def columns(model: Model) -> list[str]:
    """Names of the columns, in their order."""
    valence_arousal = [name for name in ("valence", "arousal") if model.knows_arousal_valence]
    added = [name for name in valence_arousal if name not in model.axes]
    return [*PLACE, "predicted", "probability", *model.emotions, *model.axes, *added, "note", "toy"]


def answers(pictures: Iterable[Seen], model: Model, classifier: int, smooth: float = 0.0) -> Iterator[tuple]:
    """Yield (Seen, its rows), each row a dict of those columns that it has a value of.

    classifier: place of the one that decides; smooth: time constant in seconds, 0 for none. The model works in a thread
    beside whoever looks at the next pictures."""
    smoothing = Smoothing(smooth)
    with Threads(1) as pool:
        for batch, said in ahead(pool, lambda batch: (batch, _asked(model, batch)), _batches(pictures), depth=2):
            start = 0
            for seen in batch:
                own = range(start, start + len(seen.faces))
                start = own.stop
                yield seen, _rows(seen, own, said, model, classifier, smoothing)


def _batches(pictures):
    """Lists of pictures with about BATCH faces."""
    batch, faces = [], 0
    for seen in pictures:
        batch.append(seen)
        faces += len(seen.faces)
        if faces >= BATCH or len(batch) == MOST_PICTURES:
            yield batch
            batch, faces = [], 0
    if batch:
        yield batch


def _asked(model, batch):
    """Said of all faces of a batch; None where there are none."""
    crops = [face.crop for seen in batch for face in seen.faces]
    parts = [model(np.stack(crops[start : start + BATCH])) for start in range(0, len(crops), BATCH)]
    return _joined(parts) if parts else None


def _joined(parts):
    known = parts[0].valence_arousal is not None
    return Said(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.coordinates for part in parts]),
        np.concatenate([part.valence_arousal for part in parts]) if known else None,
    )


def _rows(seen, own, said, model, classifier, smoothing):
    told = {"path": seen.path, "time": seen.time, "toy": int(model.toy)}
    if not seen.faces:
        return [{**told, "note": "; ".join(seen.notes)}]
    rows = []
    for number, (face, place) in enumerate(zip(seen.faces, own)):
        known = np.zeros(0) if said.valence_arousal is None else said.valence_arousal[place]
        parts = said.probabilities[place, classifier], said.coordinates[place], known
        parts = smoothing.smoothed((seen.path, face.person), seen.time, parts)
        rows.append({**told, **_place(number, face), **_said(model, *parts), "note": "; ".join(face.notes)})
    return rows


def _place(number, face):
    box = zip(("x", "y", "width", "height"), (round(float(side), 1) for side in face.face.box))
    return {"face": number, "id": face.person, **dict(box), "score": face.face.score}


def _said(model, probabilities, coordinates, valence_arousal):
    best = int(probabilities.argmax())
    return {
        **dict(zip(("valence", "arousal"), valence_arousal.tolist())),
        "predicted": model.emotions[best],
        "probability": float(probabilities[best]),
        **dict(zip(model.emotions, probabilities.tolist())),
        **dict(zip(model.axes, coordinates.tolist())),
    }

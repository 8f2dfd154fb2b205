"""Scores as pure functions: of confusion counts (classification, Eq. 3), of values (arousal-valence regression).

Everything is a fraction; percent appears in print alone. Scores and measures of agreement are better when higher,
`rmse` when lower. They are here and not in `evaluate`, because training reports the same scores and stages share only
`data`."""

import numpy as np


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(classes, classes) int64 counts: true class by row, predicted class by column.

    Raises ValueError for lengths that differ and for values that are not a class."""
    true, predicted = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    if true.shape != predicted.shape:
        raise ValueError(f"{true.size} true and {predicted.size} predicted classes; each sample needs one of both")
    for values in (true, predicted):
        # Left alone, a value beyond the last class would count in another cell.
        if values.size and not (0 <= values.min() and values.max() < classes):
            raise ValueError(f"classes from {values.min()} to {values.max()}, expected 0 to {classes - 1}")
    pairs = true * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def accuracy_score(confusion: np.ndarray) -> np.ndarray:
    """Share of samples on the diagonal; (..., C, C) -> (...)."""
    hits = np.trace(confusion, axis1=-2, axis2=-1)
    return _divide(hits, confusion.sum((-2, -1)))


def recall_scores(confusion: np.ndarray) -> np.ndarray:
    """(..., C) recall of each class; NaN for a class without test samples."""
    return _divide(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(-1))


def mean_recall_score(confusion: np.ndarray) -> np.ndarray:
    """Mean of the per-class recalls over the classes that have test samples; NaN without any."""
    return _mean_of_present(recall_scores(confusion))


def f1_scores(confusion: np.ndarray) -> np.ndarray:
    """(..., C) F1 of each class, Eq. 3: 0 without a hit; NaN for a class without test samples."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    present = confusion.sum(-1)
    # 2 tp / (2 tp + fp + fn) is 2 prec rec / (prec + rec) with the zero divisions settled as 0.
    f1 = _divide(2.0 * hits, present + confusion.sum(-2))
    return np.where(present > 0, f1, np.nan)


def macro_f1_score(confusion: np.ndarray) -> np.ndarray:
    """Mean F1 over the classes that have test samples (Eq. 3); NaN without any."""
    return _mean_of_present(f1_scores(confusion))


def accuracy_influence(confusion: np.ndarray) -> np.ndarray:
    """(..., C, C) by how much accuracy changes with the count of each cell, as macro_f1_influence."""
    confusion = np.asarray(confusion, np.float64)
    hit = np.eye(confusion.shape[-1]) - accuracy_score(confusion)[..., None, None]
    return _divide(hit, confusion.sum((-2, -1))[..., None, None] * np.ones_like(hit))


def mean_recall_influence(confusion: np.ndarray) -> np.ndarray:
    """(..., C, C) by how much mean recall changes with the count of each cell, as macro_f1_influence."""
    confusion = np.asarray(confusion, np.float64)
    present = confusion.sum(-1, keepdims=True)
    hit = np.eye(confusion.shape[-1]) - np.nan_to_num(recall_scores(confusion))[..., None]
    return hit * np.nan_to_num(_divide(1, present)) / (present > 0).sum((-2, -1), keepdims=True)


def macro_f1_influence(confusion: np.ndarray) -> np.ndarray:
    """(..., C, C) by how much macro F1 changes with the count of each cell: its derivative, which is 0 over all rows.

    The influence values of the infinitesimal jackknife (Efron 1982): the variance of the score over rows is the sum of
    their squares, and no class ever drops out of a resample."""
    confusion = np.asarray(confusion, np.float64)
    present, said = confusion.sum(-1), confusion.sum(-2)
    # of F1_c = 2 hits_c / (present_c + said_c): its own row and column take F1_c away, a hit adds 2
    share = _divide((present > 0).astype(float), (present + said) * (present > 0).sum(-1, keepdims=True))
    share = np.nan_to_num(share)
    taken = np.nan_to_num(f1_scores(confusion)) * share
    return 2 * share[..., None] * np.eye(confusion.shape[-1]) - taken[..., :, None] - taken[..., None, :]


def classes_present(confusion: np.ndarray) -> int:
    """How many classes have test samples."""
    return int((np.asarray(confusion).sum(-1) > 0).sum())


def _mean_of_present(scores):
    # np.nanmean warns where nothing is present; a test set without rows is not a mistake in the arithmetic.
    present = ~np.isnan(scores)
    return _divide(np.where(present, scores, 0.0).sum(-1), present.sum(-1))


def _divide(numerator, denominator):
    denominator = np.asarray(denominator, np.float64)
    return np.divide(numerator, denominator, out=np.full(denominator.shape, np.nan), where=denominator > 0)


def rmse(true: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean squared error."""
    return float(np.sqrt(np.mean((np.asarray(true) - predicted) ** 2)))


def pearson(true: np.ndarray, predicted: np.ndarray) -> float:
    """Pearson correlation; NaN where either side is constant."""
    # By the range, not by the moments: the mean of equal values may be off in its last bit.
    if np.ptp(true) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    true = np.asarray(true) - np.mean(true)
    predicted = np.asarray(predicted) - np.mean(predicted)
    scale = np.sqrt((true**2).sum() * (predicted**2).sum())
    return float((true * predicted).sum() / scale) if scale else float("nan")


def ccc(true: np.ndarray, predicted: np.ndarray) -> float:
    """Concordance correlation coefficient (Lin 1989), population moments; NaN where both sides are one constant."""
    spread = np.var(true) + np.var(predicted) + (np.mean(true) - np.mean(predicted)) ** 2
    covariance = np.mean((np.asarray(true) - np.mean(true)) * (np.asarray(predicted) - np.mean(predicted)))
    return float(2 * covariance / spread) if spread else float("nan")


def sagr(true: np.ndarray, predicted: np.ndarray) -> float:
    """Sign agreement: the share of values that are predicted with the right sign."""
    return float(np.mean(np.sign(true) == np.sign(predicted)))

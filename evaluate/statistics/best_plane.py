"""What a third learned dimension is for: a representation set beside a plane of its own, so that nothing else differs.

Two trainings of two and of three dimensions are two embeddings, whose difference says as much of their luck as of the
dimension. Here the three dimensions of one head are cut down to a plane: the one that keeps most of what its
classifiers see, or the one that holds arousal and valence. Classifiers alone are fitted again, to it and, in the same
way, to all three."""

from dataclasses import dataclass

import numpy as np

from data import metrics

STRENGTH = 1e4  # scikit-learn's C: next to no penalty, as three numbers need none


@dataclass(frozen=True)
class Placed:
    """Samples of one data set in a representation: z (n, 3) and emotion (n,), of training rows and of test rows."""

    z: np.ndarray
    emotion: np.ndarray
    test_z: np.ndarray
    test_emotion: np.ndarray


def best_plane(z: np.ndarray, B: np.ndarray) -> np.ndarray:
    """(dimensions, 2) basis, so that z @ basis has unit spread: the plane on which the classifiers' logits, less what
    all classes have in common, keep most of their variance.

    z: (n, dimensions) training rows; B: (D, C, dimensions) weights of the classifiers."""
    white = _white(z)
    seen = np.linalg.pinv(white) @ (B - B.mean(1, keepdims=True)).reshape(-1, z.shape[1]).T
    return white @ np.linalg.svd(seen)[0][:, :2]


def arousal_valence_plane(z: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(dimensions, 2) basis as of best_plane: the plane from which valence and arousal, (n, 2), are read best by least
    squares; what it leaves out is uncorrelated with both."""
    white = _white(z)
    read = np.linalg.lstsq((z - z.mean(0)) @ white, values - values.mean(0), rcond=None)[0]
    return white @ np.linalg.svd(read)[0][:, :2]


def _white(z):
    """(dimensions, dimensions) map to unit covariance."""
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(z.T)))
    return vectors / np.sqrt(np.maximum(values, 1e-12 * values[-1]))


def refitted(placed: list[Placed], classes: int, basis: np.ndarray | None = None) -> np.ndarray:
    """(C, C) counts, C = classes, over the test rows of all data sets, each by its own classifier, fitted again on
    training rows weighted as Eq. 1 weights classes. basis: of a plane; None for all dimensions."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    counts = np.zeros((classes, classes), np.int64)
    for own in placed:
        train, test = (each if basis is None else each @ basis for each in (own.z, own.test_z))
        classifier = make_pipeline(
            StandardScaler(), LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000)
        )
        said = classifier.fit(train, own.emotion).predict(test)
        counts += metrics.confusion_matrix(own.test_emotion, said, classes)
    return counts

"""Where samples lie in a trained representation, and what its classifiers say there: Section 2.2, from the weights that
were kept.

z = A x + a; with arousal-valence v, z = [v; A x + a]; CAKE-k-Norm puts z on the unit sphere. logits_d = B_d z + b_d."""

import numpy as np

from data.files.runs import WITH_AROUSAL_VALENCE


def kept_heads(runs, family, k):
    """{run: HeadOutcome} of the heads whose weights were kept, by run."""
    return {
        head.run: outcome
        for head, outcome in sorted(runs.outcomes.items(), key=lambda item: item[0].run)
        if (head.family, head.k) == (family, k) and outcome.weights and not outcome.failure
    }


def coordinates(weights, family, samples):
    """(n, dimensions) z of Samples. With arousal-valence, valence and arousal come first, as predicted (av) or
    annotated (av-true)."""
    z = samples.feature @ weights["A"].T + weights["a"]
    if family == "cake-norm":
        return z / np.linalg.norm(z, axis=1, keepdims=True)
    if family not in WITH_AROUSAL_VALENCE:
        return z
    return np.concatenate([samples.predicted if family == "av" else samples.annotated, z], 1)


def class_logits(weights, z):
    """(D, n, 7) logits of every classifier at the coordinates z (n, dimensions)."""
    B = np.concatenate([weights["Bv"], weights["B"]], 2) if "Bv" in weights else weights["B"]
    return np.einsum("dck,nk->dnc", B, z) + weights["b"][:, None]


def sphere_angles(z):
    """(n, 2) azimuth phi (-180 to 180) and polar angle theta (0 to 180), in degrees, of points (n, 3)."""
    radius = np.linalg.norm(z, axis=1)
    return np.degrees(np.stack([np.arctan2(z[:, 1], z[:, 0]), np.arccos(np.clip(z[:, 2] / radius, -1, 1))], 1))


def on_sphere(angles):
    """(n, 3) unit vectors of angles (n, 2) in degrees: the way back from sphere_angles."""
    phi, theta = np.radians(angles).T
    return np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], 1)

"""What is kept of an image to find it again: a thumbnail, from which a 64-bit perceptual hash follows.

The hash is for speed, the correlation of thumbnails for certainty: portraits are framed alike, so their hashes are
alike too."""

import cv2
import numpy as np

SIDE = 14  # 196 bytes an image; with the hash and a sha256 236
FLATTEST = 2.0  # grey levels of deviation below which there is compression noise to compare and no picture
FARTHEST = 0.035  # of the side: how far a cropped copy's border may have moved


def thumbnail(image: np.ndarray, side: int = SIDE) -> np.ndarray:
    """(side, side) int8 of an (H, W, 3) RGB or (H, W) grey uint8 image; all zero where the image is flat.

    Grey, averaged over areas, minus its mean, stretched to -127..127."""
    grey = _folded(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image, 16 * side)
    small = cv2.resize(grey.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    small -= small.mean()
    if small.std() < FLATTEST:
        return np.zeros((side, side), np.int8)
    return np.rint(small * (127 / np.abs(small).max())).astype(np.int8)


def _folded(grey, least):
    """The image averaged over squares of whole pixels, as large as leave both sides at least `least` pixels.

    OpenCV does that ten times faster than over fractions of pixels. What does not fill a square is cut off: under a
    sixteenth of a thumbnail's pixel."""
    fold = min(grey.shape) // least
    if fold < 2:
        return grey
    height, width = (side // fold for side in grey.shape)
    return cv2.resize(grey[: height * fold, : width * fold], (width, height), interpolation=cv2.INTER_AREA)


def _lowest_frequencies():
    """(64, SIDE * SIDE) cosine patterns of the lowest frequencies, without the constant; and (64,) which are odd.

    An odd one changes its sign in a mirror."""
    down, across = np.mgrid[:SIDE, :SIDE].reshape(2, -1)
    order = np.lexsort((down, np.maximum(down, across), down + across))[1:65]
    cosines = np.cos(np.pi * np.outer(np.arange(SIDE), 2 * np.arange(SIDE) + 1) / (2 * SIDE))
    patterns = cosines[down[order], :, None] * cosines[across[order], None, :]
    return patterns.reshape(64, -1).astype(np.float32), across[order] % 2 == 1


def hashes(thumbnails: np.ndarray) -> np.ndarray:
    """(N,) uint64 of (N, SIDE, SIDE) thumbnails: the signs of 64 coefficients of the discrete cosine transform."""
    patterns, _ = _lowest_frequencies()
    found = np.empty(len(thumbnails), np.uint64)
    for start in range(0, len(thumbnails), 8192):  # as float32 all of them would take four times their memory
        block = thumbnails[start : start + 8192].reshape(-1, SIDE * SIDE).astype(np.float32)
        found[start : start + 8192] = np.packbits(block @ patterns.T > 0, axis=1).view(np.uint64).ravel()
    return found


def mirrored(hashed: np.ndarray) -> np.ndarray:
    """The hashes of the images seen in a mirror: what is odd from left to right changes its sign."""
    _, odd = _lowest_frequencies()
    return hashed ^ np.packbits(odd).view(np.uint64)


def correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(M,) correlations of (M, S, S) thumbnails after the best small shift and stretch, both ways alike.

    A copy that lost 3 % of its border is moved by half a pixel of 14, which lowers a plain correlation more than
    another expression of the face does. To first order such a motion adds a multiple of the gradient, so least squares
    find the best one."""
    side = one.shape[1]
    one, other = _unit(one), _unit(other)
    motions = _motions((one + other).reshape(-1, side, side) / 2)  # (M, 3, S * S)
    gram = motions @ motions.transpose(0, 2, 1) + 1e-6 * np.eye(3, dtype=np.float32)
    steps = np.linalg.solve(gram, motions @ (other - one)[..., None])  # (M, 3, 1) pixels
    steps = np.clip(steps, -FARTHEST * side, FARTHEST * side)
    half = (steps.transpose(0, 2, 1) @ motions)[:, 0] / 2
    return (_unit(one + half) * _unit(other - half)).sum(axis=1)


def _unit(images):
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _motions(images):
    """What one pixel of shift down, of shift across, and of stretch at the border add to each image."""
    down, across = np.gradient(images, axis=(1, 2))
    place = np.linspace(-1, 1, images.shape[1], dtype=np.float32)
    motions = np.stack([down, across, down * place[:, None] + across * place], axis=1).reshape(len(images), 3, -1)
    return motions - motions.mean(axis=2, keepdims=True)

"""Training-time augmentation (Section 2.2) on whole batches, on the device, every image with its own draw.

torchvision's transforms draw once for a batch, and one image at a time they cost more than the network."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

CUTOUT = 45 / 224  # paper; of the crop's side: 45 x 45 pixels at 224
DRAWS = 9  # for each image: angle, scale, two shifts; brightness, contrast, saturation; the cutout's place
SHARES = 3  # further ones: whether it is mirrored, cut out, grey


@dataclass(frozen=True)
class Strength:
    """How far a view may be from its image.

    The paper gives only the cutout's side. The ranges are not from it: about the scatter of dlib's boxes and landmarks
    on the same face, and of a camera's white balance and exposure."""

    rotation: float = 12.0  # degrees
    scale: float = 0.10
    shift: float = 0.05  # of the crop's side
    jitter: float = 0.3  # brightness, contrast, saturation: factors in 1 +- this
    flip: float = 0.0  # share of the images that are mirrored
    cutout: float = 1.0  # share of the images that lose a square
    grey: float = 0.0  # share of the images without their colours

    @property
    def draws(self) -> int:
        """How many are made for an image: where nothing is left to a share, none is made for it."""
        return DRAWS + SHARES * ((self.flip, self.cutout, self.grey) != (0, 1, 0))


OF_CACHES = Strength()  # of the views that feature caches hold


def augment(images: torch.Tensor, generator: torch.Generator, strength: Strength = OF_CACHES) -> torch.Tensor:
    """(n, 3, S, S) normalised float -> the same shape, each image rotated, shifted, jittered and cut out by itself.

    The generator lies on the device of the images."""
    return change(images, draw(len(images), generator, strength), strength)


def draw(count: int, generator: torch.Generator, strength: Strength = OF_CACHES) -> torch.Tensor:
    """(strength.draws, count) in 0..1, on the generator's device: what makes the views of `count` images."""
    return torch.rand(strength.draws, count, generator=generator, device=generator.device)


def change(images: torch.Tensor, draws: torch.Tensor, strength: Strength = OF_CACHES) -> torch.Tensor:
    """The images as their draws say; a part of a batch takes its columns."""
    if strength.draws == DRAWS:
        return cutout(jitter(affine(images, draws[:4], strength), draws[4:7], strength), draws[7:])
    flipped, cut, grey = draws[DRAWS:] < draws.new_tensor([[strength.flip], [strength.cutout], [strength.grey]])
    moved = affine(images, draws[:4], strength, flipped)
    moved = torch.where(grey[:, None, None, None], moved.mean(1, keepdim=True), moved) if strength.grey else moved
    return cutout(jitter(moved, draws[4:7], strength), draws[7:DRAWS], cut)


def affine(
    images: torch.Tensor, draws: torch.Tensor, strength: Strength = OF_CACHES, flipped: torch.Tensor | None = None
) -> torch.Tensor:
    """Small rotation, scale and shift; the border repeats, since a black corner would tell the angle.

    draws: (4, n); flipped: (n,) bool, which are mirrored, too."""
    draw = draws * 2 - 1
    angle, scale = draw[0] * math.radians(strength.rotation), 1 + draw[1] * strength.scale
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    side = 1.0 if flipped is None else 1 - 2 * flipped.float()
    first = torch.stack([cosine * side, -sine, 2 * strength.shift * draw[2]], 1)
    second = torch.stack([sine * side, cosine, 2 * strength.shift * draw[3]], 1)
    theta = torch.stack([first, second], 1)  # (n, 2, 3)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return repeating_border(images, grid) if images.device.type == "mps" else sampled(images, grid)


def sampled(images: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """Images at the places of a grid (n, S, S, 2), with their border repeated."""
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def repeating_border(images: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """As `sampled`, for devices whose grid_sample lacks that padding (mps): places beyond the centre of the outermost
    pixels are drawn back to it."""
    ends = 1 - 1 / grid.new_tensor([images.shape[3], images.shape[2]])
    return F.grid_sample(images, grid.clamp(-ends, ends), padding_mode="zeros", align_corners=False)


def jitter(images: torch.Tensor, draws: torch.Tensor, strength: Strength = OF_CACHES) -> torch.Tensor:
    """Brightness, contrast and saturation, applied as one mix of image, its grey version and its mean.

    draws: (3, n)."""
    brightness, contrast, saturation = (1 + strength.jitter * (draws * 2 - 1)).view(3, -1, 1, 1, 1)
    grey = images.mean(1, keepdim=True)
    coloured = torch.lerp(grey, images, saturation)
    centre = grey.mean((2, 3), keepdim=True)
    # Normalised pixels lie around 0, so brightness shifts rather than scales them.
    return torch.lerp(centre, coloured, contrast).add_(brightness - 1)


def cutout(images: torch.Tensor, draws: torch.Tensor, cut: torch.Tensor | None = None) -> torch.Tensor:
    """One square of each image set to 0, the mean colour (DeVries and Taylor 2017); it may stick out at the border.

    draws: (2, n); cut: (n,) bool, of which images alone."""
    size = images.shape[-1]
    half = CUTOUT * size / 2
    place = torch.arange(size, device=images.device) + 0.5
    rows, columns = (place - draws[:, :, None] * size).abs() <= half  # (n, S) each
    square = rows[:, :, None] & columns[:, None, :]
    square = square if cut is None else square & cut[:, None, None]
    return images.masked_fill_(square[:, None], 0)

"""Training-time augmentation (Section 2.2) on whole batches, on the device, every image with its own draw.

torchvision's transforms draw once for a batch, and one image at a time they cost more than the network."""

import math

import torch
import torch.nn.functional as F

# The paper gives only the cutout's side. The ranges are not from it: about the scatter of dlib's boxes and
# landmarks on the same face, and of a camera's white balance and exposure.
ROTATION_DEGREES = 12.0
SCALE = 0.10
SHIFT = 0.05  # of the crop's side
JITTER = 0.3  # brightness, contrast, saturation: factors in 1 +- this
CUTOUT = 45 / 224  # of the crop's side: 45 x 45 pixels at 224

DRAWS = 9  # for each image: angle, scale, two shifts; brightness, contrast, saturation; the cutout's place


def augment(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """(n, 3, S, S) normalised float -> the same shape, each image rotated, shifted, jittered and cut out by itself.

    The generator lies on the device of the images."""
    return change(images, draw(len(images), generator))


def draw(count: int, generator: torch.Generator) -> torch.Tensor:
    """(DRAWS, count) in 0..1, on the generator's device: what makes the views of `count` images."""
    return torch.rand(DRAWS, count, generator=generator, device=generator.device)


def change(images: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """The images as their draws say; a part of a batch takes its columns."""
    return cutout(jitter(affine(images, draws[:4]), draws[4:7]), draws[7:])


def affine(images: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """Small rotation, scale and shift; the border repeats, since a black corner would tell the angle. draws: (4, n)."""
    draw = draws * 2 - 1
    angle, scale = draw[0] * math.radians(ROTATION_DEGREES), 1 + draw[1] * SCALE
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    first = torch.stack([cosine, -sine, 2 * SHIFT * draw[2]], 1)
    second = torch.stack([sine, cosine, 2 * SHIFT * draw[3]], 1)
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


def jitter(images: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """Brightness, contrast and saturation, applied as one mix of image, its grey version and its mean.

    draws: (3, n)."""
    brightness, contrast, saturation = (1 + JITTER * (draws * 2 - 1)).view(3, -1, 1, 1, 1)
    grey = images.mean(1, keepdim=True)
    coloured = torch.lerp(grey, images, saturation)
    centre = grey.mean((2, 3), keepdim=True)
    # Normalised pixels lie around 0, so brightness shifts rather than scales them.
    return torch.lerp(centre, coloured, contrast).add_(brightness - 1)


def cutout(images: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """One square of each image set to 0, the mean colour (DeVries and Taylor 2017); it may stick out at the border.

    draws: (2, n)."""
    size = images.shape[-1]
    half = CUTOUT * size / 2
    place = torch.arange(size, device=images.device) + 0.5
    rows, columns = (place - draws[:, :, None] * size).abs() <= half  # (n, S) each
    return images.masked_fill_((rows[:, :, None] & columns[:, None, :])[:, None], 0)

"""Augmentation on devices that lack an operation: the same pictures by another way."""

import torch

from extract.network import augmentation


def grids(reach):
    """Images (3, 3, 20, 20), and places up to `reach` times as far out as their edge."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(3, 3, 20, 20, generator=generator)
    return images, (2 * torch.rand(3, 20, 20, 2, generator=generator) - 1) * reach


def test_a_border_is_repeated_without_the_padding_that_some_devices_lack():
    for reach in (0.9, 1.0, 1.6):
        images, grid = grids(reach)
        found = augmentation.repeating_border(images, grid)
        torch.testing.assert_close(found, augmentation.sampled(images, grid), atol=1e-5, rtol=0)


def test_a_black_border_would_be_seen():
    images, grid = grids(1.6)
    black = torch.nn.functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    assert (black - augmentation.sampled(images, grid)).abs().max() > 0.1

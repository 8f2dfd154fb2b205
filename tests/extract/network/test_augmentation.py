"""Augmentation: each part by itself, shares of a batch, and devices that lack an operation."""

import pytest
import torch

from extract.network import augmentation
from extract.network.augmentation import DRAWS, OF_CACHES, Strength, augment, draw

STILL = {"rotation": 0.0, "scale": 0.0, "shift": 0.0, "jitter": 0.0, "cutout": 0.0}  # a view is its image


def grids(reach):
    """Images (3, 3, 20, 20), and places up to `reach` times as far out as their edge."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(3, 3, 20, 20, generator=generator)
    return images, (2 * torch.rand(3, 20, 20, 2, generator=generator) - 1) * reach


def views(count=400, **strength):
    """(images (count, 3, 16, 16), their views)."""
    images = torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return images, augment(images.clone(), torch.Generator().manual_seed(2), Strength(**{**STILL, **strength}))


def share(of):
    """Of images for which something holds at every pixel."""
    return of.flatten(1).all(1).float().mean().item()


def close(one, other):
    return (one - other).abs() < 1e-5


def test_a_border_is_repeated_without_the_padding_that_some_devices_lack():
    for reach in (0.9, 1.0, 1.6):
        images, grid = grids(reach)
        found = augmentation.repeating_border(images, grid)
        torch.testing.assert_close(found, augmentation.sampled(images, grid), atol=1e-5, rtol=0)


def test_a_black_border_would_be_seen():
    images, grid = grids(1.6)
    black = torch.nn.functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    assert (black - augmentation.sampled(images, grid)).abs().max() > 0.1


def test_without_strength_a_view_is_its_image():
    images, same = views()
    torch.testing.assert_close(same, images, atol=1e-5, rtol=0)
    assert not torch.allclose(views(rotation=5.0)[1], images, atol=0.1)


@pytest.mark.parametrize("asked", [0.0, 0.5, 1.0])
def test_that_share_is_mirrored_and_the_others_stay(asked):
    images, found = views(flip=asked)
    assert share(close(found, images.flip(3))) == pytest.approx(asked, abs=0.08)
    assert share(close(found, images)) == pytest.approx(1 - asked, abs=0.08)


@pytest.mark.parametrize("asked", [0.0, 0.25, 1.0])
def test_that_share_loses_its_colours(asked):
    images, found = views(grey=asked)
    grey = images.mean(1, keepdim=True).expand_as(images)
    assert share(close(found, grey)) == pytest.approx(asked, abs=0.07)
    assert share(close(found, images)) == pytest.approx(1 - asked, abs=0.07)


@pytest.mark.parametrize("asked", [0.0, 0.5, 1.0])
def test_that_share_loses_a_square(asked):
    images, found = views(cutout=asked)
    assert share(close(found, images)) == pytest.approx(1 - asked, abs=0.08)
    lost = found == 0
    assert (lost | close(found, images)).all()  # what is not lost is as it was


def test_what_is_mirrored_is_turned_and_shifted_too():
    how = {"rotation": 10.0, "shift": 0.1}
    images, found = views(flip=1.0, **how)
    draws = draw(len(images), torch.Generator().manual_seed(2), Strength(**{**STILL, "flip": 1.0}))
    moved = augmentation.affine(images, draws[:4], Strength(**{**STILL, **how}))
    torch.testing.assert_close(found, moved.flip(3), atol=1e-4, rtol=0)
    assert not torch.allclose(moved, images, atol=0.1)


def test_views_of_caches_take_no_further_draws():
    plain = draw(5, torch.Generator().manual_seed(0))
    assert plain.shape == (DRAWS, 5) and OF_CACHES.draws == DRAWS
    assert torch.equal(plain, torch.rand(DRAWS, 5, generator=torch.Generator().manual_seed(0)))
    assert Strength(flip=0.5).draws > DRAWS

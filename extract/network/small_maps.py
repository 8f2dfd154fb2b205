"""Convolutions over the smallest feature maps as one matrix product, for training on the CPU.

The last stage of ResNet-18 sees 2 x 2 places of a crop of 64 pixels. The CPU library's convolution is made for larger
maps: forward and backward over 512 channels there take five times as long in bfloat16, and nearly three times in
float32, as the product of the patches with the weights. From 4 x 4 places on the two change sides."""

import torch
import torch.nn.functional as F
from torch import nn

MOST_PLACES = 9  # of the map that a convolution gives, up to which the product is faster


def by_products(network: nn.Module) -> nn.Module:
    """The network with its plain convolutions computed as products where maps are small; names and values of its state
    stay as they are, and the results agree but for rounding."""
    for module in network.modules():
        if type(module) is nn.Conv2d and module.groups == 1 and module.padding_mode == "zeros" and _dense(module):
            module.__class__ = _Conv2d
    return network


def _dense(convolution):
    """Whether its kernel has no holes, and its padding is told in numbers."""
    return convolution.dilation == (1, 1) and not isinstance(convolution.padding, str)


class _Conv2d(nn.Conv2d):
    """One whose way of computing depends on the size of the map."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        height, width = (
            (side + 2 * padding - kernel) // stride + 1
            for side, padding, kernel, stride in zip(maps.shape[2:], self.padding, self.kernel_size, self.stride)
        )
        if not 0 < height * width <= MOST_PLACES:
            return super().forward(maps)
        if torch.is_autocast_enabled(maps.device.type):
            maps = maps.to(torch.get_autocast_dtype(maps.device.type))  # before they are copied for every place
        return self._product(maps, height, width)

    def _product(self, maps, height, width):
        """(n, C, H, W) -> (n, O, height, width)."""
        (down, across), (rows, columns) = self.kernel_size, self.stride
        above, beside = self.padding
        padded = F.pad(maps.permute(0, 2, 3, 1), (0, 0, beside, beside, above, above))
        # for each place of the kernel, the values under it, (n, height, width, C)
        under = [
            padded[:, i : i + rows * (height - 1) + 1 : rows, j : j + columns * (width - 1) + 1 : columns]
            for i in range(down)
            for j in range(across)
        ]
        patches = torch.stack(under, 3).flatten(3)  # (n, height, width, down * across * C)
        weight = self.weight.permute(0, 2, 3, 1).flatten(1)
        return F.linear(patches, weight, self.bias).permute(0, 3, 1, 2)

"""A batch that is divided over processes, computed on as if one process held it whole.

Each process has a part of the rows, maybe none. Batch statistics are those of the whole batch, dropout is drawn for it
and cut to the part, and the gradients that DistributedDataParallel averages are weighted by the caller. torch's
SyncBatchNorm is not used: it has no CPU form, makes the host wait for the GPU in every layer, and mixes types where a
part is empty."""

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def divided(network: nn.Module) -> nn.Module:
    """The network with batch norms that see the whole batch; names and values of its state stay as they are."""
    for name, child in network.named_children():
        setattr(network, name, BatchNorm.like(child) if isinstance(child, nn.BatchNorm2d) else divided(child))
    return network


def averaged(network: nn.Module, device: torch.device) -> DistributedDataParallel:
    """The network, its gradients averaged over all processes; it starts with the weights of the first process."""
    return DistributedDataParallel(network, device_ids=[device] if device.type == "cuda" else None)


class Dropout(nn.Module):
    """Dropout of a part of the rows, by a mask that is drawn for all of them: call draw before each step."""

    def __init__(self, share: float):
        super().__init__()
        self.share, self.scale = share, None

    def draw(self, rows: int, features: int, part: slice, generator: torch.Generator) -> None:
        """Draw the mask of `rows` rows, and keep this process' part of it."""
        drawn = torch.rand(rows, features, generator=generator, device=generator.device)[part]
        self.scale = (drawn >= self.share) / (1 - self.share)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features * self.scale if self.training else features


class BatchNorm(nn.BatchNorm2d):
    """Batch norm over the rows of all processes."""

    @classmethod
    def like(cls, plain: nn.BatchNorm2d) -> "BatchNorm":
        """One with the parameters and the state of a plain batch norm."""
        made = cls(plain.num_features, plain.eps, plain.momentum)
        made.load_state_dict(plain.state_dict())
        return made.train(plain.training)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(images)
        mean, variance, count = _statistics(images.detach())
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / (count - 1).clamp_(min=1)), self.momentum)
        return _Normalised.apply(images, self.weight, self.bias, mean, variance, count, self.eps)


def _statistics(images):
    """Mean (C,), biased variance (C,) and count (1,) over the pixels of all processes.

    images: (n, C, H, W), n may be 0."""
    channels = images.shape[1]
    own = torch.zeros(2 * channels + 1, device=images.device)  # what an empty part contributes
    if len(images):
        own[:-1] = torch.cat(torch.ops.aten.batch_norm_update_stats(images, None, None, 0.0))
        own[-1:].fill_(images.numel() // channels)  # a number set at one place would be copied, and waited for
    found = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    dist.all_gather(found, own)
    means, variances, counts = torch.stack(found).split([channels, channels, 1], 1)
    shares = counts / counts.sum()
    mean = (shares * means).sum(0)
    return mean, (shares * (variances + (means - mean) ** 2)).sum(0), counts.sum(0)


class _Normalised(torch.autograd.Function):
    """(x - mean) / deviation * weight + bias, where mean and deviation depend on the x of every process."""

    @staticmethod
    def forward(context, images, weight, bias, mean, variance, count, eps):
        context.save_for_backward(images, weight, mean, variance, count)
        context.eps = eps
        return F.batch_norm(images, mean, variance, weight, bias, training=False, eps=eps)

    @staticmethod
    def backward(context, grad):
        """With s = 1 / deviation and y = (x - mean) s: dx = weight s (grad - mean(grad) - y mean(grad y)).

        The means are over the pixels of all processes."""
        images, weight, mean, variance, count = context.saved_tensors
        scale = torch.rsqrt(variance + context.eps)
        if len(images):
            # as if mean and variance were constants: the first term of dx, and the sums of the others over this part;
            # CUDA's kernel for channels_last asks for the saved ones, the CPU's for the running ones
            dx, grad_weight, grad_bias = torch.ops.aten.native_batch_norm_backward(
                grad, images, weight, mean, variance, mean, scale, False, context.eps, [True, True, True]
            )
        else:
            dx, grad_weight, grad_bias = torch.zeros_like(grad), torch.zeros_like(weight), torch.zeros_like(weight)
        sums = torch.stack([grad_weight, grad_bias])
        dist.all_reduce(sums)
        slope = -weight * scale**2 * sums[0] / count
        level = -weight * scale * sums[1] / count - slope * mean
        dx += torch.addcmul(level.view(1, -1, 1, 1), images, slope.view(1, -1, 1, 1))
        return dx, grad_weight, grad_bias, None, None, None, None

"""The locality-preserving loss (Li, Deng and Du 2017): a feature is drawn to its nearest neighbours of its class."""

import torch
import torch.distributed as dist

from data.runtime.ranks import Ranks


def locality(features: torch.Tensor, labels: torch.Tensor, neighbours: int, *, rows: int, ranks: Ranks) -> torch.Tensor:
    """(n,) 1/2 |x_i - m_i|^2 of each row, m_i the mean of its k nearest neighbours of its class in the batch.

    m_i is constant in the gradient, which so is x_i - m_i, as the paper has it. A row with fewer than k others of its
    class in the batch takes those there are; one that is alone contributes 0. These are terms of single rows: whoever
    sums them over a batch has the paper's L_lp, whoever takes their mean beside the mean of the cross entropy gives
    lambda the meaning that it has for one row.

    features: (n, d) and labels: (n,) int64 of this process' part of a batch of `rows`; n may be 0. Neighbours are those
    of the whole batch, whatever process holds them, so that several processes find what one does."""
    features = features.to(torch.promote_types(features.dtype, torch.float32))
    with torch.no_grad(), torch.autocast(features.device.type, enabled=False):
        batch, classes = _whole(features, rows, ranks), _whole(labels, rows, ranks)
        means = neighbour_means(batch, classes, neighbours)[ranks.part(rows)]
    return (features - means).square().sum(1) / 2


def neighbour_means(features: torch.Tensor, labels: torch.Tensor, neighbours: int) -> torch.Tensor:
    """(N, d) mean of each row's nearest `neighbours` of its class; its own feature where it is alone.

    features: (N, d), labels: (N,) of a whole batch. Shapes depend on N alone, so that a GPU need not be waited for."""
    others = (labels[:, None] == labels).fill_diagonal_(False)
    distances = _squared_distances(features).masked_fill_(~others, torch.inf)
    nearest = distances.topk(min(neighbours, len(features)), largest=False).indices
    # 0 for those that topk took of another class, where there were too few
    chosen = torch.zeros_like(distances).scatter_(1, nearest, others.gather(1, nearest).to(distances.dtype))
    count = chosen.sum(1, keepdim=True)
    return torch.where(count > 0, chosen @ features / count.clamp(min=1), features)


def _squared_distances(features):
    """(N, N) by one product; around their mean features are smaller, so less of a small distance is lost."""
    centred = features - features.mean(0)
    norms = centred.square().sum(1)
    return torch.addmm(norms[:, None] + norms, centred, centred.T, alpha=-2)


def _whole(part, rows, ranks):
    """(rows, ...) of all processes, which a sum over zeros gathers whatever the sizes of the parts."""
    if ranks.world == 1:
        return part
    whole = part.new_zeros((rows, *part.shape[1:]))
    whole[ranks.part(rows)] = part
    dist.all_reduce(whole)
    return whole

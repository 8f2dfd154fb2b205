"""What a network is made of: facts of its training that its files name, and that tables say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

AVERAGE, COVARIANCE = "average", "covariance"
POOLINGS = (AVERAGE, COVARIANCE)
REPRESENTATION = 512  # of covariance pooling where no other is asked for: as many as ResNet-18's own features
MOST_REPRESENTATION = 8192  # numbers of covariance pooling's representation; the paper of it has 2,000


@dataclass(frozen=True)
class Architecture:
    """The backbone by torchvision's name, how its last feature maps become one vector, and of which images."""

    backbone: str = "resnet18"  # paper
    pooling: str = AVERAGE  # paper; another is COVARIANCE
    representation: int | None = None  # how many numbers covariance pooling gives; None where it is not used
    mirrored: bool = False  # whether a trained network's features are the mean of those of a crop and its mirror image

    @classmethod
    def of(cls, settings: Mapping) -> "Architecture":
        """That of a training's settings; the paper's in files from before there was another.

        Raises ValueError for settings that name none."""
        found = cls(**{each.name: settings[each.name] for each in fields(cls) if each.name in settings})
        if not isinstance(found.backbone, str) or found.pooling not in POOLINGS:
            raise ValueError(f"backbone {found.backbone!r} with pooling {found.pooling!r}")
        if type(found.mirrored) is not bool:
            raise ValueError(f"mirrored {found.mirrored!r}")
        size = found.representation
        whole = type(size) is int and 1 <= size <= MOST_REPRESENTATION
        if (found.pooling == AVERAGE and size is not None) or (found.pooling == COVARIANCE and not whole):
            raise ValueError(f"{found.pooling} pooling with representation {size!r}")
        return found

    def __str__(self):
        pooled = "" if self.pooling == AVERAGE else f" with {self.pooling} pooling"
        return self.backbone + pooled + (", mirror images too" if self.mirrored else "")

"""Which representations the tables and figures show, and what every title of toy data begins with."""

from dataclasses import dataclass

from data import heads
from data.heads import Family


@dataclass(frozen=True)
class Representation:
    """A family of heads with k learned dimensions."""

    family: Family
    k: int

    @property
    def key(self) -> tuple:
        """(name of the family, k), as in results files and in the paper's numbers."""
        return self.family.name, self.k

    @property
    def label(self) -> str:
        """In print, such as CAKE-3."""
        return self.family.label(self.k)

    def size(self, features: int) -> int:
        """Dimensions that the classifiers see, on features of this width."""
        return self.family.size(self.k, features)


CAKE_2, CAKE_3 = Representation(heads.CAKE, 2), Representation(heads.CAKE, 3)
AV, AV_1 = Representation(heads.AV, 0), Representation(heads.AV, 1)
CAKE_3_NORM = Representation(heads.CAKE_NORM, 3)
BASELINE = Representation(heads.BASELINE, 0)
ANNOTATED, ANNOTATED_1 = Representation(heads.AV_TRUE, 0), Representation(heads.AV_TRUE, 1)

COMPACT = (CAKE_3, AV_1, AV, CAKE_2)  # the order of Table 1
SHOWN = (*COMPACT, CAKE_3_NORM, BASELINE)
SMALL_AND_ALL = (BASELINE, CAKE_3, CAKE_2)  # what networks are compared by
MAPPED = (CAKE_3_NORM, AV, CAKE_2)  # the rows of Figure 5
LEARNED = (CAKE_2, CAKE_3)  # whose dimensions are learned and few, so that one may ask what they mean
PAPER_FAMILIES = (heads.CAKE, heads.AV, heads.CAKE_NORM, heads.BASELINE, heads.AV_TRUE)

ABSENT = "–"
TOY = "TOY DATA, no measure of anything real. "

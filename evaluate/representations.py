"""Which representations the tables and figures show, as (family, k, label), and what every title of toy data begins
with."""

COMPACT = (("cake", 3, "CAKE-3"), ("av", 1, "AV1"), ("av", 0, "AV"), ("cake", 2, "CAKE-2"))
BASELINE = ("baseline", 0, "Baseline")
SHOWN = (*COMPACT, ("cake-norm", 3, "CAKE-3-Norm"), BASELINE)
ABSENT = "–"
TOY = "TOY DATA, no measure of anything real. "

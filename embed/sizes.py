"""The --k option: 3, or 1,2,3,8, or 1..512, or 1..512:log, and their union, separated by commas; and sizes of
memory."""

import re

LARGEST_K = 512  # more dimensions than the features have cannot hold more
FORMS = "3, or 1,2,3,8, or 1..512 (every integer), or 1..512:log (1, 2, 3, 4, 8, 16, ... 512: Figure 4's axis)"


def parse_sizes(text):
    """Sorted list of distinct k. Raises ValueError naming the accepted forms."""
    sizes = {k for part in text.split(",") for k in _parse_part(part.strip(), text)}
    if sizes and max(sizes) > LARGEST_K:
        raise ValueError(f"k = {max(sizes)} is more than the {LARGEST_K} dimensions of the features")
    return sorted(sizes)


def _parse_part(part, text):
    found = re.fullmatch(r"(\d+)(?:\.\.(\d+)(:log)?)?", part)
    if not found:
        raise ValueError(f"{text!r} is not a list of sizes; write {FORMS}")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise ValueError(f"{part!r} runs backwards; write {FORMS}")
    return _logarithmic(first, last) if found[3] else range(first, last + 1)


def _logarithmic(first, last):
    """Powers of two in the range, 3 (the paper's size), and both ends."""
    grid = {1, 2, 3} | {2**power for power in range(2, 10)}
    return sorted({first, last} | {k for k in grid if first <= k <= last})


def parse_bytes(text):
    """Bytes of a size such as 800M, 4G or 1.5T. Raises ValueError naming the accepted forms."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT])i?B?", text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError(f"{text!r} is not a size of memory; write 800M, 4G or 1.5T")
    return int(float(found[1]) * 1024 ** ("KMGT".index(found[2].upper()) + 1))

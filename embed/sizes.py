"""The --k option: 3, or 1,2,3,8, or 1..512, or 1..512:log, and their union, separated by commas; and sizes of
memory."""

import re

LARGEST_K = 2**16  # beyond any backbone's features; the sweep knows how many dimensions those at hand have
FORMS = "3, or 1,2,3,8, or 1..512 (every integer), or 1..512:log (1, 2, 3, 4, 8, 16, ... 512: Figure 4's axis)"


def parse_sizes(text: str) -> list:
    """Sorted list of distinct k. Raises ValueError naming the accepted forms."""
    return sorted({k for part in text.split(",") for k in _parse_part(part.strip(), text)})


def _parse_part(part, text):
    found = re.fullmatch(r"(\d+)(?:\.\.(\d+)(:log)?)?", part)
    if not found:
        raise ValueError(f"{text!r} is not a list of sizes; write {FORMS}")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise ValueError(f"{part!r} runs backwards; write {FORMS}")
    if last > LARGEST_K:
        raise ValueError(f"k = {last} is more than the dimensions of any features; {LARGEST_K} is the largest taken")
    return logarithmic(first, last) if found[3] else range(first, last + 1)


def logarithmic(first: int, last: int) -> list:
    """What is_on_grid in the range, and both ends."""
    return sorted({first, last} | set(filter(is_on_grid, range(first, last + 1))))


def is_on_grid(k: int) -> bool:
    """Whether k is on the logarithmic axis of Figure 4: 0, the powers of two, and 3, the paper's size."""
    return k == 3 or k & (k - 1) == 0


def parse_bytes(text: str) -> int:
    """Bytes of a size such as 800M, 4G or 1.5T. Raises ValueError naming the accepted forms."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT])i?B?", text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError(f"{text!r} is not a size of memory; write 800M, 4G or 1.5T")
    return int(float(found[1]) * 1024 ** ("KMGT".index(found[2].upper()) + 1))

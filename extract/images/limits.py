"""What an image file may be to be decoded, and the refusal of all others."""

from data.runtime.failures import Refused

MOST_PIXELS = 64_000_000  # 8,000 x 8,000; 192 MB as RGB
SMALLEST_SIDE = 8  # dlib finds "no face" in less without a word; it is another thing and gets another status


class Undecodable(Refused):
    """An image file that gives no pixels; `status` says in which of the manifest's ways."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


def sized(width: int, height: int, kind: str) -> tuple[int, int]:
    """(width, height), if an image of that size is decoded. Raises Undecodable."""
    if width * height > MOST_PIXELS:
        raise Undecodable("too_large", f"{width} x {height} pixels, at most {MOST_PIXELS:,} are read")
    if min(width, height) < SMALLEST_SIDE:
        raise Undecodable("too_small", f"{width} x {height} pixels, both sides of a {kind} must have {SMALLEST_SIDE}")
    return width, height


def reaches(data: bytes, end: int, kind: str) -> None:
    """Refuse a file that ends before what its own header speaks of."""
    if end > len(data):
        raise Undecodable("truncated", f"the {kind} file has {len(data):,} bytes, its header speaks of {end:,}")

"""The directories of a TIFF file, which may stand anywhere in it: how large its image is, and whether all they point to
is there."""

import struct

import numpy as np

from extract.images.limits import MOST_PIXELS, Undecodable, reaches, sized

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "u1", 3: "u2", 4: "u4", 16: "u8"}  # types that a count, a size or a place may have
_WIDTH, _HEIGHT, _BITS, _TILE_WIDTH, _TILE_HEIGHT, _SAMPLE_FORMAT = 256, 257, 258, 322, 323, 339
_PLACES = ((273, 279), (324, 325))  # places and sizes of strips, of tiles
_READ = {_WIDTH, _HEIGHT, _BITS, _TILE_WIDTH, _TILE_HEIGHT, _SAMPLE_FORMAT, 273, 279, 324, 325}
_PAGES = 64  # pages beyond are not looked at; the first one is the image
_ENTRIES = 4096  # of a directory; files have a few dozen, and each takes time to read


def walk(data: bytes) -> tuple[int, int]:
    """(width, height) of a TIFF whose every directory, all that these point to, and every strip and tile lie inside
    the file. Raises Undecodable, struct.error where a number would be read beyond the end."""
    order = "<" if data.startswith(b"II") else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    place = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    size, seen = None, set()
    while place and place not in seen and len(seen) < _PAGES:
        seen.add(place)
        tags, place = _directory(data, place, order, big)
        size = size or _size(tags)
        for places, lengths in _PLACES:
            _holds(data, tags.get(places, ()), tags.get(lengths, ()))
    if size is None:
        raise Undecodable("unreadable", "the TIFF file has no directory")
    return size


def _size(tags):
    first = {tag: int(values[0]) for tag, values in tags.items() if len(values)}
    if first.get(_SAMPLE_FORMAT, 1) != 1 or first.get(_BITS, 1) > 16:
        raise Undecodable(
            "bad_format",
            f"a TIFF of {first.get(_BITS, 1)} bits a sample, sample format {first.get(_SAMPLE_FORMAT, 1)}; "
            "unsigned whole numbers of up to 16 bits are read",
        )
    if first.get(_TILE_WIDTH, 0) * first.get(_TILE_HEIGHT, 0) > MOST_PIXELS:
        raise Undecodable(
            "too_large",
            f"tiles of {first[_TILE_WIDTH]} x {first[_TILE_HEIGHT]} pixels, at most {MOST_PIXELS:,} are read",
        )
    if _WIDTH not in first or _HEIGHT not in first:
        raise Undecodable("unreadable", "the TIFF file does not say how large its image is")
    return sized(first[_WIDTH], first[_HEIGHT], "TIFF")


def _holds(data, places, lengths):
    """Refuse strips or tiles that reach beyond the file."""
    count = min(len(places), len(lengths))
    if count:
        ends = places[:count].astype(np.float64) + lengths[:count].astype(np.float64)  # 64-bit sums could wrap
        reaches(data, int(ends.max()), "TIFF")


def _directory(data, place, order, big):
    """({tag: its values}, place of the next directory) of the directory at `place`; only the tags that are read
    here."""
    pointer, inline, entry_bytes = ("Q", 8, 20) if big else ("I", 4, 12)
    count_code = order + ("Q" if big else "H")
    reaches(data, place + struct.calcsize(count_code), "TIFF")
    start, tags = place + struct.calcsize(count_code), {}
    count = struct.unpack_from(count_code, data, place)[0]
    end = start + entry_bytes * count
    reaches(data, end + inline, "TIFF")
    if count > _ENTRIES:
        raise Undecodable("unreadable", f"a TIFF directory of {count:,} entries, at most {_ENTRIES:,} are read")
    for entry in range(start, end, entry_bytes):
        tag, kind, length = struct.unpack_from(order + "HH" + pointer, data, entry)
        at, stored = entry + entry_bytes - inline, length * _SIZES.get(kind, 1)
        if stored > inline:
            at = struct.unpack_from(order + pointer, data, at)[0]
            reaches(data, at + stored, "TIFF")
        if tag in _READ:
            if kind not in _CODES or tag in tags:  # libraries differ in what they make of these
                raise Undecodable("unreadable", f"the TIFF file holds its tag {tag} twice or in type {kind}")
            tags[tag] = np.frombuffer(data, order + _CODES[kind], length, at)
    return tags, struct.unpack_from(order + pointer, data, end)[0]

"""Files that appear whole or not at all, and settings that must agree with those of a file there is already.

A growing HDF5 file loses acknowledged rows when its process is killed, so nothing here is ever reopened for writing:
a piece is written under a temporary name in the folder it is for, synced, and renamed."""

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from data.runtime.failures import Refused

ABSENT = ""  # a value that is not there, among texts
LONGEST, MOST_NAMED = 40, 5  # characters and names of what differs that a message shows
FOLDERS_SYNC = os.name != "nt"  # Windows opens no folder, and keeps the order of its renames by itself


class DiskFull(Refused, OSError):
    """There is no room for what was to be published."""


class TooLarge(Refused, OSError):
    """The system allows no file of the size of what was to be published."""


class Mismatch(Refused):
    """What lies on disk was made with other settings than this call asks for."""


def publish(path: Path, write: Callable[[Path], None]) -> None:
    """Call write(temporary path), then make the result appear at `path` in one step. Raises DiskFull, TooLarge."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(temporary)
            _sync(temporary, os.O_RDWR)  # Windows syncs only what is open for writing
            os.replace(temporary, path)
            if FOLDERS_SYNC:
                _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"the disk is full: {path} could not be written; free some space and call the same command "
                "again, what was finished is kept"
            ) from error
        if error.errno == errno.EFBIG:
            raise TooLarge(
                f"{path} could not be written: the file system or a limit of this shell (`ulimit -f`) allows no file "
                "of its size; lift the limit or use another --workdir, and call the same command again"
            ) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError inside says the path that it is about: of an open file's reads and writes the system does not."""
    try:
        yield
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = str(path)
        raise


def publish_text(path: Path, text: str) -> None:
    """Publish a text file in UTF-8."""
    publish(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_difference(
    path: Path | str,
    found: dict,
    asked: dict,
    *,
    but: tuple = (),
    this: str = "this call",
    advice: str = "move or delete it, or use another --workdir",
) -> None:
    """Raise Mismatch that shows the first field in which two dicts of settings differ, digests last.

    but: fields that may differ; this: who asks."""
    for field in _in_order((found.keys() | asked.keys()) - set(but)):
        if found.get(field) != asked.get(field):
            name = field.replace("_", " ")
            before, now = contrast(found.get(field), asked.get(field))
            now = f"no {name}" if now == ABSENT else now
            raise Mismatch(f"{path} was made with {_labelled(name, before)}, {this} has {now}; {advice}")


def _labelled(name, text):
    return f"no {name}" if text == ABSENT else f"{name} {text}"


def _in_order(fields):
    """What is readable says more than a digest that follows from it."""
    return sorted(fields, key=lambda field: (str(field).endswith(("digest", "sha256")), str(field)))


def contrast(before: object, now: object) -> tuple[str, str]:
    """Two unequal values of JSON as two unequal texts: names that only one has, or what differs under the same name;
    long texts around their first difference; ABSENT for what is not there."""
    texts = _texts(before, now)
    if texts[0] == texts[1]:  # 1 and "1", or an order
        texts = _around(json.dumps(before), json.dumps(now))
    return texts


def _texts(before, now):
    sides = [_named(before), _named(now)]
    if None not in sides:
        return _by_name(*sides)
    if isinstance(before, list) and isinstance(now, list) and before and now:
        return _listed(before, now), _listed(now, before)
    texts = _around(*(str(value) for value in (before, now)))
    return tuple(ABSENT if value in (None, "", [], {}) else text for value, text in zip((before, now), texts))


def _named(value):
    """A dict, or a list of [name, value], as a dict; None for anything else and for what is empty."""
    if isinstance(value, list) and all(isinstance(one, list) and len(one) == 2 for one in value):
        value = {str(name): under for name, under in value}
    return value if isinstance(value, dict) and value else None


def _by_name(before, now):
    if before.keys() != now.keys():
        return _listed(list(before), list(now)), _listed(list(now), list(before))
    differ = _in_order(name for name in before if before[name] != now[name])[:MOST_NAMED]
    if not differ:
        return _listed(list(before), list(now)), _listed(list(now), list(before))
    pairs = [(str(name).replace("_", " "), contrast(before[name], now[name])) for name in differ]
    return tuple(", ".join(_labelled(name, texts[side]) for name, texts in pairs) for side in (0, 1))


def _listed(own, other):
    """Names in words; of many, those that the other side has not."""
    shown = own if len(own) <= MOST_NAMED else [name for name in own if name not in other][:MOST_NAMED]
    more = len(own) - len(shown)
    words = [*map(str, shown), *([f"{more:,} more"] if more else [])]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _around(before, now):
    """Two texts, each cut to the place where they begin to differ."""
    same = len(os.path.commonprefix([before, now]))
    start = 0 if same < LONGEST // 2 else same - LONGEST // 4
    return tuple(_cut(text, start) for text in (before, now))


def _cut(text, start):
    if len(text) <= LONGEST:
        return text
    return "..." * (start > 0) + text[start : start + LONGEST] + "..." * (start + LONGEST < len(text))

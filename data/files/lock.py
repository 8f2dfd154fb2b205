"""The lock on an output under way: one process holds it, a second one is told who does.

The kernel frees it when its process ends, however that ends. Where a system has no such lock, a file stands for it,
which filelock takes away once its process is gone."""

import contextlib
import errno
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
from filelock import FileLock, Timeout

from data.files.cache import header_of, open_cache
from data.files.publish import refuse_difference
from data.files.shards import Shards, header_in, parts_of, remove_parts, set_aside
from data.runtime.failures import Refused
from data.runtime.ranks import Ranks

PATIENCE = 0.2  # seconds; a holder that ends at this moment, or a dead one's file, is not reported as busy
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)


class Busy(Refused, OSError):
    """Another process is writing the same output."""


class NoLocks(Refused, OSError):
    """The file system gives no locks."""


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the output `path` for this process. Raises Busy, which names the holder, and NoLocks."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name, holder = path.with_name(f".{path.name}.lock"), path.with_name(f".{path.name}.holder")
    held = _acquired(name, path, holder)
    try:
        # beside the lock and not in it: Windows lets nobody else read a locked file
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        _sweep(path)
        yield
    finally:
        holder.unlink(missing_ok=True)
        # Removed while it is held: who has opened it by then finds, once it is free, that it has no name any more, and
        # tries again (filelock does so from the version in setup.cfg on). On Windows, which removes no open file,
        # filelock removes it.
        with contextlib.suppress(PermissionError):
            name.unlink(missing_ok=True)
        held.release()


def _acquired(name: Path, path: Path, holder: Path) -> FileLock:
    held = FileLock(name)
    try:
        held.acquire(timeout=PATIENCE, poll_interval=PATIENCE / 10)
    except Timeout:
        raise Busy(f"{path} is being written by {_read(holder) or 'another process'}; wait for it to end") from None
    except OSError as error:
        if error.errno in NO_LOCKS:
            raise NoLocks(
                f"the file system of {path} gives no locks ({error.strerror}), which keep two processes from writing "
                "one file; use a --workdir on another one, or have it mounted with locks"
            ) from error
        raise
    return held


def _read(holder: Path) -> str:
    with contextlib.suppress(OSError):
        return holder.read_text(encoding="utf-8")
    return ""


def _sweep(path: Path) -> None:
    """Remove what a killed writer left half-written."""
    for stale in path.parent.glob(f".{path.name}.*.tmp"):
        stale.unlink()


@contextlib.contextmanager
def claimed(
    target: Path,
    kind: str,
    ranks: Ranks,
    *,
    shard_header: dict,
    header: dict,
    renewed: tuple = (),
    outdated: Callable[[h5py.File], bool] = lambda file: False,
) -> Iterator[Shards | None]:
    """Hold an output for all processes of a command; yields its shards, ready to go on with, None where it was made.

    renewed: fields of both headers; where only these differ from what is there, or outdated(file) says so of it, the
    output is to be made again, and what there is stays until it is, for who can use it. Raises Busy, and Mismatch where
    anything else differs."""
    with contextlib.ExitStack() as stack:

        def claim():
            stack.enter_context(lock(target))
            return _made_already(target, kind, shard_header, header, renewed, outdated)

        made = ranks.on_first(claim)
        try:
            yield None if made else Shards(target, shard_header)
        except KeyboardInterrupt as stopped:
            stopped.args = ("; ".join([*map(str, stopped.args), _kept(target, made)]),)
            raise


def _kept(target, made):
    """What an interrupt says of an output."""
    if made:
        return f"{target} is whole"
    pieces = len(list(parts_of(target).glob("[0-9]*.h5")))
    if not pieces:
        return f"nothing of {target} is kept yet"
    return f"{pieces:,} finished pieces of {target} are kept, and the same command goes on from there"


def _made_already(target, kind, shard_header, header, renewed, outdated):
    """Whether the cache is there; where it is not, what a killed writer left of its shards is swept."""
    if target.exists():
        with open_cache(target, kind) as file:
            refuse_difference(target, header_of(file), header, but=renewed)
            done = header_of(file) == json.loads(json.dumps(header)) and not outdated(file)
        if done:
            remove_parts(target)  # a call that was killed had come so far
            return True
    parts = header_in(parts_of(target))
    if parts and parts != json.loads(json.dumps(shard_header)) and renewed:
        refuse_difference(parts_of(target), parts, shard_header, but=renewed)
        set_aside(target)
    Shards(target, shard_header).sweep()
    return False

"""What was named on the command line, picture by picture: photographs, folders of them, and videos."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from data.readers.walk import Walk, is_image, printable
from data.runtime.machine import available_cpus
from extract.emotions.followed import Persons
from extract.emotions.seen import UNREADABLE, Seen, seen_face
from extract.emotions.videos import BrokenVideo, Video, is_video
from extract.faces.detectors import Detector
from extract.images.decode import Undecodable, decode, one_thread, read
from extract.threads import Threads, ahead


@dataclass(frozen=True)
class Named:
    """One file. name: what the table calls it; a folder's files begin with its own name."""

    name: str
    path: Path

    @property
    def video(self) -> bool:
        """Whether it is taken for a video."""
        return is_video(self.path)


def files_of(paths: Iterable[Path]) -> tuple[list[Named], list[str]]:
    """(the files, in the order of the paths and of the names in a folder; lines about what was passed over).

    A file that is named itself is looked at whatever its name; in a folder, photographs and videos are."""
    files, notes = [], []
    for path in paths:
        if not path.is_dir():
            files.append(Named(printable(str(path)), path))
            continue
        walk = Walk()
        inside = walk.images(path, wanted=lambda file: is_image(file) or is_video(file))
        below = path.resolve().name
        files += [Named(printable(Path(below, file.relative_to(path)).as_posix()), file) for file in inside]
        notes += walk.notes(path)
    twice = [name for name, count in Counter(file.name for file in files).items() if count > 1]
    return files, notes + [f"{name} is named more than once" for name in twice]


def seen_files(files: Iterable[Named], detector: Detector, size: int, every: float) -> Iterator[Seen]:
    """Yield the Seen of all photographs and frames, in their order. size: pixels of a crop; every: seconds between the
    frames of a video that are looked at."""
    for video, several in groupby(files, lambda file: file.video):
        if video:
            for file in several:
                yield from seen_frames(file, detector, size, every)
        else:
            yield from seen_photographs(several, detector, size)


def seen_photographs(files: Iterable[Named], detector: Detector, size: int) -> Iterator[Seen]:
    """Yield the Seen of photographs in their order; each CPU looks at one of its own."""
    cpus = available_cpus()
    with Threads(cpus, initializer=one_thread) as pool:
        yield from ahead(pool, lambda file: _photograph(file, detector, size), files, depth=4 * cpus)


def _photograph(file, detector, size):
    try:
        return seen_image(file.name, decode(read(file.path)), detector, size)
    except Undecodable as error:
        return Seen(file.name, note=f"{UNREADABLE}: {error}")
    except OSError as error:
        return Seen(file.name, note=f"{UNREADABLE}: {error.strerror or error}")


def seen_image(name: str, image: np.ndarray, detector: Detector, size: int) -> Seen:
    """The Seen of an (H, W, 3) uint8 RGB photograph, with all faces that are large enough to say something of them."""
    faces = (seen_face(image, face, size) for face in detector.visible(image))
    return Seen(name, faces=tuple(face for face in faces if face))


def seen_frames(file: Named, detector: Detector, size: int, every: float) -> Iterator[Seen]:
    """Yield the Seen of the frames of a video; of one that cannot be opened or breaks off, a last one that says so."""
    persons = Persons(detector)
    try:
        for time, image in Video(file.path).every(every):
            faces = (seen_face(image, face, size, number) for number, face in persons.in_frame(image, time))
            yield Seen(file.name, time, tuple(face for face in faces if face))
    except BrokenVideo as error:
        yield Seen(file.name, note=f"{UNREADABLE}: {error}")

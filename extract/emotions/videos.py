"""Videos, frame by frame, never whole in memory."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from data.runtime.failures import Refused

ENDINGS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".wmv", ".mpg", ".mpeg", ".flv", ".3gp", ".ogv", ".mts")
FRAMES_A_SECOND = 25.0  # where a file does not tell
# FFmpeg says on stderr what it thinks of a file; what matters of that is said in one line. And a file that names
# others, as a playlist does, gets none from the network.
OPENING = {"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_FFMPEG_CAPTURE_OPTIONS": "protocol_whitelist;file"}


class BrokenVideo(Refused):
    """A file that cannot be opened as a video, or breaks off."""


def is_video(path: Path) -> bool:
    """Whether a file is taken for a video, by its ending."""
    return path.suffix.lower() in ENDINGS


class Video:
    """A video that is read once. frames: about how many it has, as the file says."""

    def __init__(self, path: Path):
        """Raises BrokenVideo."""
        with _asked(OPENING):
            self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self._capture.isOpened():
            raise BrokenVideo("no video that can be opened")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._rate = rate if np.isfinite(rate) and 0 < rate < 1e4 else FRAMES_A_SECOND
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.frames = int(count) if np.isfinite(count) and count > 0 else 0

    def every(self, seconds: float) -> Iterator[tuple[float, np.ndarray]]:
        """Yield (time in seconds, (H, W, 3) uint8 RGB, turned upright) of the first frame and of each that is at least
        so many seconds after the last one; 0 for all.

        Times are those of the file, or follow from its rate where it tells none. Frames between are not decoded to
        colour. Raises BrokenVideo where it ends before nine tenths of the frames that it says to have."""
        due, number, last = 0.0, 0, -1.0
        with contextlib.closing(self):
            while self._capture.grab():
                time = self._time(number, last)
                last = time
                if time >= due - 1e-6:
                    found, frame = self._capture.retrieve()
                    if found:
                        yield time, cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
                        due = time + seconds
                number += 1
        if not number or number < 0.9 * self.frames:
            raise BrokenVideo(f"it ends after {number:,} of {self.frames:,} frames")

    def _time(self, number, last):
        """Of a frame that was just taken; some files tell none, or one that runs backwards."""
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return told if np.isfinite(told) and told > last and (told or not number) else number / self._rate

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()


@contextlib.contextmanager
def _asked(settings: dict):
    """Environment variables that OpenCV reads as it opens a file, set for as long; it gives no warnings meanwhile."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

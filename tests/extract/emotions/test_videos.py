"""Videos: which frames are looked at and when they were, and files that are none or break off."""

import numpy as np
import pytest

from extract.emotions.videos import BrokenVideo, Video, is_video
from tests.extract.emotions.made_up import picture, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """30 frames, ten a second, each of its own grey."""
    frames = [np.full((48, 64, 3), 8 * number, np.uint8) for number in range(30)]
    return write_video(tmp_path_factory.mktemp("video") / "clip.avi", frames)


def test_every_frame_comes_once_with_its_time(clip):
    found = list(Video(clip).every(0))
    np.testing.assert_allclose([time for time, _ in found], np.arange(30) / 10, atol=1e-6)
    assert all(abs(image.mean() - 8 * number) < 3 for number, (_, image) in enumerate(found))
    assert Video(clip).frames == 30


@pytest.mark.parametrize(("every", "times"), [(0.2, np.arange(15) / 5), (0.25, np.arange(10) * 0.3), (10, [0])])
def test_frames_are_at_least_so_far_apart(clip, every, times):
    np.testing.assert_allclose([time for time, _ in Video(clip).every(every)], times, atol=1e-6)


def test_what_is_no_video_is_refused(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"not a video" * 100)
    with pytest.raises(BrokenVideo, match="no video that can be opened"):
        Video(tmp_path / "no.mp4")


def test_a_video_that_breaks_off_gives_what_it_has_and_says_so(clip, tmp_path):
    whole = clip.read_bytes()
    (tmp_path / "half.avi").write_bytes(whole[: len(whole) // 2])
    seen = []
    with pytest.raises(BrokenVideo, match="it ends after"):
        video = Video(tmp_path / "half.avi")
        for time, _ in video.every(0):
            seen.append(time)
    assert 0 < len(seen) < 30 or video.frames == 0


def test_endings(tmp_path):
    assert is_video(tmp_path / "A.MP4") and not is_video(tmp_path / "a.jpg")


def test_colours_are_red_green_blue(tmp_path):
    path = write_video(tmp_path / "red.avi", [picture((0, 0, 200, (250, 10, 10)))] * 3)
    _, image = next(Video(path).every(0))
    assert image[50, 50, 0] > 200 > 60 > image[50, 50, 2]

"""Rows of the table: one for each face, in order, with what the model says of that face and of no other."""

import numpy as np
import pytest

from data.emotions import EMOTIONS
from extract.emotions.answers import BATCH, answers, columns
from extract.emotions.pictures import Named, files_of, seen_files, seen_image
from extract.emotions.seen import BLURRED, NO_FACE, SMALL, sharpness
from tests.extract.emotions.made_up import SIZE, Colours, Squares, picture, write_image, write_video

RED, GREEN, BLUE = (250, 20, 20), (20, 250, 20), (20, 20, 250)


def rows(pictures, model=None, classifier=0, **options):
    return [row for _, own in answers(pictures, model or Colours(), classifier, **options) for row in own]


def seen(*images):
    return [seen_image(str(number), image, Squares(), SIZE) for number, image in enumerate(images)]


def test_each_face_has_its_own_row_and_its_own_colour():
    [first, second] = rows(seen(picture((20, 20, 60, RED), (200, 100, 80, BLUE))))
    assert (first["face"], second["face"]) == (0, 1) and first["width"] == 80 and second["x"] == 20
    assert first["along_blue"] > 0.9 > 0.1 > first["along_red"] and second["along_red"] > 0.9
    assert second["predicted"] == "happiness" and first["predicted"] == "neutral"
    assert second["probability"] == pytest.approx(max(second[name] for name in EMOTIONS))
    assert sum(second[name] for name in EMOTIONS) == pytest.approx(1) and second["score"] == 0.75


def test_the_classifier_asked_for_decides():
    assert rows(seen(picture((20, 20, 60, RED))), classifier=1)[0]["predicted"] == "neutral"


def test_a_picture_without_a_face_has_a_row_that_says_so():
    [row] = rows(seen(picture()))
    assert row["note"] == NO_FACE and "predicted" not in row and row["toy"] == 1


def test_batches_give_what_single_pictures_give():
    many = [picture((10 + step, 20, 50 + step, (250 - 5 * step, 5 * step, 20))) for step in range(2 * BATCH + 3)]
    model = Colours()
    found = rows(seen(*many), model)
    assert max(model.batches) == BATCH and sum(model.batches) == len(many)
    for number, row in enumerate(found):
        [alone] = rows(seen(many[number]))
        assert {**alone, "path": row["path"]} == row


def test_the_columns_hold_all_that_rows_have():
    plain, knowing = columns(Colours()), columns(Colours(knows_arousal_valence=True))
    assert set(rows(seen(picture((20, 20, 60, RED))))[0]) <= set(plain) and "valence" not in plain
    assert knowing[-4:] == ["valence", "arousal", "note", "toy"]
    [row] = rows(seen(picture((20, 20, 60, RED))), Colours(knows_arousal_valence=True))
    assert row["valence"] > 0.9 > 0.1 > row["arousal"]


def test_small_faces_and_blurred_ones_are_noted():
    [small] = rows(seen(picture((20, 20, 30, RED))))
    assert SMALL in small["note"].split("; ")
    edges = np.random.default_rng(0).integers(0, 255, (224, 224, 3), np.uint8)
    ramp = np.broadcast_to(np.arange(224, dtype=np.uint8)[:, None, None], (224, 224, 3)).copy()
    assert sharpness(edges) > 0.5 > 1e-3 > sharpness(ramp) and sharpness(picture()) == 0.0
    away = np.hypot(*(np.mgrid[:240, :320] - np.array([120, 160])[:, None, None]))
    soft = np.repeat((90 + 160 * np.exp(-((away / 60) ** 2)))[..., None], 3, 2).astype(np.uint8)
    assert BLURRED in rows(seen(soft))[0]["note"] and BLURRED not in rows(seen(noisy()))[0]["note"]


def noisy():
    """A face with detail everywhere."""
    image = picture((20, 20, 80, RED))
    image[20:100, 20:100] = np.random.default_rng(0).integers(0, 255, (80, 80, 3))
    image[20:100, 20:100, 0] = 250
    return image


def test_files_come_in_their_order_whatever_they_are(tmp_path):
    folder = tmp_path / "trip"
    (folder / "more").mkdir(parents=True)
    write_image(folder / "b.png", picture((20, 20, 60, RED)))
    write_image(folder / "more" / "c", picture((20, 20, 60, BLUE)))
    (folder / "notes.txt").write_text("no picture")
    write_video(folder / "a.avi", [picture((20, 20, 60, GREEN))] * 4)
    odd = write_image(tmp_path / "odd.name", picture((20, 20, 60, RED)))
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    files, notes = files_of([folder, odd, tmp_path / "broken.jpg"])
    assert [file.name for file in files] == ["trip/a.avi", "trip/b.png", "trip/more/c", str(odd), str(files[-1].path)]
    assert notes == ["1 files passed over: .txt 1"]
    found = rows(seen_files(files, Squares(), SIZE, every=0))
    assert [row["path"] for row in found] == [files[0].name] * 4 + [file.name for file in files[1:]]
    assert [row.get("id") for row in found] == [0] * 4 + [None] * 4
    assert found[-1]["note"].startswith("cannot be read: no image of the formats") and "predicted" not in found[-1]


def test_a_video_that_cannot_be_opened_is_a_row_and_no_end(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"no video" * 50)
    good = write_image(tmp_path / "b.png", picture((20, 20, 60, RED)))
    files = [Named("no.mp4", tmp_path / "no.mp4"), Named("b.png", good)]
    bad, fine = rows(seen_files(files, Squares(), SIZE, every=0))
    assert bad["note"] == "cannot be read: no video that can be opened" and fine["predicted"] == "happiness"


def test_smoothing_is_a_running_mean_of_each_person(tmp_path):
    """w = 1 - exp(-dt / constant) of the step from what was said before, by hand."""
    colours = [RED] * 5 + [BLUE] * 5
    frames = [picture((20, 20, 60, colour), (200, 100, 60, GREEN)) for colour in colours]
    files = [Named("clip", write_video(tmp_path / "clip.avi", frames)), Named("again", tmp_path / "clip.avi")]
    plain, smooth = (rows(seen_files(files[:1], Squares(), SIZE, 0), smooth=each) for each in (0.0, 0.3))
    weight = 1 - np.exp(-0.1 / 0.3)
    for person in (0, 1):
        raw = [row["happiness"] for row in plain if row["id"] == person]
        expected = raw[:1]
        for value in raw[1:]:
            expected.append(expected[-1] + weight * (value - expected[-1]))
        found = [row["happiness"] for row in smooth if row["id"] == person]
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.ptp([row["happiness"] for row in plain]) > 0.5
    both = rows(seen_files(files, Squares(), SIZE, 0), smooth=0.3)
    starts = [row["happiness"] for row in both if row["time"] == 0 and row["id"] == 0]
    assert len(starts) == 2 and starts[0] == pytest.approx(starts[1])  # nothing is carried from video to video

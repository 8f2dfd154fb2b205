"""The toy corpus: seeded, in the real layouts, found by the real detector, and honest about what it is."""

import json
import subprocess
import sys

import numpy as np
import pytest

from data.emotions import EMOTIONS
from data.readers import registry
from extract.toy import toy_corpus
from extract.toy.picture import Style, draw
from extract.toy.shape import Expression, neutral

STYLE = Style(224, 60, 1.0, 3.0, 0.3, 5)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy") / "toy"
    assert toy_corpus.draw(folder, seed=3, size=70)
    return folder


def listing(corpus, name):
    return registry.read(name, corpus / "datasets" / name)


@pytest.mark.parametrize("name", list(toy_corpus.DOMAINS))
def test_the_readers_of_the_real_data_sets_read_it_and_know_it_is_toy(corpus, name):
    found = listing(corpus, name)
    assert found.toy and {sample.split for sample in found.samples} == {"train", "test"}
    for split in ("train", "test"):
        assert {sample.emotion for sample in found.of(split)} >= set(range(7))
    assert all((found.root / sample.path).is_file() for sample in found.samples)


def test_affectnet_has_landmarks_boxes_values_and_rows_to_leave_out(corpus):
    found = listing(corpus, "affectnet")
    assert "training.csv with header, validation.csv without header" in found.layout
    assert {sample.left_out for sample in found.samples} == {"", "contempt", "uncertain", "no-face"}
    kept = [sample for sample in found.samples if not sample.left_out]
    assert all(sample.points().shape == (68, 2) and sample.box[2] > 40 for sample in kept)
    assert any(sample.box[0] != sample.box[1] and sample.box[2] != sample.box[3] for sample in kept)
    assert any(np.isnan(sample.valence) for sample in kept) and any(sample.valence > 0.3 for sample in kept)
    assert len({sample.path.rsplit(".", 1)[1] for sample in found.samples}) >= 3


def test_the_same_seed_gives_the_same_files(corpus, tmp_path):
    toy_corpus.draw(tmp_path / "toy", seed=3, size=70)
    for path in sorted(corpus.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "toy" / path.relative_to(corpus)).read_bytes()
    assert toy_corpus.plan("rafdb", seed=4, size=70, dominance=1) != toy_corpus.plan(
        "rafdb", seed=3, size=70, dominance=1
    )


def test_it_draws_where_opencv_has_already_run_threads(tmp_path):
    """A process forked after that hangs in its first call of OpenCV."""
    code = (
        "import cv2, numpy, sys; from extract.toy import toy_corpus; cv2.setNumThreads(4)\n"
        "cv2.GaussianBlur(numpy.zeros((2000, 2000, 3), numpy.uint8), (31, 31), 5)\ntoy_corpus.draw(sys.argv[1], size=3)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "toy")], timeout=60, check=True)
    assert (tmp_path / "toy" / "toy.json").is_file()


def test_a_finished_corpus_is_kept_and_others_are_refused(corpus, tmp_path):
    assert not toy_corpus.draw(corpus, seed=3, size=70)
    with pytest.raises(ValueError, match="seed 3, this call asks for 4"):
        toy_corpus.draw(corpus, seed=4, size=70)
    (tmp_path / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(ValueError, match="holds no toy corpus; it is left alone"):
        toy_corpus.draw(tmp_path, seed=3, size=70)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_interrupted_corpus_is_drawn_again(tmp_path):
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "unfinished.json").write_text(json.dumps({"seed": 0, "size": 70, "dominance": 1.0, "version": 1}))
    assert toy_corpus.draw(folder, size=70)
    assert (folder / "toy.json").exists() and not (folder / "unfinished.json").exists()


def test_without_dominance_anger_and_fear_look_alike():
    def picture(emotion, dominance):
        v, a, d = toy_corpus.CENTRES[emotion]
        return draw(Expression(v, a, d * dominance), STYLE, np.random.default_rng(5))[0]

    assert (picture("anger", 0) == picture("fear", 0)).all()
    assert (picture("anger", 1) != picture("fear", 1)).any()
    assert toy_corpus.CENTRES["anger"][:2] == toy_corpus.CENTRES["fear"][:2]


def test_the_control_differs_in_dominance_alone():
    for with_it, without in zip(
        toy_corpus.plan("sfew", seed=0, size=300, dominance=1), toy_corpus.plan("sfew", seed=0, size=300, dominance=0)
    ):
        assert (with_it.label, with_it.expression.valence, with_it.expression.arousal) == (
            without.label,
            without.expression.valence,
            without.expression.arousal,
        )
        assert without.expression.dominance == 0


def test_each_factor_moves_the_face():
    def points(**factors):
        return draw(
            Expression(**{"valence": 0, "arousal": 0, "dominance": 0, **factors}), STYLE, np.random.default_rng(1)
        )[1]

    rest = points()
    assert points(valence=0.8)[[48, 54], 1].mean() < rest[[48, 54], 1].mean()  # mouth corners rise
    opened = points(arousal=0.8)
    assert opened[66, 1] - opened[62, 1] > rest[66, 1] - rest[62, 1] + 3  # the mouth opens
    assert opened[[41, 40], 1].mean() - opened[[37, 38], 1].mean() > rest[[41, 40], 1].mean() - rest[[37, 38], 1].mean()
    assert points(dominance=1)[[21, 22], 1].mean() > rest[[21, 22], 1].mean() > points(dominance=-1)[[21, 22], 1].mean()


def test_the_neutral_face_is_symmetric():
    face = neutral()
    assert face.shape == (68, 2)
    np.testing.assert_allclose(face[36], face[45] * (-1, 1))
    np.testing.assert_allclose(face[17], face[26] * (-1, 1))


def test_the_detector_finds_them_and_agrees_on_the_landmarks():
    from extract.faces.hog import HogDetector

    detector, found, errors = HogDetector(), 0, []
    pictures = [
        picture
        for name in toy_corpus.DOMAINS
        for picture in toy_corpus.plan(name, seed=1, size=2100, dominance=1.0)[:20]
    ]
    for number, picture in enumerate(pictures):
        image, points = draw(
            picture.expression, toy_corpus.DOMAINS[picture.domain].style, np.random.default_rng(number)
        )
        assert (points > 0).all() and (points < len(image)).all()
        faces = detector.faces(image)
        found += bool(faces)
        if faces:
            size = np.linalg.norm(points[45] - points[36])
            errors.append(np.abs(faces[0].landmarks.points - points[[45, 42, 36, 39, 33]]).mean() / size)
    assert found >= 0.95 * len(pictures)
    assert np.mean(errors) < 0.05


def test_every_class_is_there_in_the_smallest_corpus():
    for name in toy_corpus.DOMAINS:
        for split in ("train", "test"):
            drawn = [
                picture.emotion
                for picture in toy_corpus.plan(name, seed=0, size=70, dominance=1)
                if picture.split == split
            ]
            assert np.bincount(drawn, minlength=len(EMOTIONS)).min() >= 3

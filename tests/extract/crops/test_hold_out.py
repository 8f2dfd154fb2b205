"""Rows that are set aside: a share of every class, whole persons, the same for every network."""

from types import SimpleNamespace

import numpy as np
import pytest

from extract.crops.hold_out import set_aside, units


def crops(emotion, path=None, cluster=(), validated=False):
    emotion = np.asarray(emotion, np.int8)

    class Made(SimpleNamespace):
        def __len__(self):
            return len(emotion)

    path = np.array([f"{index}.jpg" for index in range(len(emotion))] if path is None else path, object)
    return Made(emotion=emotion, path=path, cluster=np.array(cluster, object), validated=validated)


def test_a_share_of_every_class_is_held_out():
    emotion = np.repeat(np.arange(7), [4000, 1000, 300, 100, 20, 2, 1])
    held = set_aside(crops(np.random.default_rng(0).permutation(emotion)), 0.05)
    found = set_aside(crops(emotion), 0.05)
    assert np.bincount(emotion[found], minlength=7).tolist() == [200, 50, 15, 5, 1, 1, 0]
    assert held.sum() == found.sum()


def test_rows_without_a_class_are_never_held_out_nor_any_of_a_share_of_nothing():
    emotion = np.where(np.arange(200) % 2, 3, -1)
    assert not set_aside(crops(emotion), 0.1)[emotion < 0].any() and set_aside(crops(emotion), 0.1).sum() == 10
    assert not set_aside(crops(emotion), 0.0).any() and not set_aside(crops([]), 0.1).any()


def test_a_validation_split_serves_instead():
    assert not set_aside(crops(np.zeros(100), validated=True), 0.1).any()


def test_copies_of_a_file_and_crops_of_a_person_stay_on_one_side():
    generator = np.random.default_rng(1)
    person = generator.integers(0, 60, 900)
    emotion = generator.integers(0, 7, 900)
    by_person = set_aside(crops(emotion, cluster=[f"p{index}" for index in person]), 0.1)
    assert 90 <= by_person.sum() < 200 and not set(person[by_person]) & set(person[~by_person])
    by_image = set_aside(crops(emotion, path=[f"{index}.jpg" for index in person]), 0.1)
    assert not set(person[by_image]) & set(person[~by_image])
    alone = set_aside(crops(emotion), 0.1)  # the control: rows are divided whoever is in them
    assert set(person[alone]) & set(person[~alone])


def test_no_class_loses_its_last_row_to_a_person():
    emotion = [0] * 20 + [1, 1]
    held = set_aside(crops(emotion, cluster=[f"p{index}" for index in range(20)] + ["one", "one"]), 0.5)
    assert not held[20:].any() and 1 <= held.sum() < 20


def test_the_choice_depends_on_the_images_alone_not_on_their_order():
    generator = np.random.default_rng(2)
    emotion, order = generator.integers(0, 7, 500), generator.permutation(500)
    first = crops(emotion)
    second = crops(emotion[order], path=first.path[order])
    assert (set_aside(first, 0.1)[order] == set_aside(second, 0.1)).all()


def test_a_unit_is_the_cluster_where_there_is_one():
    found = units(np.array(["a", "b", "a", "c"], object), np.array(["", "p", "", "p"], object))
    assert found[0] == found[2] and found[1] == found[3] and found[0] != found[1]
    assert (units(np.array(["a", "b"], object)) == units(np.array(["a", "b"], object), ())).all()


@pytest.mark.parametrize("share", [0.02, 0.2])
def test_the_share_is_met_whatever_the_seed_of_the_labels(share):
    emotion = np.random.default_rng(3).integers(0, 7, 3000)
    counts, held = np.bincount(emotion), np.bincount(emotion[set_aside(crops(emotion), share)])
    assert (held == np.round(share * counts)).all()

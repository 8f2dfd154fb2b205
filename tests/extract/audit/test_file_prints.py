"""Reading for the audit: accidents cost one image, and nothing depends on the number of workers or the order of
completion."""

import functools
import os
import time

import numpy as np
import pytest

from extract.audit import file_prints
from extract.audit.audit import audit, render
from extract.audit.file_prints import ListedFiles, examine
from extract.audit.fingerprint import SIDE
from tests.extract.made_up import listing

ACCIDENTS = {
    "train_3.png": lambda: os.kill(os.getpid(), 9),
    "train_5.png": lambda: time.sleep(600),
    "train_7.png": lambda: 1 / 0,
}


def deadly(source, *, root, side):
    ACCIDENTS.get(source[0], lambda: None)()
    return examine(source, root=root, side=side)


def reading(made, workers=1):
    return ListedFiles([sample for sample in made.samples if not sample.left_out], made.root, workers=workers)


def test_an_image_that_kills_or_hangs_its_decoder_costs_itself_alone(tmp_path, monkeypatch):
    made = listing(tmp_path, {"train": 10})
    whole = reading(made).prints(lambda rows: None)
    monkeypatch.setattr(file_prints, "examine", deadly)
    monkeypatch.setattr(file_prints, "supervise", functools.partial(file_prints.supervise, patience=6.0))
    hurt = reading(made, 2)
    prints = hurt.prints(lambda rows: None)
    assert {hurt.sources[number][0]: failed.status for number, failed in hurt.failed.items()} == {
        "train_3.png": "crashed",
        "train_5.png": "timeout",
        "train_7.png": "crashed",
    }
    assert prints.readable.sum() == len(whole.readable) - 3
    assert (prints.thumbnail[prints.readable] == whole.thumbnail[prints.readable]).all()
    assert (prints.digest[prints.readable] == whole.digest[prints.readable]).all()


def backwards(work, items, *, workers):
    return ((key, work(item)) for key, item in reversed(list(items)))


def test_the_audit_hangs_on_neither_workers_nor_order(tmp_path, monkeypatch):
    made = listing(tmp_path, {"train": 30, "test": 20})
    for name in ("train_2.png", "train_4.png", "test_9.png"):
        (tmp_path / name).unlink()
    once = audit(made, workers=1)
    text = render(once)
    assert len(once.pairs) > 3 and [path for path, _ in once.troubles["missing"]] == [
        "train_2.png",
        "train_4.png",
        "test_9.png",
    ]
    assert render(audit(made, workers=3)) == text
    monkeypatch.setattr(file_prints, "supervise", backwards)
    again = audit(made, workers=1)
    assert render(again) == text
    for column in ("one", "other", "distance", "kind"):
        assert (getattr(again.pairs, column) == getattr(once.pairs, column)).all()


def test_rows_are_counted_once_a_file_is_read_however_often_it_is_listed(tmp_path):
    made = listing(tmp_path, {"train": 3})
    done = []
    twice = ListedFiles(made.samples * 2, made.root, workers=1)
    twice.prints(done.append)
    assert len(twice.sources) == 3 and done == [2, 2, 2]


def test_details_are_finer_and_zero_where_the_file_is_gone(tmp_path):
    made = listing(tmp_path, {"train": 4})
    found = reading(made)
    (tmp_path / "train_2.png").unlink()
    details = found.details(np.array([1, 2, 3]))
    assert details.shape == (3, 2 * SIDE, 2 * SIDE)
    assert details.any(axis=(1, 2)).tolist() == [True, False, True] and found.failed[2].status == "missing"


@pytest.mark.parametrize(
    "path, status", [("../x.png", "outside_root"), ("none.png", "missing"), ("broken.png", "bad_format")]
)
def test_what_cannot_be_read_says_why(tmp_path, path, status):
    (tmp_path / "broken.png").write_bytes(b"hello")
    failed = examine((path, None), root=tmp_path, side=SIDE)
    assert failed.status == status and failed.reason

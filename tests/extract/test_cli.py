"""The extract command as a user calls it, from a table of images to features, on toy faces drawn for the purpose."""

import csv
import functools
import hashlib
import re
import shlex
import shutil

import pytest

from extract.cli import main
from extract.toy import toy_corpus
from tests import commands

call, fine = functools.partial(commands.call, main), functools.partial(commands.fine, main)


def training(folder, *, epochs):
    """The words of a small `extract train`."""
    return ("train", "--workdir", folder, "--dataset", "rafdb", "--task", "emotion",
            "--epochs", epochs, "--image-size", 32, "--batch", 16)  # fmt: skip


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """The smallest toy corpus, aligned and trained on for one epoch."""
    folder = tmp_path_factory.mktemp("cli")
    toy_corpus.draw(folder / "toy", size=70)
    folder = folder / "toy"
    for name in ("sfew", "rafdb"):
        fine("align", "--workdir", folder, "--dataset", name)
    fine(*training(folder, epochs=1))
    return folder


def test_run_aligns_first_where_needed_and_answers_with_the_file(workdir):
    result = fine("run", "--workdir", workdir, "--dataset", "affectnet")
    assert result.stdout.strip() == str(workdir / "features" / "affectnet.h5")
    assert "come without predicted arousal-valence" in result.stderr and "left out: contempt" in result.stderr
    again = fine("run", "--workdir", workdir, "--dataset", "affectnet")
    assert again.stderr.count("is there already") == 2


def test_run_needs_the_aligned_crops_and_not_the_photographs(workdir, tmp_path):
    for name in ("aligned/sfew.h5", "checkpoints/emotion.pt"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(workdir / name, tmp_path / name)
    result = fine("run", "--workdir", tmp_path, "--dataset", "sfew")
    assert "datasets/sfew is not a folder" in result.stderr and "aligned/sfew.h5 is used as it is" in result.stderr
    assert (tmp_path / "features" / "sfew.h5").exists()
    asked = call("run", "--workdir", tmp_path, "--dataset", "sfew", "--root", tmp_path / "nowhere")
    assert asked.exit_code == 1 and "nowhere is not a folder" in asked.output
    (tmp_path / "aligned" / "sfew.h5").unlink()
    assert call("run", "--workdir", tmp_path, "--dataset", "sfew").exit_code == 1


def test_info_verify_and_show(workdir, tmp_path):
    path = workdir / "aligned" / "sfew.h5"
    text = fine("info", path).stdout
    assert "TOY DATA" in text and "coverage" in text and text.strip().splitlines()[-1].startswith("digest: ")
    assert "is whole" in fine("verify", path).stdout
    fine("show", path, "--count", 9, "--output", tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert "has nothing to show in validation; it has test, train" in call("show", path, "--split", "validation").output


def test_a_manifest_and_a_folder_go_the_same_way(workdir, tmp_path):
    images = sorted((workdir / "datasets" / "sfew" / "Val").rglob("*.png"))[:12]
    with open(tmp_path / "my.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["path", "emotion", "split"], *([path.relative_to(workdir), "", "train"] for path in images)])
    fine(
        "align",
        "--workdir",
        tmp_path,
        "--dataset",
        "manifest",
        "--manifest",
        tmp_path / "my.csv",
        "--root",
        workdir,
        "--name",
        "mine",
    )
    fine(
        "align",
        "--workdir",
        tmp_path,
        "--dataset",
        "folder",
        "--root",
        workdir / "datasets" / "sfew" / "Val",
        "--name",
        "photos",
        "--faces",
        "all",
    )
    assert "train: 12 crops of 12 listed" in fine("info", tmp_path / "aligned" / "mine.h5").stdout
    result = call("train", "--workdir", tmp_path, "--dataset", "mine", "--task", "emotion")
    assert result.exit_code == 1 and "labels are missing" in result.output


# fmt: off
@pytest.mark.parametrize(
    "arguments, code, match",
    [
        (("align", "--dataset", "manifest"), 2, "needs --manifest"),
        (("align", "--dataset", "folder"), 2, "needs --name"),
        (("align", "--dataset", "affectnet", "--images", "aligned"), 2, "--images is for rafdb and sfew"),
        (("align", "--dataset", "affectnot"), 1, "known are affectnet"),
        (("align", "--dataset", "affectnet"), 1, "training.csv"),
        (("check", "--dataset", "sfew"), 1, "Train/{Angry"),
        (("run", "--dataset", "rafdb"), 1, "extract train --dataset NAME --task emotion"),
        (("train", "--dataset", "rafdb", "--task", "emotion"), 1, "extract align --dataset rafdb"),
        (("train", "--dataset", "rafdb"), 2, "--task"),
        (("train", "--dataset", "rafdb", "--task", "emotion", "--pooling", "max"), 2, "'--pooling'"),
        (("train", "--dataset", "rafdb", "--task", "emotion", "--representation", "64"), 1, "leave it out"),
        (("info", "nowhere.h5"), 1, "is missing"),
        (("toy", "--size", "3"), 2, "--size"),
        (("toy", "--seed", "-1"), 2, "--seed"),
        *((("train", "--dataset", "rafdb", "--task", "emotion", "--rate", rate), 2, "'--rate'")
          for rate in ("-1", "0", "nan", "inf")),
        *((("toy", "--dominance", strength), 2, "'--dominance'") for strength in ("-1", "nan", "inf")),
        *((("train", "--dataset", "rafdb", "--task", "emotion", "--seed", seed), 2, "'--seed'")
          for seed in ("-1", "9223372036854775808")),
        (("train", "--dataset", "rafdb", "--task", "emotion", "--batch", "1"), 2, "'--batch'"),
        (("train", "--dataset", "rafdb", "--task", "emotion", "--image-size", "31"), 2, "'--image-size'"),
        (("train", "--dataset", "../rafdb", "--task", "emotion"), 2, "'--dataset'"),
        *((("align", "--dataset", "folder", "--name", name), 2, "'--name'")
          for name in ("../out", "/abs/path", "study/one", "a,b", ".a", "")),
        (("align", "--dataset", "sfew", "--manifest", "a.csv"), 2, "--manifest is for manifest, not for sfew"),
        *((("train", "--dataset", "rafdb", "--task", task, *further), 2, match) for task, *further, match in (
            ("valence-arousal", "--loss", "locality-preserving", "--loss is for --task emotion"),
            ("emotion", "--neighbours", "5", "--neighbours is for --loss locality-preserving"),
            ("emotion", "--loss", "cross-entropy", "--locality", "1", "--locality is for --loss locality-preserving"),
            ("emotion", "--loss", "locality-preserving", "--locality", "0", "'--locality'"),
            ("emotion", "--frozen-epochs", "1", "add --init imagenet or --init FILE.pt"),
            ("emotion", "--layer-decay", "0.5", "add --init imagenet or --init FILE.pt"),
            ("emotion", "--init", "imagenet", "--layer-decay", "2", "'--layer-decay'"),
            ("emotion", "--init", "imagenet", "--frozen-epochs", "1", "--pooling", "covariance", "pooling as drawn"),
            ("emotion", "--init", "nowhere.pt", "'nowhere.pt' is no file; expected scratch, imagenet or"),
        )),
        (("train", "--dataset", "rafdb", "--task", "emotion", "--init", __file__), 1, "is not a readable checkpoint"),
    ],
)
# fmt: on
def test_wrong_calls_end_in_one_clear_line(tmp_path, arguments, code, match):
    where = ("--workdir", tmp_path) if arguments[0] != "info" else ()
    result = call(*arguments, *where)
    assert result.exit_code == code and match in result.output and "Traceback" not in result.output


def test_a_second_training_with_other_settings_is_refused(workdir):
    result = call(*training(workdir, epochs=2))
    assert result.exit_code == 1 and "epochs 1, this call has 2" in result.output


@pytest.mark.parametrize(
    "options, words",
    [
        (("--backbone", "resnet19"), "resnet19 is no classifier of torchvision.models; expected a name such as"),
        (("--backbone", "alexnet"), "alexnet does not take crops of 32 pixels"),
        (("--pooling", "covariance"), "resnet18 does not take crops of 32 pixels (covariance pooling needs"),
    ],
)
def test_a_network_that_cannot_be_trained_is_refused_in_one_line(workdir, options, words):
    result = call(*training(workdir, epochs=1), "--network", "other", *options)
    assert result.exit_code == 1 and words in result.stderr.splitlines()[-1] and "Traceback" not in result.output
    assert not (workdir / "checkpoints" / "other" / "emotion.pt").exists()


def test_a_toy_network_is_refused_on_real_images(workdir, tmp_path):
    real = tmp_path / "real"
    (real / "checkpoints").mkdir(parents=True)
    (real / "checkpoints" / "emotion.pt").symlink_to(workdir / "checkpoints" / "emotion.pt")
    result = call(
        "run",
        "--workdir",
        real,
        "--dataset",
        "folder",
        "--root",
        workdir / "datasets" / "sfew" / "Val",
        "--name",
        "photos",
    )
    assert result.exit_code == 1 and "toy corpus" in result.output


def test_the_command_that_makes_a_missing_cache_makes_it(workdir, tmp_path):
    images = sorted((workdir / "datasets" / "sfew" / "Val").rglob("*.png"))[:2]
    rows = (f"{image.relative_to(workdir)},anger,train\n" for image in images)
    (tmp_path / "my.csv").write_text("path,emotion,split\n" + "".join(rows))
    asked = ("train", "--workdir", tmp_path, "--dataset", "mine", "--task", "emotion")
    commands = re.findall("`extract (.*?)`", call(*asked).output)
    assert [command.split()[2] for command in commands] == ["tree", "manifest", "folder"]
    fine(*shlex.split(commands[1].replace("FILE.csv", str(tmp_path / "my.csv"))), "--root", workdir, "--workers", 1)
    assert "mine.h5 is missing" not in call(*asked).output


def test_a_stop_before_the_first_piece_says_that_nothing_is_kept(workdir, tmp_path, monkeypatch):
    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("extract.crops.aligned_cache.supervise", stopped)
    root = workdir / "datasets" / "sfew"
    result = call("align", "--workdir", tmp_path, "--dataset", "sfew", "--root", root)
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == f"stopped; nothing of {tmp_path / 'aligned' / 'sfew.h5'} is kept yet"


def test_show_refuses_a_seed_below_zero(tmp_path):
    result = call("show", "--seed", -1, tmp_path / "a.h5")
    assert result.exit_code == 2 and "'--seed'" in result.output


def test_one_row_is_too_few_to_train_on(workdir, tmp_path):
    image = next((workdir / "datasets" / "sfew" / "Val").rglob("*.png"))
    (tmp_path / "my.csv").write_text(f"path,emotion,split\n{image.relative_to(workdir)},anger,train\n")
    fine("align", "--workdir", tmp_path, "--dataset", "manifest", "--manifest", tmp_path / "my.csv", "--name", "mine",
         "--root", workdir, "--landmarks", "none", "--workers", 1)  # fmt: skip
    result = call("train", "--workdir", tmp_path, "--dataset", "mine", "--task", "emotion", "--image-size", 32)
    assert result.exit_code == 1 and "one row of mine can be trained on" in result.output


@pytest.mark.parametrize("command", ["toy", "check", "align", "train", "run", "export", "info", "verify", "show"])
def test_every_command_explains_itself(command):
    assert "Usage:" in fine(command, "--help").output


def test_a_second_network_lives_beside_the_first(workdir):
    from data.files.cache import open_cache, provenance_of

    before = (workdir / "checkpoints" / "emotion.pt").read_bytes()
    fine(*training(workdir, epochs=1), "--seed", 1, "--network", "second")
    assert (workdir / "checkpoints" / "second" / "emotion.pt").read_bytes() != before
    assert (workdir / "checkpoints" / "emotion.pt").read_bytes() == before
    target = workdir / "features" / "second" / "sfew.h5"
    assert fine("run", "--workdir", workdir, "--dataset", "sfew", "--network", "second").stdout.strip() == str(target)
    fine("run", "--workdir", workdir, "--dataset", "sfew")
    found = {}
    for path in (target, workdir / "features" / "sfew.h5"):
        with open_cache(path, "features") as file:
            found[provenance_of(file)["network"]] = file.attrs["digest"]
    assert found.keys() == {"second", ""} and found["second"] != found[""]


def test_a_training_starts_from_the_checkpoint_of_another(workdir):
    further = ("--network", "tuned", "--loss", "locality-preserving", "--frozen-epochs", 1, "--hold-out", 0)
    first = workdir / "checkpoints" / "emotion.pt"
    trained = fine(*training(workdir, epochs=1), *further, "--init", first)
    assert "rafdb held out" not in trained.output  # what the first network left out, this one has learned
    text = fine("info", workdir / "checkpoints" / "tuned" / "emotion.pt").stdout
    for said in ("neighbours: 20", "locality: 0.003", "frozen epochs: 1", "layer decay: 1.0"):
        assert f"\n{said}\n" in text
    sha256 = hashlib.sha256(first.read_bytes()).hexdigest()
    assert "started from: {" in text and f'"sha256": "{sha256}"' in text and f"\ninit: {sha256}\n" in text
    result = call(*training(workdir, epochs=1), *further, "--init", workdir / "checkpoints" / "tuned" / "emotion.pt")
    assert result.exit_code == 1 and f"was made with init {sha256[:20]}" in result.output


def test_a_network_that_was_not_trained_is_named(workdir):
    asked = call("run", "--workdir", workdir, "--dataset", "sfew", "--network", "third")
    assert asked.exit_code == 1 and "checkpoints/third/emotion.pt is missing" in asked.output
    assert "--task emotion --network third`" in asked.output

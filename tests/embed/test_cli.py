"""The embed command as a user calls it."""

import functools
import re
import shutil

import pytest
import torch
from click.testing import CliRunner

from data.files.runs import Head, read_runs
from embed import settings
from embed.cli import main
from embed.sizes import parse_bytes
from tests.embed.made_up_caches import write_cache


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    for name, seed in (("a", 0), ("b", 7)):
        write_cache(tmp_path / "features" / f"{name}.h5", seed=seed)
    monkeypatch.setattr(settings, "HeadSettings", functools.partial(settings.HeadSettings, steps=30))
    return tmp_path


def call(workdir, *arguments):
    return CliRunner().invoke(main, ["sweep", "--workdir", str(workdir), *arguments])


def test_a_sweep_answers_with_its_results_file(workdir):
    result = call(workdir, "--k", "1,2", "--runs", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(workdir / "results" / "runs.h5")
    assert re.search(r"^16 heads trained in [\d.]+ s \([\d,.]+ GFLOP/s\), 16 in the file$", result.stderr, re.M), (
        result.stderr
    )
    again = call(workdir, "--k", "1,2", "--runs", "2")
    assert again.exit_code == 0 and "0 heads trained, 16 in the file" in again.stderr
    assert " (0 GFLOP/s)" not in result.stderr + again.stderr


@pytest.mark.parametrize(
    "arguments, match",
    [
        (("--k", "lots"), "1..512"),
        (("--k", "1..1000000"), "65536 is the largest"),
        (("--family", "cakes"), "known are cake, av, cake-norm, baseline"),
        (("--k", "0", "--family", "cake"), "k = 0 is for av"),
        (("--k", "0..2", "--family", "cake-norm,baseline"), "k = 0 is for av"),
        (("--runs", "0"), "--runs"),
        (("--seed", "-1"), "--seed"),
        (("--seed", "9223372036854775808"), "--seed"),
        (("--datasets", "a,"), "--datasets"),
        (("--datasets", "../a"), "--datasets"),
        (("--memory", "much"), "800M, 4G or 1.5T"),
        (("--precision", "float16"), "bfloat16"),
    ],
)
def test_a_wrong_call_exits_2_and_names_what_is_accepted(workdir, arguments, match):
    result = call(workdir, *arguments)
    assert result.exit_code == 2 and match in result.output and "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments, match", [(("--datasets", "a,z"), "z.h5 is missing"), ((), "no labelled feature cache")]
)
def test_a_missing_cache_exits_1_with_the_command_that_makes_it(workdir, tmp_path, arguments, match):
    result = call(workdir if arguments else tmp_path / "empty", *arguments)
    assert (
        result.exit_code == 1
        and match in result.output
        and "extract run" in result.output
        and "Traceback" not in result.output
    )


def test_caches_without_labels_are_passed_over_unless_named(workdir):
    def unlabelled(split, arrays):
        return {**arrays, "emotion": arrays["emotion"] * 0 - 1}

    write_cache(workdir / "features" / "photos.h5", change=unlabelled)
    assert call(workdir, "--k", "1", "--runs", "1").exit_code == 0
    assert "no labelled train rows" in call(workdir, "--k", "1", "--runs", "1", "--datasets", "a,photos").output


def test_other_settings_are_refused_with_advice(workdir):
    assert call(workdir, "--k", "1", "--runs", "1").exit_code == 0
    result = call(workdir, "--k", "1", "--runs", "1", "--seed", "5")
    assert result.exit_code == 1 and "seed" in result.output and "--results" in result.output


def test_heads_without_class_weights_are_others_and_do_not_join(workdir):
    assert call(workdir, "--k", "2", "--runs", "1").exit_code == 0
    result = call(workdir, "--k", "2", "--runs", "1", "--class-weights", "none")
    assert result.exit_code == 1 and "was made with class weights balanced, this call has none" in result.output
    alike = workdir / "results" / "alike.h5"
    again = call(workdir, "--k", "2", "--runs", "1", "--class-weights", "none", "--results", str(alike))
    assert again.exit_code == 0, again.output
    found, other = (read_runs(path).confusions("cake", 2) for path in (alike, workdir / "results" / "runs.h5"))
    assert found.shape == other.shape and (found != other).any()


def test_what_the_machine_lacks_is_said_and_nothing_is_taken_in_its_place(workdir, monkeypatch):
    if not torch.cuda.is_available():
        result = call(workdir, "--k", "1", "--device", "cuda")
        assert result.exit_code == 1 and "device cuda was asked for, but torch finds cpu" in result.output
    monkeypatch.setattr("data.runtime.device.has_bfloat16", lambda device: False)
    result = call(workdir, "--k", "1", "--precision", "bfloat16", "--device", "cpu")
    assert (
        result.exit_code == 1
        and "does not compute in it" in result.output
        and not (workdir / "results" / "runs.h5").exists()
    )


def test_a_cache_larger_than_the_memory_allowed_is_no_obstacle(workdir):
    assert call(workdir, "--k", "1", "--runs", "1").exit_code == 0
    from embed.rows import feature_store

    def never(*arguments):
        raise AssertionError("the features do not fit")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feature_store.Resident, "stream", never)
        result = call(workdir, "--k", "1", "--runs", "1", "--memory", "100K", "--results", str(workdir / "disk.h5"))
    assert result.exit_code == 0, result.output
    assert digest(workdir / "disk.h5") == digest(workdir / "results" / "runs.h5")


def digest(path):
    from data.files.cache import open_cache

    with open_cache(path, "runs") as file:
        return file.attrs["digest"]


def test_a_line_now_and_then_where_nobody_watches(workdir, monkeypatch):
    monkeypatch.setattr("data.runtime.progress._Lines.seconds_between", 0.0)
    result = call(workdir, "--k", "1", "--runs", "1")
    assert re.search(r"training: \d+ of 7 heads, [\d.,]+ heads/s, [\d.]+ s left", result.stderr)


def test_a_small_sweep_takes_one_thread(workdir, monkeypatch):
    taken = []
    monkeypatch.setattr(torch, "set_num_threads", taken.append)
    assert call(workdir, "--k", "1", "--runs", "1").exit_code == 0
    assert taken[-1] == 1


@pytest.mark.parametrize(
    "text, expected",
    [("800M", 800 * 2**20), ("1.5 t", None), ("4G", 2**32), ("4GiB", 2**32), ("1.5T", 3 * 2**39), ("12", None)],
)
def test_sizes_of_memory(text, expected):
    if expected is None:
        with pytest.raises(ValueError, match="800M, 4G or 1.5T"):
            parse_bytes(text)
    else:
        assert parse_bytes(text) == expected


@pytest.fixture
def quick(workdir, monkeypatch):
    """The working folder, where a head is trained for one epoch."""
    short = functools.partial(settings.HeadSettings.func, epochs=1, steps=1)
    monkeypatch.setattr(settings, "HeadSettings", short)
    return workdir


def test_system_files_beside_the_caches_are_none(quick):
    (quick / "features" / "._a.h5").write_bytes(b"\0\5\26\7Mac OS X")
    (quick / "features" / ".DS_Store").write_bytes(b"Bud1")
    (quick / "features" / "@eaDir").mkdir()
    assert call(quick, "--k", "1", "--runs", "1").exit_code == 0
    (quick / "features" / "c.h5").write_bytes(b"no HDF5")  # the control
    assert "c.h5 is not a readable HDF5 file" in call(quick, "--k", "1", "--runs", "1").output


def test_a_missing_cache_is_told_with_those_that_are_there(quick):
    assert (
        "z.h5 is missing; there are a, b; make it with `extract run --dataset z --workdir"
        in call(quick, "--datasets", "a,z").output
    )


def test_one_cache_twice_is_refused_by_its_content(quick):
    shutil.copy(quick / "features" / "a.h5", quick / "features" / "c.h5")
    result = call(quick, "--k", "1", "--runs", "1")
    assert result.exit_code == 1 and "features/a.h5 and features/c.h5 hold the same rows" in result.output
    result = call(quick, "--k", "1", "--runs", "1", "--datasets", "a,b,a")
    assert result.exit_code == 1 and "a is named twice" in result.output
    assert not (quick / "results" / "runs.h5").exists()
    assert call(quick, "--k", "1", "--runs", "1", "--datasets", "a,b").exit_code == 0


def test_other_caches_are_told_by_name(quick):
    assert call(quick, "--k", "1", "--runs", "1", "--datasets", "a").exit_code == 0
    shutil.copy(quick / "features" / "a.h5", quick / "features" / "a_two.h5")
    result = call(quick, "--k", "1", "--runs", "1", "--datasets", "a,a_two")
    assert "was made with caches a, this call has a and a_two; name another file" in result.output
    write_cache(quick / "features" / "a.h5", seed=5)
    result = call(quick, "--k", "1", "--runs", "1", "--datasets", "a")
    halves = re.search(r"with caches a (\w{40})\.\.\., this call has a (\w{40})\.\.\.;", result.output).groups()
    assert halves[0] != halves[1]


def test_caches_of_two_networks_are_told_by_their_files(quick):
    write_cache(quick / "features" / "b.h5", seed=7, header={"image_size": 32})
    found = call(quick, "--k", "1", "--runs", "1").output
    assert "features/a.h5 was made with image size 64, features/b.h5 has 32; sweep them apart" in found


@pytest.mark.parametrize(
    "blocks, said",
    [
        (0, "stopped; nothing is kept yet, since the first block of heads was not finished"),
        (1, "stopped; finished blocks are kept in "),
    ],
)
def test_a_stop_says_what_is_kept(quick, monkeypatch, blocks, said):
    from embed import sweep

    plain, trained = sweep.train_block, []

    def stopped(*arguments, **named):
        if len(trained) == blocks:
            raise KeyboardInterrupt
        trained.append(1)
        return plain(*arguments, **named)

    monkeypatch.setattr(sweep, "train_block", stopped)
    result = call(quick, "--k", "1,2,16", "--runs", "1")
    assert result.exit_code == 130 and said in result.stderr
    assert ("stopped at 0" not in result.stderr) and (quick / "results" / "runs.h5").exists() == bool(blocks)


def test_a_name_may_be_of_any_alphabet(quick):
    for name in ("müller", "顔 1"):
        (quick / "features" / "a.h5").rename(quick / "features" / f"{name}.h5")
        result = call(quick, "--k", "1", "--runs", "1", "--datasets", name, "--results", str(quick / f"{name}.h5"))
        assert result.exit_code == 0, result.output
        assert read_runs(quick / f"{name}.h5").classifiers == (name,)
        (quick / "features" / f"{name}.h5").rename(quick / "features" / "a.h5")


def test_caches_without_predicted_arousal_valence_are_named(quick, caplog):
    write_cache(quick / "features" / "b.h5", seed=7, predicts=False)
    assert call(quick, "--k", "1", "--runs", "1").exit_code == 0
    assert "av is left out: no predicted arousal-valence in b, and it is needed in every cache" in caplog.text


@pytest.mark.parametrize(
    "family, said", [("baseline", "260 rows by baseline, run 0"), ("cake", "rows by cake, k = 2,")]
)
def test_apply_says_k_of_families_that_have_one(quick, family, said):
    assert call(quick, "--k", "2", "--runs", "1", "--datasets", "a").exit_code == 0
    cache = str(quick / "features" / "a.h5")
    result = CliRunner().invoke(main, ["apply", cache, "--workdir", str(quick), "--family", family, "--k", "2"])
    assert result.exit_code == 0 and said in result.stderr


def test_results_of_a_network_lie_beside_those_of_the_first(workdir):
    write_cache(workdir / "features" / "second" / "a.h5", seed=5)
    answered = call(workdir, "--k", "1", "--runs", "1", "--network", "second")
    assert answered.exit_code == 0, answered.output
    assert answered.stdout.strip() == str(workdir / "results" / "second.h5")
    assert list(read_runs(workdir / "results" / "second.h5").tests) == ["a"]
    missing = call(workdir, "--k", "1", "--network", "third")
    assert missing.exit_code == 1 and "features/third holds no labelled feature cache" in missing.output
    assert "`extract run --dataset NAME --network third" in missing.output and "`embed import FILE" in missing.output


def test_several_networks_are_swept_into_files_of_their_own(quick):
    for seed, name in enumerate(("first", "second"), 5):
        write_cache(quick / "features" / name / "a.h5", seed=seed)
    both = ("--network", "first", "--network", "second")
    answered = call(quick, "--k", "1", "--runs", "1", *both)
    assert answered.exit_code == 0, answered.output
    files = [quick / "results" / f"{name}.h5" for name in ("first", "second")]
    assert answered.stdout.split() == list(map(str, files))
    digests = {read_runs(path).identity["caches"][0][1] for path in files}
    assert len(digests) == 2 and not (quick / "results" / "runs.h5").exists()
    alone = call(quick, "--k", "1", "--runs", "1", "--network", "second", "--results", str(quick / "alone.h5"))
    assert alone.exit_code == 0, alone.output
    pair = [read_runs(path).outcomes[Head("cake", 1, 0)].loss for path in (files[1], quick / "alone.h5")]
    assert pair[0] == pair[1]


def test_several_networks_are_refused_before_any_is_swept(quick):
    write_cache(quick / "features" / "first" / "a.h5", seed=5)
    lost = call(quick, "--k", "1", "--network", "first", "--network", "third")
    assert lost.exit_code == 1 and "features/third holds no labelled feature cache" in lost.output
    joint = call(quick, "--network", "first", "--network", "third", "--results", str(quick / "x.h5"))
    assert joint.exit_code == 2 and "cannot hold the heads of 2 networks" in joint.output
    assert not (quick / "results").exists()

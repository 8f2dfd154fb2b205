"""`extract train` in two processes: what one process finds, the same file after any end, and one line for what went
wrong."""

import csv
import shutil

import pytest
import torch

from extract.crops import aligned_cache
from extract.crops.cropping import Rule
from extract.crops.stored import StoredCrops
from extract.network import checkpoint
from extract.training.backbone_training import TrainingSettings
from extract.training.backbone_training import train as train_network
from tests.extract.made_up import listing
from tests.torchrun import call

SETTINGS = TrainingSettings("emotion", image_size=64, epochs=2, batch=8)
# FAULT names what befalls which process at the beginning of which epoch; where UNDISTURBED names a file, the same
# training without that goes before, in the same processes, since starting them takes longest.
SCRIPT = """
import os, signal
import extract.training.backbone_training
from extract.training.epochs import Epochs

plain_run, plain_train = Epochs.run, extract.training.backbone_training.train
fault = os.environ.get("FAULT", "").split()

def terminated(number, frame):  # torchrun ends the rest with SIGTERM
    raise KeyboardInterrupt

def run(self, epoch, progress):
    if [str(self.ranks.rank), str(epoch)] == fault[1:]:
        if fault[0] == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError("the file is gone")
    return plain_run(self, epoch, progress)

def train(path, *arguments, progress, **further):
    if "UNDISTURBED" in os.environ:
        plain_train(os.environ["UNDISTURBED"], *arguments, **further)
    Epochs.run = run
    return plain_train(path, *arguments, progress=progress, **further)

signal.signal(signal.SIGTERM, terminated)
extract.training.backbone_training.train = train
from extract.cli import main
main()
"""


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A folder with the script and 27 training rows: four batches, the last of 3."""
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "script.py").write_text(SCRIPT)
    (folder / "aligned").mkdir()
    aligned_cache.align(
        listing(folder / "images", {"train": 30, "test": 14}),
        folder / "aligned" / "a.h5",
        rule=Rule(landmarks="none"),
        workers=1,
    )
    return folder


def train(workdir, name, processes, *further, **environment):
    """(exit code, stdout, stderr) of the command in a folder of its own with the same crops."""
    folder = workdir / name
    if not (folder / "aligned").exists():
        shutil.copytree(workdir / "aligned", folder / "aligned")
    return call(
        processes,
        workdir / "script.py",
        "train",
        "--workdir",
        folder,
        "--dataset",
        "a",
        "--task",
        "emotion",
        "--recipe",
        "paper",
        "--epochs",
        SETTINGS.epochs,
        "--image-size",
        SETTINGS.image_size,
        "--batch",
        SETTINGS.batch,
        "--precision",
        "float32",
        "--device",
        "cpu",
        *further,
        **environment,
    )


def losses(workdir, name):
    with open(workdir / name / "checkpoints" / "emotion.csv", encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def failed(workdir):
    """A training in two processes whose second one fails in the second epoch: (exit code, stdout, stderr), and
    checkpoints, an undisturbed one and where the failed one would be."""
    two, failing = (workdir / name / "checkpoints" / "emotion.pt" for name in ("two", "failing"))
    return train(workdir, "failing", 2, FAULT="failing 1 1", UNDISTURBED=str(two)), two, failing


@pytest.fixture
def two(failed):
    return failed[1]


def test_a_process_that_fails_ends_all_with_one_line(failed):
    (code, out, said), two, failing = failed
    assert code == 1 and not out and two.exists() and not failing.exists()
    assert [line for line in said.splitlines() if line.startswith("Error:")] == ["Error: the file is gone"]
    # the epoch that was finished, kept by the first process when the second one was lost
    assert [path.name for path in failing.parent.iterdir() if not path.name.startswith(".")] == ["emotion.pt.state"]


def test_the_next_call_goes_on_to_the_file_of_an_undisturbed_training(workdir, failed):
    _, two, failing = failed
    code, out, said = train(workdir, "failing", 2)
    assert code == 0, said
    assert out.strip() == str(failing)
    assert said.count("last training loss") == said.count("a test, n = 13") == 1
    assert failing.read_bytes() == two.read_bytes()
    assert sorted(path.name for path in failing.parent.iterdir()) == ["emotion.csv", "emotion.pt"]


def test_two_processes_train_as_one_does(workdir, two):
    one = workdir / "one" / "checkpoints" / "emotion.pt"
    domains = {
        "a": tuple(StoredCrops(workdir / "aligned" / "a.h5", split, SETTINGS.image_size) for split in ("train", "test"))
    }
    log = train_network(one, domains, SETTINGS, device=torch.device("cpu"))
    # Adam's first steps blow rounding up; that a step itself is the same is held in test_parallel.py.
    assert losses(workdir, "two") == pytest.approx([row["loss"] for row in log], rel=0.05)
    assert checkpoint.load(two, "emotion").meta == checkpoint.load(one, "emotion").meta


def check_resumed(workdir, name, processes, expected):
    assert train(workdir, name, processes)[0] == 0
    folder = workdir / name / "checkpoints"
    assert (folder / "emotion.pt").read_bytes() == expected.read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["emotion.csv", "emotion.pt"]


@pytest.mark.slow
@pytest.mark.parametrize("rank, epoch", [(0, 1), (1, 0), (1, 1)])
def test_a_process_that_is_killed_ends_all_and_the_next_call_goes_on(workdir, two, rank, epoch):
    name = f"killed {rank} {epoch}"
    assert train(workdir, name, 2, FAULT=name)[0] == 1
    check_resumed(workdir, name, 2, two)


@pytest.mark.slow
def test_three_processes_sum_in_the_same_order_after_a_resume(workdir):
    """Of two numbers the order of a sum is no matter, of three it is."""
    assert train(workdir, "three", 3)[0] == 0
    assert train(workdir, "failing three", 3, FAULT="failing 2 1")[0] == 1
    assert (workdir / "failing three" / "checkpoints" / "emotion.pt.state").exists()
    check_resumed(workdir, "failing three", 3, workdir / "three" / "checkpoints" / "emotion.pt")


@pytest.mark.slow
def test_a_loss_that_is_no_number_and_a_refused_setting_are_said_once(workdir, two):
    for further, expected in (
        (["--rate", "1e30"], "try a smaller --rate"),
        (["--seed", "5"], "seed 0, this call has 5"),
    ):
        code, _, said = train(workdir, "two" if "--seed" in further else "diverging", 2, *further)
        lines = [line for line in said.splitlines() if line.startswith("Error:")]
        assert code == 1 and len(lines) == 1 and expected in lines[0]


@pytest.mark.slow
def test_a_training_goes_on_with_another_number_of_processes(workdir, two):
    assert train(workdir, "fewer", 2, FAULT="failing 1 1")[0] == 1
    assert train(workdir, "fewer", 1)[0] == 0
    assert losses(workdir, "fewer")[0] == losses(workdir, "two")[0]

"""Where the files of several networks lie in one working folder, and which command makes them."""

from pathlib import Path

from data.files.made_by import commands
from data.networks import checkpoints_of, features_of, results_of

HERE = Path("work")


def test_the_first_network_has_no_folder_of_its_own():
    assert checkpoints_of(HERE) == HERE / "checkpoints" and features_of(HERE, None) == HERE / "features"
    assert results_of(HERE) == HERE / "results" / "runs.h5"


def test_others_lie_beside_it():
    assert checkpoints_of(HERE, "second") == HERE / "checkpoints" / "second"
    assert features_of(HERE, "second") == HERE / "features" / "second"
    assert results_of(HERE, "second") == HERE / "results" / "second.h5"


def test_what_makes_the_features_of_a_network_names_it():
    told = commands(features_of(HERE, "second") / "sfew.h5", ["features"])
    assert told == (
        "`extract run --dataset sfew --network second --workdir work` or "
        "`embed import FILE --name second --workdir work`"
    )
    assert commands(features_of(HERE) / "sfew.h5", ["features"]) == "`extract run --dataset sfew --workdir work`"

"""A reader that stands in this file alone, added by one registration: every command on a data set knows it."""

import cv2
import numpy as np
import pytest

from data.files.cache import open_cache, read_split
from data.readers import registry
from data.readers.reader import Reader, ReaderOption, WrongTree
from data.sample import EYE_CORNERS, Listing, Sample
from extract.cli import main
from extract.toy.picture import Style, draw
from extract.toy.shape import Expression
from tests import commands
from tests.extract.stage_one import network
from tests.places import FACES

TREE = "  club/photos/*.jpg and club/votes-anna.txt or votes-ben.txt: an emotion's number for each, in their order"
OFFICIAL = {"club": {"test": (4, 3, 0, 0, 0, 0, 0)}}
VOTER = ReaderOption("voter", "whose votes", ("anna", "ben"), "anna")
AT_MOST = ReaderOption("at_most", "how many photographs", type=int, metavar="N")


def club(**changed):
    """The reader. What it reads by is made anew, so that it could not be sent to another process."""

    def read(root, *, voter="anna", at_most=None):
        if not (root / "photos").is_dir():
            raise WrongTree(f"{root} holds no photos")
        photos = sorted((root / "photos").iterdir())[:at_most]
        votes = [int(word) for word in (root / f"votes-{voter}.txt").read_text().split()]
        samples = [Sample(f"photos/{path.name}", "test", row, votes[row]) for row, path in enumerate(photos)]
        return Listing("club", root, f"votes of {voter}", tuple(samples), "club", splits=("test",))

    return Reader(
        **{
            "name": "club",
            "summary": "photographs of a club, with two opinions on each",
            "read": read,
            "expected_tree": TREE,
            "official": OFFICIAL,
            "options": (VOTER, AT_MOST),
            **changed,
        }
    )


@pytest.fixture
def registered(monkeypatch):
    """Registers readers until the test ends."""
    monkeypatch.setattr(registry, "_registered", {})
    return registry.register


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A working folder with six photographs of the club, and a network that was never trained."""
    folder = tmp_path_factory.mktemp("club")
    root = folder / "datasets" / "club"
    (root / "photos").mkdir(parents=True)
    for number, image in enumerate(photographs(6)):
        cv2.imwrite(str(root / "photos" / f"{number}.jpg"), image)
    (root / "votes-anna.txt").write_text("0 1 0 1 0 1")
    (root / "votes-ben.txt").write_text("6 6 6 6 6 6")
    (folder / "checkpoints").mkdir()
    network(folder / "checkpoints" / "emotion.pt")
    return folder


def photographs(count):
    """Real ones where they are at hand, else drawn ones."""
    paths = sorted((FACES / "images").glob("*.jpg"))[:count]
    if paths:
        return [cv2.imread(str(path)) for path in paths]
    style = Style(side=200, head=50, blur=0.5, noise=2, light=0.1, roll=4)
    return [draw(Expression(0, 0, 0), style, np.random.default_rng(number))[0] for number in range(count)]


def call(command, workdir, *arguments):
    return commands.call(main, command, "--workdir", workdir, *arguments)


def fine(command, workdir, *arguments):
    return commands.fine(main, command, "--workdir", workdir, *arguments)


def test_it_goes_through_check_align_and_run(workdir, registered):
    registered(club())
    checked = fine("check", workdir, "--dataset", "club").stdout
    assert "club: votes of anna" in checked and "test official" in checked
    assert "test: neutral 3, officially 4 (-1)" in checked and "happiness 3, officially" not in checked
    fine("align", workdir, "--dataset", "club", "--workers", 2)
    fine("run", workdir, "--dataset", "club")
    for kind in ("aligned", "features"):
        with open_cache(workdir / kind / "club.h5", kind) as file:
            test = read_split(file, "test")
        assert test["official_counts"].tolist() == list(OFFICIAL["club"]["test"])
        assert len(test["row"]) >= 4 and (test["emotion"] == test["row"] % 2).all()


def test_its_options_change_what_is_read_and_their_values_are_converted(workdir, registered):
    registered(club())
    fine("align", workdir, "--dataset", "club", "--root", workdir / "datasets" / "club", "--voter", "ben",
         "--at-most", "2", "--name", "bens", "--landmarks", "none")  # fmt: skip
    with open_cache(workdir / "aligned" / "bens.h5", "aligned") as file:
        assert read_split(file, "test", ["emotion"])["emotion"].tolist() == [6, 6]
    assert "features/bens.h5" in fine("run", workdir, "--dataset", "bens").stdout  # the name of a cache


@pytest.mark.parametrize(
    "arguments, code, match",
    [
        (("--dataset", "folder", "--name", "x", "--voter", "ben"), 2, "--voter is for club, not for folder"),
        (("--dataset", "club", "--images", "aligned"), 2, "--images is for rafdb and sfew, not for club"),
        (("--dataset", "club", "--voter", "carl"), 2, "--voter is 'carl'; expected one of anna, ben"),
        (("--dataset", "club", "--at-most", "two"), 2, "--at-most is 'two', which is not understood"),
        (("--dataset", "cub"), 1, "'cub' is not a data set that this project reads; known are affectnet, rafdb, sfew, "
                                  "fer2013, ckplus, tree, manifest, folder, club"),
        (("--dataset", "club", "--root", "."), 1, f". holds no photos. Expected there:\n{TREE}"),
        (("--dataset", "club", "--root", "nowhere"), 1, f"Expected there:\n{TREE}"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["check", "align", "run"])
def test_wrong_calls_end_in_one_clear_line(workdir, registered, command, arguments, code, match):
    registered(club())
    result = call(command, workdir, *arguments)
    assert result.exit_code == code and match in result.output and "Traceback" not in result.output


def test_help_shows_it(registered):
    plain = commands.call(main, "align", "--help").output
    registered(club())
    text = " ".join(commands.call(main, "align", "--help").output.split())
    assert "--voter [anna|ben] club: whose votes. [default: anna]" in text and "--at-most N club: how many" in text
    assert "club photographs of a club, with two opinions on each" in text
    assert "club" not in plain and "--images [original|aligned] rafdb and sfew: which of its images." in text


def test_readers_that_declare_one_option_share_it(registered, tmp_path):
    more = ReaderOption("images", "of which year", ("1999", "2000"))
    registered(club(options=(more,)))
    text = " ".join(commands.call(main, "check", "--help").output.split())
    assert "--images [original|aligned]|[1999|2000]" in text and "club: of which year." in text
    wrong = call("check", tmp_path, "--dataset", "club", "--images", "aligned")
    assert wrong.exit_code == 2 and "expected one of 1999, 2000" in wrong.output


def test_names_are_taken_once(registered):
    reader = registered(club())
    assert registered(reader) is reader
    with pytest.raises(ValueError, match="there is a reader 'club' already"):
        registered(club(summary="another one"))
    with pytest.raises(ValueError, match="there is a reader 'rafdb' already"):
        registered(club(name="rafdb"))


def test_an_option_that_a_command_has_already_is_refused(registered, tmp_path):
    registered(club(options=(ReaderOption("faces", "how many"),)))
    result = call("align", tmp_path, "--dataset", "folder", "--name", "x")
    assert result.exit_code == 2 and "a reader declares the option 'faces', which align has already" in result.output


@pytest.mark.parametrize("scheme", ["", "98 points", EYE_CORNERS])
def test_landmarks_of_an_unknown_scheme_are_refused_before_any_work(workdir, registered, scheme, tmp_path):
    """The control is a known one, which is taken."""
    points = np.array([(66, 36), (51, 38), (30, 36), (45, 38), (48, 70)], np.float32)

    def read(root):
        samples = (Sample("photos/0.jpg", "test", 0, 0, landmarks=points, scheme=scheme),)
        return Listing("club", root, "landmarks", samples, splits=("test",))

    registered(club(read=read, options=()))
    result = call("align", tmp_path, "--dataset", "club", "--root", workdir / "datasets" / "club",
                  "--landmarks", "dataset")  # fmt: skip
    if scheme == EYE_CORNERS:
        assert result.exit_code == 0, result.output
    else:
        assert result.exit_code == 1 and f"landmarks of scheme {scheme!r}; known are" in result.output


def test_a_listing_of_another_name_is_a_fault_of_the_reader(registered, tmp_path):
    registered(club(name="clubs", read=lambda root: Listing("club", root, "", ())))
    with pytest.raises(ValueError, match="the reader 'clubs' returned a Listing of 'club'"):
        registry.read("clubs", tmp_path)

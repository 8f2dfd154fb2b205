"""What the templates make of tables and plates, and what they do with hostile text."""

import fnmatch
from configparser import ConfigParser

import jinja2
import pytest

from data.emotions import EMOTIONS
from evaluate.figures.plate import Plate
from evaluate.page.items import inline, reason, shown
from evaluate.page.report import templates
from evaluate.page.view import View
from evaluate.representations import TOY
from evaluate.tables.table import Table
from tests.places import ROOT

HOSTILE = "<script>alert(1)</script>"


def html(*items, toy=False):
    macros = templates().get_template("items.html").module
    return "".join(macros.show(item) for item in shown(list(items), toy=toy))


def table(**rest):
    return Table("made", "A title", ("Name", "F1"), [("<a>", "1.0"), ("b & c", "-")], **rest)


def test_a_table_is_escaped_and_points_to_its_csv():
    text = html(table(notes=["x < y"]))
    assert "<td>&lt;a&gt;</td>" in text and "b &amp; c" in text and "<li>x &lt; y</li>" in text
    assert 'href="made.csv"' in text and text.count('<td class="number">') == 2 and 'class="group"' not in text


def test_groups_are_told_apart():
    grouped = Table("made", "A title", ("Set", "F1"), [("one", "1"), ("", "2"), ("two", "3")])
    assert html(grouped).count('<tr class="group">') == 2


def test_a_toy_is_marked_and_its_long_mark_taken_away():
    made = table()
    made.title = TOY + made.title
    text = html(made, toy=True)
    assert text.count("toymark") == 1 and TOY.strip() not in text


def test_what_is_missing_is_said_once():
    first, second = Plate("one", "One", "No cache at hand."), Plate("two", "Two", "Nor here.")
    assert '<p class="gap" id="one"><b>One.</b> No cache at hand.</p>' in html(first)
    assert "<b>Not shown:</b> One; Two. No cache at hand." in html(first, second)
    assert reason(table()) == "" and reason(Table("empty", "E", ("–",), notes=["a", "b"])) == "a; b."


def test_hostile_text_stays_text_everywhere():
    view = View("view", HOSTILE, HOSTILE, sets=[HOSTILE, "x"])
    view.figure = {"path": [HOSTILE, "</script><!--"], "emotions": EMOTIONS}
    made = Table(name="made", title=HOSTILE, columns=(HOSTILE, "b"), rows=[(HOSTILE, HOSTILE)], notes=[HOSTILE])
    text = html(view, made, Plate("gone", HOSTILE, HOSTILE))
    assert HOSTILE not in text and text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 10
    assert text.count("</script>") == 1 and "\\u003c/script\\u003e\\u003c!--" in text


def test_a_drawing_is_an_element_of_the_page():
    head = '<?xml version="1.0"?>\n<svg height="20pt" width="10pt" xmlns="x"><metadata>made</metadata>'
    found = inline(head + '<g id="a"/><use href="#a"/></svg>', "figure9")
    assert found == {"width": 19, "rest": ' xmlns="x"><g id="figure9-a"/><use href="#figure9-a"/></svg>'}


def test_a_name_that_a_template_misses_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        templates().get_template("page.html").render(title="alone")


def test_every_file_of_the_page_is_installed_with_it():
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    patterns = [each.strip() for each in config["options.package_data"]["evaluate.page"].split(",")]
    folder = ROOT / "evaluate" / "page"
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.suffix not in (".py", ".pyc")]
    assert len(files) >= 4
    assert [name for name in files if not any(fnmatch.fnmatch(name, each) for each in patterns)] == []

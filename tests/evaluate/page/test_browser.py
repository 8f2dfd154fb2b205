"""The page in a real browser: no complaint, no request, the space turns, a dot tells what it is, dark, light and
narrow."""

import pytest

from evaluate.page.report import write_report
from evaluate.samples import read_samples
from tests.evaluate.browser import BROWSER, browser
from tests.evaluate.made_up_study import make_study

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium found (apt-get install chromium): the page is not tested in a browser"
)
CANVAS = "document.querySelector('#view canvas')"
PIXELS = f"{CANVAS}.getContext('2d').getImageData(0, 0, {CANVAS}.width, {CANVAS}.height).data"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    runs = make_study(folder, toy=True)
    return write_report(runs, *read_samples(runs, folder / "features"), folder / "report")


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(params=[(1280, False), (400, False), (1280, True)], ids=["wide", "narrow", "dark"])
def page(tab, report, request):
    tab.events.clear()
    tab.open(report, width=request.param[0], dark=request.param[1])
    yield tab
    assert tab.complaints() == [] and set(tab.requested()) <= {report.resolve().as_uri()}


def yaw(page):
    return float(page.ask(f"{CANVAS}.dataset.yaw"))


def centre(page):
    page.ask(f"{CANVAS}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    return page.ask(f"(box => [box.left + box.width / 2, box.top + box.height / 2])({CANVAS}.getBoundingClientRect())")


def test_the_space_turns_by_itself_and_stops_when_told(page):
    centre(page)
    begun = yaw(page)
    page.wait(f"Math.abs({CANVAS}.dataset.yaw - {begun}) > 0.05")
    page.ask("document.getElementById('turn').click()")
    stopped = yaw(page)
    page.ask("new Promise(done => setTimeout(done, 200))")
    assert yaw(page) == stopped and page.ask("document.getElementById('turn').textContent") == "Turn"


def test_it_turns_by_pointer_and_by_keys_and_the_picture_changes(page):
    x, y = centre(page)
    page.ask("document.getElementById('turn').click()")
    before, picture = yaw(page), page.ask(f"{CANVAS}.toDataURL()")
    for kind, shift in (("mousePressed", 0), ("mouseMoved", 40), ("mouseReleased", 40)):
        page.call(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x + shift,
            y=y,
            button="left",
            buttons=int(kind != "mouseReleased"),
            clickCount=1,
        )
    assert yaw(page) == pytest.approx(before + 0.4, abs=0.02)
    assert page.ask(f"{CANVAS}.toDataURL()") != picture
    page.ask(f"{CANVAS}.dispatchEvent(new KeyboardEvent('keydown', {{key: 'ArrowLeft'}}))")
    assert yaw(page) == pytest.approx(before + 0.3, abs=0.02)


def test_a_dot_tells_what_it_is(page):
    x, y = centre(page)
    page.ask("document.getElementById('turn').click()")
    told = ""
    for step in range(400):
        page.mouse("mouseMoved", x - 100 + 10 * (step % 20), y - 100 + 10 * (step // 20))
        told = page.ask("document.querySelector('#view output').textContent")
        if told:
            break
    assert "annotated" in told and "predicted" in told and ".jpg" in told


def test_emotions_and_data_sets_can_be_hidden(page):
    shown = lambda: int(page.ask(f"{CANVAS}.dataset.shown"))
    every = shown()
    assert every == 300
    page.ask("document.querySelector('#view input[value=\"1\"]').click()")
    fewer = shown()
    assert 0 < fewer < every
    page.ask(
        "(choice => { choice.value = '1'; choice.dispatchEvent(new Event('change')); "
        "})(document.querySelector('#view select'))"
    )
    assert 0 < shown() < 60


def test_nothing_sticks_out_sideways_and_the_pen_has_drawn(page):
    assert page.ask("document.documentElement.scrollWidth <= window.innerWidth")
    centre(page)
    assert page.ask(f"{PIXELS}.some(value => value > 0)")


def test_the_theme_can_be_switched(page):
    ground = lambda: page.ask("getComputedStyle(document.body).backgroundColor")
    before = ground()
    page.ask("document.getElementById('theme').click()")
    assert ground() != before
    assert page.ask("getComputedStyle(document.querySelector('#figure4 svg text')).fill") == page.ask(
        "getComputedStyle(document.body).color"
    )


def test_print_is_dark_on_white_without_controls(tab, report):
    tab.open(report, dark=True)
    tab.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.ask("getComputedStyle(document.querySelector('nav')).display") == "none"
    tab.call("Emulation.setEmulatedMedia", media="")


def test_a_broken_page_would_be_noticed(tab, tmp_path):
    """The control: an error, a foreign request."""
    path = tmp_path / "bad.html"
    path.write_text(
        "<img src='http://127.0.0.1:9/x.png'><script>console.error('no'); undefined.x</script>", encoding="utf-8"
    )
    tab.events.clear()
    tab.open(path)
    assert len(tab.complaints()) >= 2 and "http://127.0.0.1:9/x.png" in tab.requested()

"""The report in a headless Chromium: no error, no connection, sorting, hovering, a phone's width, print, loading again."""

import re

import pytest
from helpers import browser, sweeping

import jgd

pytest.importorskip("jinja2")
pytest.importorskip("plotly")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.found() is None, reason="needs Chromium: apt-get install chromium"),
]
DRAWN = "[...document.querySelectorAll('.figure')].every(each => each.querySelector('.main-svg'))"
EVIL = "</script><img src=x onerror='document.title=1'>"
COLUMN = "[...document.querySelectorAll('table.configs tbody tr')].map(row => row.cells[2].textContent)"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    tab = browser.Page(folder / "profile")
    jgd.reports.save_report({EVIL: sweeping.usual(), "again": sweeping.usual()}, folder / "two.html")
    jgd.reports.save_report(sweeping.wild(), folder / "wild.html", refresh=1)
    tab.folder = folder
    yield tab
    tab.close()


@pytest.fixture
def opened(page):
    page.resize(1200, 900)
    page.log.clear()
    page.requests.clear()
    page.open(page.folder / "two.html")
    page.wait(DRAWN)
    return page


def test_it_opens_without_an_error_or_a_connection(opened):
    assert opened.run("document.querySelectorAll('.figure').length") == 9  # one compares, and 4 each
    assert opened.log == []
    assert [
        request.split(":")[0] for request in opened.requests if "two.html" not in request and request != "data:,"
    ] == []
    assert EVIL in opened.run("document.title")  # as text, and not what it does
    assert opened.run("document.querySelectorAll('img').length") == 0
    # the policy refuses a script that somebody has put into the page
    opened.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    assert opened.run("window.ran === undefined")


def test_a_heading_sorts_by_number_and_a_word_filters(opened):
    rates = sweeping.RATES
    button = "document.querySelectorAll('table.configs thead button')[2]"
    opened.run(f"{button}.click()")
    shown = [f"{rate:.3g}" for rate in sorted(rates)]
    assert opened.run(COLUMN)[:14:2] == shown
    assert opened.run(f"{button}.parentElement.getAttribute('aria-sort')") == "ascending"
    opened.run(f"{button}.click()")
    assert opened.run(COLUMN)[:14:2] == shown[::-1]
    opened.run(
        "(input => { input.value = 'ADAM'; input.dispatchEvent(new Event('input')); })"
        "(document.querySelector('.filter input'))"
    )
    assert (
        opened.run("document.querySelectorAll('table.configs')[0].querySelectorAll('tbody tr:not([hidden])').length")
        == 7
    )


def test_the_mouse_tells_config_and_seed(opened):
    mark = "document.querySelectorAll('.figure')[1].querySelector('.points path')"
    opened.run(f"{mark}.scrollIntoView({{block: 'center'}})")
    x, y = opened.run(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({mark}.getBoundingClientRect())")
    opened.move(x - 40, y - 40)
    opened.move(x, y)
    opened.wait("document.querySelector('.hoverlayer .hovertext') !== null")
    told = opened.run("document.querySelector('.hoverlayer .hovertext').textContent")
    assert re.match(r"(sgd|adam) · config \d+ · seed [01]learning_rate [\d.]+accuracy 0?\.?\d+", told), told


def test_it_is_read_on_a_phone_and_on_paper(opened):
    opened.resize(390, 844)
    opened.wait(
        "[...document.querySelectorAll('.figure .main-svg')].every(each => each.getBoundingClientRect().width <= 390)"
    )
    assert opened.run("document.documentElement.scrollWidth") <= 390
    sizes = opened.run(
        "[...document.querySelectorAll('.figure')].map(each => [each._fullLayout._size.w, each._fullLayout._size.h])"
    )
    assert min(width for width, _ in sizes) > 150  # of what is drawn in, beside labels and legend
    assert min(height for _, height in sizes) > 100
    opened.resize(1200, 900)
    paper = opened.pdf()
    assert paper.startswith(b"%PDF")
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 16
    assert opened.log == []


def test_a_page_that_is_written_anew_keeps_what_was_chosen(page):
    page.resize(1200, 500)
    page.open(page.folder / "wild.html")
    page.run("document.querySelectorAll('table.configs thead button')[0].click(); window.old = true")
    page.wait("window.old === undefined && document.readyState === 'complete'", seconds=30)
    page.wait("document.querySelector('table.configs th').getAttribute('aria-sort') === 'ascending'")
    page.open(page.folder / "two.html")

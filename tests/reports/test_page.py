"""The report as a page: it says what the arrays say, names are text in it whatever they hold, and it runs nobody's code."""

import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd.core.format import format_estimate
from jgd.lane import NOT_DIVERGED
from jgd.reports import html_report, save_report
from jgd.reports.page.compare import comparison_figure, comparison_rows, different_rows, paired_lines
from jgd.reports.page.configs import MOST, config_order, config_table
from jgd.reports.page.contents import _unread, contents_of
from jgd.reports.page.curves import loss_figure, thinned, validation_figure
from jgd.reports.page.figures import parallel_figure, score_figure, short
from jgd.reports.page.reproduce import python_call
from jgd.reports.page.source import sources_of

pytest.importorskip("jinja2")
graph_objects = pytest.importorskip("plotly.graph_objects")

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def renamed(found, name):
    """The same sweep with another name of its recipe, as a stranger's directory might have it."""
    facts = replace(
        found.facts,
        spaces=dict.fromkeys([name], *found.facts.spaces.values()),
        configs=tuple((name, values) for _, values in found.configs),
    )
    return replace(found, facts=facts)


@pytest.fixture(scope="module")
def page():
    return html_report(sweeping.usual())


def test_the_page_says_what_the_sweep_says(page):
    found = sweeping.usual()
    text = html.unescape(page)
    best = found.best
    assert f"{best.recipe}, config {best.config}: learning_rate {best.hyperparameters['learning_rate']:.3g}" in text
    assert all(cell in text for row in jgd.reports.table_rows(found) for cell in row)
    assert jgd.reports.report(found) in text
    for words in (
        "not confirmed: ",
        "7 values from 0.01 to 1",
        "every 6 steps",
        "jax",
    ):
        assert words in text, words


def test_reads_without_their_numbers_are_told():
    assert [_unread(reads).split(";")[0] for reads in range(3)] == [
        "The test rows have not been read.",
        "The test rows were read once",
        "The test rows were read 2 times",
    ]


@pytest.mark.slow
def test_the_call_that_is_printed_makes_the_same_sweep(page):
    printed = html.unescape(re.search(r'<pre class="code">(.*?)</pre>', page, re.DOTALL)[1])
    names = {"jgd": jgd}
    exec(printed, names)
    sweeping.same(names["found"], sweeping.usual())


def test_confirmations_are_beside_the_picks():
    found = sweeping.usual()
    estimate = found.best.validation
    one = jgd.sweeps.Confirmed(
        found.best.recipe,
        found.best.config,
        found.best.hyperparameters,
        estimate,
        estimate,
        replace(estimate, mean=0.25),
        0.125,
        0,
    )
    sure = jgd.sweeps.Confirmation("accuracy", (7, 8), (one,), 3, None)
    text = html_report(found, sure)
    for words in ("on the fresh seeds 7, 8", "flattered it by +0.1250", "on the test rows 0.25", "were read 3 times"):
        assert words in text, words
    with pytest.raises(jgd.JgdError, match="confirmations are of one sweep"):
        html_report([found, found], sure)


def test_pictures_hold_the_numbers_and_plotly_takes_them():
    found = sweeping.wild()
    figure = score_figure(found)
    lived, lost = figure["data"]
    place = lived["x"].index(0.3)
    assert lived["y"][place] == pytest.approx(found.last_scores[2, 0], rel=1e-5)
    assert lived["text"][place].startswith("<b>sgd</b> · config 2 · seed 0<br>learning_rate 0.3<br>loss ")
    assert (lost["x"], lost["text"][0].split("<br>")[-1]) == ([1e9] * 2, f"diverged at step {found.diverged_at[1, 0]}")
    both = sweeping.usual()
    for draw, of in ((score_figure, found), (parallel_figure, both), (validation_figure, both), (loss_figure, both)):
        made = draw(of)
        graph_objects.Figure({"data": made["data"], "layout": made["layout"]})  # refuses what plotly doesn't know
    assert validation_figure(both)["data"][0]["y"] == pytest.approx(both.validation["accuracy"][both.best.config, 0])
    assert parallel_figure(found) is None  # one hyperparameter
    unscored = {name: np.full_like(values, np.nan) for name, values in both.validation.items()}
    begun = replace(both, validation=unscored, diverged_at=np.full_like(both.diverged_at, NOT_DIVERGED))
    (now,) = sources_of(both)
    titles = [[each["title"] for each in contents_of(replace(now, sweep=sweep))["figures"]] for sweep in (both, begun)]
    assert (len(titles[0]), titles[1]) == (4, [])  # no empty axes while the first block runs
    steps, values = thinned(np.arange(1001), np.linspace(0, 1, 1001))
    assert (steps[0], steps[-1], values[-1], len(steps) < 400) == (0, 1000, 1.0, True)


def test_pictures_and_tables_have_one_interval_and_long_names_stay_apart():
    found = sweeping.usual()
    accuracy = np.full_like(found.validation["accuracy"], 0.5)
    accuracy[found.best.config, :, -1] = [0.9, 1.0]  # Student's interval would leave 0 … 1
    found = replace(found, validation={**found.validation, "accuracy": accuracy})
    best = found.best
    assert best.validation.method == "score"
    text = format_estimate(best.validation, len(found.seeds))
    assert text in [cell.text for cell in config_table(found).rows[0][2]]
    assert comparison_rows(sources_of(found))[0][4] == f"accuracy {text}"
    trace = comparison_figure(sources_of([found, found]))["data"][0]
    place = trace["y"].index(best.recipe)
    reach = trace["error_x"]["array"][place], trace["error_x"]["arrayminus"][place]
    assert reach == pytest.approx((best.validation.high - 0.95, 0.95 - best.validation.low))

    long = 'a "recipe" & its name, too long to be shown'
    wild = renamed(sweeping.wild(), long)
    assert short(long) == 'a "recipe" &amp; its name, too …'
    assert [trace["name"] for trace in score_figure(wild)["data"]] == [short(long), f"{short(long)}, diverged"]
    names = [trace["name"] for trace in validation_figure(wild)["data"]]
    assert names[::2] == [f"{short(long)} {config}" for config in (0, 2)]
    assert comparison_figure(sources_of([wild, wild]))["layout"]["yaxis"]["ticktext"] == [short(long)]


def test_errors_over_decades_have_a_logarithmic_axis_and_shares_never():
    found = sweeping.wild()
    losses = found.validation["loss"] * np.where(np.arange(3) == 2, 1e3, 1.0)[:, None, None]
    found = replace(found, validation={**found.validation, "loss": losses})
    for draw in (score_figure, validation_figure):
        assert draw(found)["layout"]["yaxis"]["type"] == "log"
    lived, lost = score_figure(found)["data"]
    assert max(lived["y"]) < lost["y"][0] < 10 * max(lived["y"])
    shares = replace(found, facts=replace(found.facts, larger_is_better=True))
    assert "type" not in score_figure(shares)["layout"]["yaxis"]


def test_the_table_has_all_configs_best_first():
    found = sweeping.wild()
    table = config_table(found)
    assert [row[0] for row in table.rows] == config_order(found) == [0, 2, 1]
    assert [cell.text for cell in table.rows[-1][2]] == ["1", "sgd", "1e+09", "–", "2 of 2"]
    assert table.rows[-1][2][-2].key is None  # sorts last
    assert table.rows[0][2][-2].key == pytest.approx(found.last_scores[0].mean())
    facts = replace(found.facts, configs=found.configs * 400, run_steps=found.facts.run_steps * 400)
    many = replace(found, facts=facts)
    wide = {name: np.repeat(getattr(many, name), 400, axis=0) for name in ("given", "diverged_at")}
    many = replace(
        many, **wide, rounds=(), validation={name: np.repeat(v, 400, axis=0) for name, v in found.validation.items()}
    )
    table = config_table(many)
    assert (len(table.rows), table.left_out) == (MOST, 1200 - MOST)


def test_names_are_text_wherever_they_stand():
    page = html_report({EVIL: renamed(sweeping.wild(), EVIL), "other": sweeping.wild()})
    assert EVIL not in page
    assert "<img src=x" not in page
    scripts = re.findall(r"<script(.*?)>(.*?)</script>", page, re.DOTALL)
    assert [kind for kind, _ in scripts[-2:]] == ["", ""]
    data = [json.loads(text) for kind, text in scripts[:-2] if kind == ' type="application/json"']
    assert len(data) == len(scripts) - 2
    drawn = json.dumps(data)
    assert "onerror" in drawn
    assert "<img" not in drawn  # plotly's own HTML has the names escaped too


def test_several_sweeps_are_compared():
    first, second = sweeping.usual(), sweeping.wild()
    sources = sources_of({"many": first, "few": second})
    rows = comparison_rows(sources)
    assert [row[0] for row in rows] == ["many", "few"]
    assert rows[1][3] == "sgd 0: learning_rate 0.1"
    assert paired_lines(sources) == []  # metrics differ
    text = "\n".join(paired_lines(sources_of([first, first])))
    assert (
        "iris (1) − iris (2): +0.0000 validation accuracy, 95% interval +0.0000 to +0.0000, on 2 common seeds" in text
    )
    table, more = different_rows(sources)
    assert (["learning_rate", "7 values from 0.01 to 1", "0.1, 1e+09, 0.3"] in table, more) == (True, 0)
    assert different_rows(sources_of([first, first])) == ([], 0)


def test_a_sweep_of_somebodys_code_names_it():
    task = replace(sweeping.task(), name="mine")
    source = sources_of(sweeping.wild())[0]
    asked = {
        **source.asked,
        "recipes": {"own": "module:own"},
        "policy": ["SuccessiveHalving", {"eta": 3}],
        "order": None,
    }
    said = python_call(replace(sweeping.wild(), facts=replace(sweeping.wild().facts, task=task.name)), asked)
    assert said.splitlines()[0] == "# of your own: task; 'own', module:own"
    assert "{'own': my_own}" in said
    drawn = {**source.asked, "axis": {**source.asked["axis"], "count": 4}}
    assert "    samples=4,\n    seeds=2," in python_call(sweeping.wild(), drawn)
    named = {**source.asked, "recipes": {"optimizer": "jgd.sweeps.recipes:by_optimizer"}}
    assert "task,\n    None,\n" in python_call(sweeping.wild(), named)
    assert "policy=jgd.sweeps.SuccessiveHalving(eta=3)" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "at least one"),
        ("nowhere", "there is no sweep in"),
        (3, "must be the path"),
        ({"a": 3.5}, "must be the path"),
    ],
)
def test_what_is_no_sweep_is_told(given, said):
    with pytest.raises(jgd.JgdError, match=said):
        html_report(given)


def test_a_page_that_cant_be_written_says_why(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(jgd.JgdError, match="can't be written"):
        save_report(sweeping.wild(), tmp_path / "file" / "report.html")

"""Pictures of the lectures draw the numbers that jgd.teaching has."""

import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib import pyplot

import jgd
from jgd import plots, teaching

PARABOLA = jgd.landscapes.quadratic([28 / 3])  # of hours and points
BOWL = jgd.landscapes.get("quadratic")
sgd = jgd.optimizers.sgd


def line(ax, label):
    (found,) = [each for each in ax.get_lines() if each.get_label() == label]
    return np.array(found.get_data()).T


@pytest.mark.slow
def test_learning_rates_are_in_units_of_the_edge_and_drawn_as_they_went():
    found = teaching.learning_rates(PARABOLA, steps=4)
    small, good, edge, diverging = found.paths.values()
    np.testing.assert_allclose(edge.ravel(), [1, -1, 1, -1, 1], atol=1e-5)
    np.testing.assert_allclose(good.ravel(), [1, 0, 0, 0, 0], atol=1e-5)
    np.testing.assert_allclose(small.ravel(), 0.9 ** np.arange(5), rtol=1e-5)
    np.testing.assert_allclose(diverging.ravel(), (-1.16) ** np.arange(5), rtol=1e-4)
    panels = plots.plot_learning_rates(found)
    for ax, (name, path) in zip(panels, found.paths.items(), strict=True):
        assert ax.get_title() == name
        np.testing.assert_array_equal(line(ax, name)[:, 0], path[:, 0])
        assert ax.get_ylim() == panels[0].get_ylim()  # the one that diverges leaves the picture
    ax = plots.plot_descent_losses(found)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "loss", "log")
    for name, losses in found.losses.items():
        np.testing.assert_array_equal(line(ax, name)[:, 1], losses)


def test_paths_have_arrows_where_their_steps_are_long_and_a_square_at_the_end(ax):
    path = np.array([[2.0, -1.0], [1.0, -0.5], [0.5, -0.25], [0.5, -0.25]])
    plots.plot_paths(BOWL, {"down": path, "still": path[:1]}, ax=ax)
    squares = [each.get_xydata().tolist() for each in ax.get_lines() if each.get_marker() == "s"]
    assert squares == [path[-1:].tolist(), path[:1].tolist()]
    heads = [(text.xy, text.xyann) for text in ax.texts]
    assert [tuple(tail) for _, tail in heads] == [(2.0, -1.0), (1.0, -0.5)]
    assert all(head[0] < tail[0] for head, tail in heads)


def test_a_surface_carries_the_path_above_it():
    path = np.array([[2.0, -1.0], [1.0, -0.5], [9.0, 9.0]])
    ax = plots.plot_surface(BOWL, {"down": path})
    x, y, z = ax.get_lines()[0].get_data_3d()
    assert (list(x), list(y)) == ([2.0, 1.0], [-1.0, -0.5])  # what leaves the box isn't drawn
    assert z - [2.5, 0.625] == pytest.approx(0.015 * 6.25)
    assert (ax.get_xlabel(), ax.get_zlabel()) == ("first weight", "loss")
    flat = pyplot.subplots()[1]
    with pytest.raises(jgd.JgdError, match='projection="3d"'):
        plots.plot_surface(BOWL, ax=flat)
    with pytest.raises(jgd.JgdError, match="two dimensions, got 1"):
        plots.plot_surface(PARABOLA)


@pytest.mark.slow
def test_batches_are_drawn_against_steps_and_rows_over_their_landscape():
    inputs = np.random.default_rng(0).normal(size=(8, 2))
    rows = jnp.asarray(inputs), jnp.asarray(inputs @ [1.0, -2.0])
    mean = lambda w, batch: jnp.mean((batch[0] @ w - batch[1]) ** 2)
    found = teaching.batch_descents(mean, jnp.zeros(2), rows, sgd(0.05), [8, 4], epochs=3)
    assert {name: len(path) - 1 for name, path in found.paths.items()} == {"all 8 rows": 3, "4 rows": 6}
    np.testing.assert_allclose(found.landscape.minima[0], [1, -2], atol=1e-3)
    w = np.zeros(2)
    for _ in range(3):  # all rows: no matter in which order
        w = w - 0.05 * 2 / 8 * inputs.T @ (inputs @ w - np.asarray(rows[1]))
    np.testing.assert_allclose(found.paths["all 8 rows"][-1], w, rtol=1e-4)
    contour, steps, seen = plots.plot_batch_sizes(found, labels=("age", "income"))
    for name, losses in found.losses.items():
        np.testing.assert_array_equal(line(contour, name), found.paths[name])
        np.testing.assert_array_equal(line(steps, name)[:, 1], losses)
        np.testing.assert_array_equal(line(seen, name).T, [found.rows_seen[name], losses])
    assert [ax.get_xlabel() for ax in (contour, steps, seen)] == ["age", "step", "rows seen"]
    assert contour.figure.get_size_inches()[0] == 7.2  # two columns of a page
    with pytest.raises(jgd.JgdError, match=r"sizes must divide the 8 rows, as \[1, 2, 4, 8\] do, got \[3\]"):
        teaching.batch_descents(mean, jnp.zeros(2), rows, sgd(0.05), [3])


def test_the_look_ahead_ends_where_the_optimizers_go(ax):
    found = teaching.look_ahead(BOWL, 0.2, 0.5, steps=2)
    way = teaching.descents(BOWL, {"": jgd.optimizers.momentum(0.2, 0.5)}, 3).paths[""]
    np.testing.assert_allclose(found.before, way[:3], rtol=1e-6)
    np.testing.assert_allclose(found.momentum_end, way[3], rtol=1e-5)
    np.testing.assert_allclose(found.downhill_ahead, -0.2 * (found.point + found.carried), rtol=1e-5)
    plots.plot_look_ahead(found, ax=ax)
    arrows = [(tuple(text.xyann), tuple(text.xy)) for text in ax.texts if not text.get_text()]
    ahead = tuple(found.point + found.carried)
    assert (tuple(found.point), ahead) in arrows
    assert (ahead, tuple(found.momentum_end)) in arrows
    assert (ahead, tuple(found.look_ahead_end)) in arrows


def test_a_race_is_drawn_as_far_as_asked_and_moves_frame_by_frame(tmp_path):
    found = {"bowl": teaching.descents(BOWL, {"slow": sgd(0.1), "fast": sgd(0.3)}, 4)}
    (ax,) = plots.plot_race(found, steps=2)
    np.testing.assert_array_equal(line(ax, "fast"), found["bowl"].paths["fast"][:3])
    ax = pyplot.subplots(figsize=(1, 1))[1]
    film = plots.animate_race(found, every=3, axes=ax)
    film.save(tmp_path / "race.gif", writer="pillow", dpi=20)
    assert (tmp_path / "race.gif").read_bytes()[:6] == b"GIF89a"
    np.testing.assert_array_equal(line(ax, "slow"), found["bowl"].paths["slow"])  # the last frame
    with pytest.raises(jgd.JgdError, match="steps"):
        plots.plot_race(found, steps=5)


@pytest.mark.slow
def test_starts_are_gathered_by_where_they_end(ax):
    hills = jgd.landscapes.get("local_minimum")
    found = teaching.many_starts(hills, sgd(0.1), [[-0.4], [6.0], [3.0], [-0.6]])
    np.testing.assert_allclose(found.places, [[-0.4874], [3.3817]], atol=1e-3)  # as the lectures have them
    assert (found.place_of.tolist(), found.counts.tolist()) == ([0, 1, 1, 0], [2, 2])
    plots.plot_many_starts(found, ax=ax)
    assert line(ax, "loss 0.473: 2 of 4")[:, 0].tolist() == [6.0, 3.0]
    (gone,) = teaching.many_starts(BOWL, sgd(9.0), [[1.0, 1.0]], steps=200).place_of
    assert gone == -1


def test_effective_rates_are_those_of_adagrad(ax):
    loss = lambda w, batch: jnp.sum(w["a"] * batch)
    seen = jnp.array([[1.0, 2.0], [1.0, 0.0], [1.0, 2.0]])
    found = teaching.effective_rates(jgd.optimizers.adagrad(0.5), loss, {"a": jnp.zeros(2)}, seen)
    want = 0.5 / np.sqrt([[1, 4], [2, np.nan], [3, 8]])  # rare ones keep a larger share of their rate
    np.testing.assert_allclose(found.rates, want, rtol=1e-5)
    plots.plot_effective_rates(found, ax=ax)
    assert line(ax, "['a'][1]")[:, 0].tolist() == [0, 2]
    np.testing.assert_array_equal(line(ax, "['a'][0]")[:, 1], found.rates[:, 0])


def test_both_smoothings_on_both_scales():
    losses = [4.0, 2.0, 1.0]
    for ax, scale in zip(plots.plot_smoothings(losses, 0.5), ("linear", "log"), strict=True):
        assert ax.get_yscale() == scale
        _, recursive, literal = ax.get_lines()
        assert (recursive.get_ydata().tolist(), literal.get_ydata().tolist()) == ([4.0, 3.0, 2.0], [4.0, 3.0, 1.5])

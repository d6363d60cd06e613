"""On a quadratic both have closed forms: descent at rate η multiplies each eigendirection by 1 − ηλ."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jgd
from jgd.analysis.responses import response, response_of
from jgd.analysis.sensitivity import learning_rate_sensitivity, sensitivity_of
from jgd.analysis.stability import grew, stability_bracket, stability_edge

N = np.nan
CURVATURES = np.array([1.0, 4.0])  # 2/λ = 0.5
RATES = (0.05, 0.1, 0.3, 0.49, 0.51, 0.7, 40.0)
STEPS = 12


def quadratic_loss(params, rows):
    return 0.5 * jnp.sum(jnp.asarray(CURVATURES, params.dtype) * params**2) + 0 * jnp.sum(rows)


def quadratic_init(key):
    return jnp.ones(2)


@functools.cache
def task():
    rows = np.zeros((4, 1), np.float32)
    return jgd.Task("quadratic", quadratic_init, quadratic_loss, rows, rows, rows)


@functools.cache
def found():
    return jgd.sweep(task(), "sgd", {"learning_rate": RATES}, seeds=2, steps=STEPS, block=7)


def exact(rate):
    return 0.5 * (CURVATURES * (1 - rate * CURVATURES) ** (2 * STEPS)).sum()


def test_the_sensitivity_of_a_quadratic_is_its_formula():
    start = CURVATURES.sum() / 2
    losses = np.minimum([exact(rate) for rate in RATES], start)
    e = sensitivity_of(found())
    assert e.mean == pytest.approx(losses.mean() - losses.min(), rel=1e-5)
    assert (e.n, e.half_width) == (2, 0.0)  # both seeds start alike
    assert (found().diverged_at[-1] >= 0).all()  # and counts as the start's loss


@pytest.mark.slow
def test_the_edge_of_a_quadratic_is_two_over_its_largest_curvature():
    edge = stability_edge(found(), task())
    assert (edge.bracket.largest_stable, edge.bracket.smallest_unstable) == (0.49, 0.51)
    assert not edge.bracket.mixed
    np.testing.assert_allclose(edge.sharpness_at_start, 4, rtol=1e-5)
    np.testing.assert_allclose(edge.sharpness_at_end, 4, rtol=1e-5)
    assert (edge.limit_at_start, edge.ratio, edge.ratio_at_end) == pytest.approx((0.5, 0.98, 0.98), rel=1e-5)


@pytest.mark.slow
def test_the_heavy_balls_edge_lies_at_two_times_one_plus_momentum():
    rates = [0.9, 0.94, 0.96, 1.1]  # 2 (1 + 0.9)/4 = 0.95
    moving = jgd.sweep(task(), "momentum", {"learning_rate": rates, "momentum": [0.9]}, seeds=1, steps=400, block=4)
    edge = stability_edge(moving, task(), momentum=0.9)
    assert (edge.bracket.largest_stable, edge.bracket.smallest_unstable) == (0.94, 0.96)
    assert edge.limit_at_start == pytest.approx(0.95, rel=1e-5)


def test_the_definition_by_hand():
    losses = np.array([[1.0, 3.0], [2.0, 0.5], [9.0, N]])
    e = learning_rate_sensitivity(losses, initial_loss=np.array([4.0, 5.0]))
    # clipped: (1, 3), (2, 0.5), (4, 5); by the second seed η* is the second, by the first one the first
    per_seed = np.array([7 / 3 - 2, 8.5 / 3 - 3])
    plain = np.array([7 / 3 - 2, 8.5 / 3 - 0.5])  # at the second for both, which has the least mean
    assert e.mean == pytest.approx(per_seed.mean())
    reach = max(stats.t.ppf(0.975, 1) * each.std(ddof=1) / np.sqrt(2) for each in (per_seed, plain))
    assert (e.low, e.high) == pytest.approx((per_seed.mean() - reach, plain.mean() + reach))
    wider = learning_rate_sensitivity(losses, np.array([4.0, 5.0]), overlap=0.25)
    assert wider.mean - wider.low == pytest.approx(reach * np.sqrt(1 + 2 * 0.25))
    assert "too high" in learning_rate_sensitivity(losses[:, :1], 4.0).note
    assert learning_rate_sensitivity(np.full(3, 0.2), 1.0).mean == 0
    assert learning_rate_sensitivity(np.full(3, N), 1.0).mean == 0  # nothing is better than the start


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
def test_the_sensitivity_is_not_flattered_by_noise(seeds):
    rng, true = np.random.default_rng(seeds), 1 + 0.3 * np.linspace(-1, 1, 10) ** 2
    found = [
        learning_rate_sensitivity(true[:, None] + 0.2 * (rng.normal(size=(10, seeds)) + rng.normal(size=seeds)), 5.0)
        for _ in range(400)
    ]
    truth = true.mean() - true.min()
    assert truth - 0.05 < np.mean([e.mean for e in found]) < truth + 0.01  # the plain one is 0.24 at 3 seeds
    assert 0.92 <= np.mean([e.low <= truth <= e.high for e in found]) <= 0.99


def test_a_curve_takes_the_best_or_the_mean_over_the_others():
    values, scores = [0.1, 1.0, 0.1, 1.0], np.array([[1.0, 2.0], [4.0, N], [3.0, 3.0], [5.0, 6.0]])
    best = response(values, scores, larger_is_better=False)
    np.testing.assert_array_equal(best.scores, [[1, 2], [5, 6]])  # [4, NaN] lost a seed
    mean = response(values, scores, larger_is_better=False, over_others="mean")
    np.testing.assert_array_equal(mean.scores, [[2, 2.5], [4.5, N]])
    assert response(["b", "a"], scores[:2], True).values == ("b", "a")


def test_a_sweeps_curve_needs_to_know_whose():
    assert response_of(found()).values == RATES
    assert response_of(found(), recipe="sgd").scores.shape == (7, 2)
    with pytest.raises(jgd.JgdError, match="did you mean 'learning_rate'"):
        response_of(found(), "learning_rat")
    with pytest.raises(jgd.JgdError, match="unknown recipe 'adam'"):
        sensitivity_of(found(), "adam")


@pytest.mark.parametrize(
    ("unstable", "want"),
    [
        ([False, False, False], (0.3, N, False)),
        ([True, True, True], (N, 0.1, False)),
        ([False, True, False], (0.1, 0.2, True)),
        ([[False, False], [False, True], [True, True]], (0.1, 0.2, False)),
    ],
)
def test_brackets(unstable, want):
    bracket = stability_bracket([0.1, 0.2, 0.3], np.array(unstable))
    np.testing.assert_equal((bracket.largest_stable, bracket.smallest_unstable, bracket.mixed), want)


def test_growth_is_seen_before_divergence_is():
    loss = np.array([[[1.0, 2.0, 0.9], [1.0, 0.9, 1.1], [1.0, 0.5, N]]])
    assert grew(loss, np.full((1, 3), -1)).tolist() == [[False, True, False]]  # the last was stopped early, falling


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: stability_edge(found(), "quadratic"), "task must be the jgd.Task"),
        (lambda: stability_edge(found(), task(), momentum=1.0), "momentum must be a finite number in"),
        (lambda: stability_bracket([0.1], np.array([0.0])), "unstable must be booleans"),
        (lambda: learning_rate_sensitivity(np.ones(3), N), "initial_loss must be finite, got nan"),
        (lambda: learning_rate_sensitivity(np.ones((1, 1, 1)), 1.0), "losses must have shape"),
        (lambda: response([1.0], np.ones((2, 1)), True), r"scores must have shape \(1, seeds\)"),
        (lambda: response([[1.0]], np.ones((1, 1)), True), "values must be a list of numbers or words"),
        (lambda: response([1.0], np.ones((1, 1)), True, "worst"), "unknown over_others 'worst'"),
    ],
)
def test_refusals(call, said):
    with pytest.raises(jgd.JgdError, match=said):
        call()

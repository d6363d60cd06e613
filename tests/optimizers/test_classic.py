"""What the papers say of the layerwise, sign-based and loss-driven methods beyond their formulas."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

o = jgd.optimizers


def walk(optimizer, params, slopes):
    """Parameters after each of the gradients, and the state at the end."""
    state, path = optimizer.init(params), []
    for g in slopes:
        updates, state = optimizer.update(g, state, params)
        params = jgd.apply_updates(params, updates)
        path.append(params)
    return path, state


@pytest.mark.parametrize("name", ["lamb", "lars"])
def test_a_layer_neither_knows_its_scale_nor_the_others(name, x64):
    """Weights c times as long take steps c times as long, and loud gradients elsewhere change nothing."""
    optimizer = {"lamb": o.lamb(0.1, eps=0.0), "lars": o.lars(0.1, trust_coefficient=0.1)}[name]
    slopes = np.random.default_rng(0).normal(size=(5, 2, 3))
    start = jnp.array([1.0, -2.0, 0.5])
    path, _ = walk(optimizer, [start, 7 * start], [[jnp.asarray(a), 100 * jnp.asarray(a)] for a, _ in slopes])
    other, _ = walk(optimizer, [start, start], [[jnp.asarray(a), jnp.asarray(b)] for a, b in slopes])
    np.testing.assert_allclose(path[-1][1], 7 * path[-1][0], rtol=1e-12)
    np.testing.assert_array_equal(path[-1][0], other[-1][0])


def test_leaves_of_zeros_leave_zero():
    for name in ("lamb", "lars"):
        (end,), _ = walk(o.get(name)(0.1), jnp.zeros(2), [jnp.ones(2)])
        assert (np.asarray(end) < 0).all(), name


def test_rprop_rests_where_the_sign_changed_and_takes_no_earlier_step(x64):
    optimizer, slopes = o.rprop(0.1), jnp.array([[1.0], [1.0], [-1.0], [-1.0], [-1.0]])
    path, _ = walk(optimizer, jnp.zeros(1), slopes)
    steps = np.diff(np.concatenate(path), prepend=0)
    np.testing.assert_allclose(steps, [-0.1, -0.12, 0, 0.06, 0.072], rtol=1e-12, atol=1e-15)


def test_the_noise_dies_out_as_written():
    eta, gamma, size = 0.3, 0.55, 40_000
    path, _ = walk(o.noisy_sgd(1.0, eta, gamma), [jnp.zeros(size), jnp.zeros(size)], [[jnp.zeros(size)] * 2] * 3)
    draws = np.diff(np.array(path), axis=0, prepend=np.zeros((1, 2, size)))
    for t, draw in enumerate(draws):
        np.testing.assert_allclose(draw.std(axis=1), np.sqrt(eta / (1 + t) ** gamma), rtol=0.02)
    assert np.abs(np.corrcoef(draws.reshape(6, size)) - np.eye(6)).max() < 0.03  # of all leaves and steps
    again, _ = walk(o.noisy_sgd(1.0, eta, gamma, seed=1), [jnp.zeros(size)] * 2, [[jnp.zeros(size)] * 2])
    assert (np.asarray(again[0]) != np.asarray(path[0])).all()


def test_optimistic_descent_solves_the_game_that_descent_leaves(x64):
    """min over x, max over y of x y: gradient descent spirals out, the optimistic one in."""
    slope = lambda p: jnp.array([p[1], -p[0]])

    def end(optimizer):
        def one(carry, _):
            params, state = carry
            updates, state = optimizer.update(slope(params), state, params)
            return (params + updates, state), None

        start = jnp.array([1.0, 1.0])
        return np.linalg.norm(jax.lax.scan(one, (start, optimizer.init(start)), length=500)[0][0])

    assert end(o.optimistic_gradient_descent(0.2)) < 1e-3 < 1e3 < end(o.sgd(0.2))


def test_polyaks_step_halves_the_way_on_a_parabola(x64):
    """On a parabola f = a w² with f* = 0 the step f / f'² · f' is w / 2, whatever a is."""
    optimizer, params = o.polyak_sgd(max_learning_rate=100.0), jnp.array([8.0])
    state = optimizer.init(params)
    for want in (4.0, 2.0, 1.0):
        updates, state = optimizer.update(0.02 * params, state, params, value=0.01 * params[0] ** 2)
        params = params + updates
        np.testing.assert_allclose(params, want, rtol=1e-12)


def test_the_averages_readout_is_the_mean_of_the_path(x64):
    optimizer, slopes = o.asgd(0.1, lambd=0.01, t0=2), np.random.default_rng(0).normal(size=(8, 3))
    path, state = walk(optimizer, jnp.ones(3), jnp.asarray(slopes))
    np.testing.assert_allclose(optimizer.eval_params(state, path[-1]), np.mean(path[3:], axis=0), rtol=1e-12)
    assert (np.asarray(path[-1]) != optimizer.eval_params(state, path[-1])).all()


def test_momo_takes_polyaks_step_until_the_rate_bounds_it(x64):
    """Without momentum it is min(η, (f − f*) / ‖g‖²), and with a bound too high for the loss it waits."""
    params = jnp.array([3.0])
    for rate, bound, want in ((10.0, 0.0, -1.5), (0.125, 0.0, -0.75), (10.0, 9.5, 0.0)):
        optimizer = o.momo(rate, beta=0.0, lower_bound=bound)
        updates, _ = optimizer.update(2 * params, optimizer.init(params), params, value=params[0] ** 2)
        np.testing.assert_allclose(updates, want, rtol=1e-12, atol=1e-15)


def test_cautious_decay_never_works_against_the_step():
    optimizer = jgd.chain(jgd.transforms.AddCautiousDecay(0.5), jgd.transforms.ScaleByLearningRate(1.0))
    params = jnp.array([2.0, 2.0, -2.0, -2.0, 2.0])
    grads = jnp.array([1.0, -1.0, 1.0, -1.0, 0.0])  # the last: no step, and the weight decays
    updates, _ = optimizer.update(grads, optimizer.init(params), params)
    np.testing.assert_allclose(updates, [-2.0, 1.0, -1.0, 2.0, -1.0])


def test_caution_keeps_the_mean_step_where_it_can(x64):
    """A share p of agreeing coordinates moves 1/p as far, and no more than 1000 times."""
    transform = jgd.chain(jgd.transforms.Cautious())
    sizes, grads = jnp.ones(4000), jnp.where(jnp.arange(4000) < 1000, 1.0, -1.0)
    for share in (1000, 1):
        context = jgd.Context(sizes, grads.at[share:].set(-1.0), jnp.zeros((), jnp.int32), sizes)
        updates, _ = transform.transform.update(sizes, transform.init(sizes).inner, context)
        np.testing.assert_allclose(updates[0], 4.0 if share == 1000 else 1000.0)
        assert not updates[share:].any()


def test_adafactor_loses_nothing_of_squares_of_rank_one(x64):
    """Where |g| is a row times a column, R Cᵀ / mean(R) is the mean of g² itself."""
    rng = np.random.default_rng(0)
    magnitude = np.outer(rng.uniform(1, 2, 4), rng.uniform(1, 2, 3))
    slopes = [jnp.asarray(c * magnitude * rng.choice([-1, 1], (4, 3))) for c in (1.0, 3.0, 0.5)]
    factored, state = walk(o.adafactor(0.1, min_dim_size_to_factor=1, eps=0.0), jnp.ones((4, 3)), slopes)
    whole, _ = walk(o.adafactor(0.1, eps=0.0), jnp.ones((4, 3)), slopes)
    np.testing.assert_allclose(factored[-1], whole[-1], rtol=1e-12)
    assert sorted(leaf.shape for leaf in jax.tree.leaves(state.inner)) == [
        (),
        (),
        (3,),
        (4,),
    ]  # the rate, the weight, C, R


def test_fromage_turns_weights_without_stretching_them(x64):
    """Against gradients at right angles to the weights, as of a normalized layer, each leaf keeps its length."""
    optimizer, params = o.fromage(0.2), jnp.array([3.0, 4.0])
    state = optimizer.init(params)
    for _ in range(5):
        updates, state = optimizer.update(jnp.array([-params[1], params[0]]), state, params)
        cosine = jnp.dot(params, params + updates) / 25
        params = params + updates
        np.testing.assert_allclose([jnp.linalg.norm(params), cosine], [5, 1 / np.sqrt(1.04)], rtol=1e-12)


def test_sm3_bounds_adagrads_sums_from_above(x64):
    """The paper's proposition for SM3-II, from which its regret follows: Σ g² ≤ ν, so that no step is longer."""
    slopes = jnp.asarray(np.random.default_rng(0).normal(size=(6, 3, 4)))
    optimizer, params = o.sm3(1.0, momentum=0.0), jnp.zeros((3, 4))
    state, sums = optimizer.init(params), 0
    for g in slopes:
        updates, state = optimizer.update(g, state, params)
        sums = sums + g**2
        assert (jnp.square(g / updates) >= sums * (1 - 1e-12)).all()
        rows, columns = state.inner[0].covers
        assert (jnp.minimum(rows, columns) >= sums * (1 - 1e-12)).all()


def test_novograd_hears_a_loud_layer_no_louder(x64):
    optimizer, slopes = o.novograd(0.1, eps=0.0), jnp.asarray(np.random.default_rng(0).normal(size=(5, 3)))
    path, _ = walk(optimizer, [jnp.ones(3), jnp.ones(3)], [[g, 1000 * g] for g in slopes])
    np.testing.assert_allclose(*path[-1], rtol=1e-12)


LATE = {
    "novograd": o.novograd(0.1),
    "optimistic": o.optimistic_gradient_descent(0.1),
    "momo": o.momo(10.0, lower_bound=0.2, adapt_lower_bound=True),
    "momo_adam": o.momo_adam(10.0, lower_bound=0.2, adapt_lower_bound=True),
    "adafactor": o.adafactor(relative_step=False, clip_threshold=None),
}


@pytest.mark.parametrize("optimizer", LATE.values(), ids=LATE)
def test_who_begins_late_begins_the_same(optimizer, x64):
    """After a step that a guard skipped, or as the second method of a switch, the first gradient is the first."""
    params, g = jnp.array([1.0, -2.0]), jnp.array([0.5, 2.0])
    want, _ = optimizer.update(g, optimizer.init(params), params, value=jnp.float64(3))
    guarded = jgd.chain(jgd.transforms.SkipNonFinite(optimizer.transform))
    switched = jgd.chain(jgd.transforms.Switch((jgd.transforms.ScaleByLearningRate(1.0), optimizer.transform), at=(1,)))
    for late, before in ((guarded, jnp.nan * g), (switched, g)):
        _, state = late.update(before, late.init(params), params, value=jnp.float64(3))
        updates, _ = late.update(g, state, params, value=jnp.float64(3))
        np.testing.assert_allclose(updates, want, rtol=1e-12)


def test_novograd_waits_for_a_layers_first_gradient(x64):
    """A layer behind one that starts at 0 hears nothing in the first step, and then its gradient has length 1."""
    path, _ = walk(o.novograd(0.1, eps=0.0), jnp.zeros(2), [jnp.zeros(2), jnp.array([3.0, 4.0])])
    np.testing.assert_allclose(path[-1], [-0.06, -0.08], rtol=1e-12)

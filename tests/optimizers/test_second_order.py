"""What the papers promise of curvature, line searches and gradients taken elsewhere."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import jgd
from jgd.core import tree
from jgd.optimizers.lbfgs import ScaleByLbfgs
from jgd.transforms import BacktrackingSearch, ZoomSearch

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

SEARCHES = [pytest.param(BacktrackingSearch, id="backtracking"), pytest.param(ZoomSearch, id="zoom")]


def rosenbrock(w, _=None):
    return jnp.sum(100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2)


def bowl(w, _=None):
    return jnp.sum(jnp.array([1.0, 10.0, 100.0, 1000.0], w.dtype) * (w - 1) ** 2) / 2


def run(optimizer, loss, start, steps):
    """(gradient norm before each step, rates, end)."""
    end, report = jax.jit(lambda w: jgd.rollout(loss, optimizer, w, jnp.zeros(steps)))(start)
    return np.asarray(report.gradient_norm), np.asarray(report.learning_rate), end


def steps_to(norms, tolerance):
    assert norms.min() < tolerance
    return int(np.argmax(norms < tolerance))


@pytest.mark.slow
@pytest.mark.parametrize("linesearch", ["zoom", "backtracking"])
@pytest.mark.parametrize("start", [(-1.2, 1.0), (-1.2, 1.0) * 5], ids=["2", "10"])
def test_lbfgs_solves_rosenbrock_in_about_scipys_steps(start, linesearch, x64):
    optimize = pytest.importorskip("scipy.optimize")
    norms, _, end = run(jgd.optimizers.lbfgs(linesearch=linesearch), rosenbrock, jnp.array(start), 120)
    np.testing.assert_allclose(end.params, 1, atol=1e-8)
    value_and_grad = jax.jit(jax.value_and_grad(rosenbrock))
    their = optimize.minimize(
        lambda w: tuple(map(np.asarray, value_and_grad(jnp.asarray(w)))),
        np.array(start),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": 1e-8, "ftol": 0},
    )
    assert steps_to(norms, 1e-8) < 1.5 * their.nit


def test_lbfgs_solves_a_quadratic(x64):
    norms, _, _ = run(jgd.optimizers.lbfgs(), bowl, jnp.zeros(4), 40)
    assert steps_to(norms, 1e-8) < 30


def test_lbfgs_in_float32_is_not_stopped_by_the_roundings_of_the_loss(x32):
    lifted = lambda w, _: 1000 + bowl(w)  # the last decreases are far below the loss's rounding
    norms, _, _ = run(jgd.optimizers.lbfgs(), lifted, jnp.zeros(4), 60)
    assert norms.min() < 1e-3


def test_a_pair_without_positive_curvature_is_skipped_and_the_older_stay(x64):
    transform = ScaleByLbfgs(2)
    pairs = transform.init(jnp.zeros(2)).absorb(jnp.zeros(2), jnp.zeros(2))
    assert pairs.rho.tolist() == [0, 0]
    pairs = pairs.absorb(jnp.array([1.0, 0.0]), jnp.array([2.0, 0.0]))
    upside_down = pairs.absorb(jnp.array([2.0, 0.0]), jnp.array([1.0, 0.0]))
    assert pairs.rho.tolist() == upside_down.rho.tolist() == [0.5, 0]
    np.testing.assert_array_equal(upside_down.s, pairs.s)
    assert upside_down.params.tolist() == [2, 0]  # the next pair starts there


def applied(search, loss, start, direction=None):
    """(parameters after one step, state) of a search along `direction`, by default the gradient."""
    grads = jax.grad(loss)(start)
    optimizer = jgd.chain(search) if direction is None else jgd.chain(Fixed(direction), search)
    updates, state = optimizer.update(grads, optimizer.init(start), start, loss=loss)
    return start + updates, state.inner[-1]


@jgd.record
class Fixed(jgd.Transform):
    """updates ← a direction."""

    direction: jax.Array

    def update(self, updates, state, context):
        return self.direction, state


@pytest.mark.parametrize("first", [1e-4, 0.1, 1.0, 30.0])
def test_zoom_meets_the_strong_wolfe_conditions(first, x64):
    start = jnp.array([-1.2, 1.0])
    c1, c2 = 1e-4, 0.1
    end, state = applied(ZoomSearch(first, c1, c2), rosenbrock, start)
    grads = jax.grad(rosenbrock)(start)
    slope, there = -grads @ grads, -jax.grad(rosenbrock)(end) @ grads
    rate = state.rate.learning_rate
    assert state.succeeded
    assert rosenbrock(end) <= rosenbrock(start) + c1 * rate * slope
    assert abs(there) <= -c2 * slope
    np.testing.assert_allclose(end, start - rate * grads)


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_stays_where_the_loss_is_defined(search, x64):
    barrier = lambda w: jnp.sum(-3 * w - jnp.log(1 - w))  # NaN from w = 1 on; the first trial is at 8.5
    start = jnp.array([0.5])
    end, state = applied(search(), barrier, start, direction=jnp.array([-8.0]))
    assert state.succeeded
    assert barrier(end) < barrier(start)


@pytest.mark.parametrize("search", SEARCHES)
def test_an_uphill_direction_makes_no_step(search):
    start = jnp.array([1.0, -2.0])
    end, state = applied(search(), lambda w: jnp.sum(w**2), start, direction=-start)
    assert end.tolist() == start.tolist()
    assert not state.succeeded
    assert state.rate.learning_rate == 0


def test_a_search_that_runs_out_takes_the_best_rate_it_saw(x64):
    start = jnp.array([1.0])
    end, state = applied(ZoomSearch(1.0, max_linesearch_steps=3), lambda w: jnp.sum(-w), start)
    assert (end.tolist(), bool(state.succeeded)) == ([5.0], False)  # 1, 2, 4 and still falling
    steep = lambda w: jnp.sum(w**2) * 50
    end, state = applied(BacktrackingSearch(1.0, 0.9, max_backtracking_steps=6), steep, start)
    assert not state.succeeded
    assert steep(end) < steep(start)


def test_the_rate_of_a_search_is_reported():
    _, rates, _ = run(jgd.optimizers.lbfgs(linesearch="backtracking"), bowl, jnp.zeros(4), 5)
    assert (rates > 0).all()
    assert (np.log2(rates) % 1 == 0).all()  # 1, 1/2, 1/4 …


def matrix(eigenvalues):
    """A symmetric matrix with these eigenvalues whose eigenvectors are not the axes."""
    basis = np.linalg.qr(np.random.default_rng(1).normal(size=(len(eigenvalues), len(eigenvalues))))[0]
    return jnp.asarray(basis @ np.diag(eigenvalues) @ basis.T)


def step_of(optimizer, loss, start):
    updates, _ = optimizer.update(jax.grad(loss)(start), optimizer.init(start), start, loss=loss)
    return updates


def test_newton_solves_a_quadratic_in_one_step(x64):
    A, minimum = matrix([1.0, 10.0, 100.0, 1e4]), jnp.array([1.0, -2.0, 3.0, 4.0])
    loss = lambda w: (w - minimum) @ A @ (w - minimum) / 2
    start = jnp.zeros(4)
    np.testing.assert_allclose(step_of(jgd.optimizers.newton(tolerance=1e-12), loss, start), minimum, rtol=1e-9)
    damped = step_of(jgd.optimizers.newton(damping=5.0, tolerance=1e-12, linesearch=None), loss, start)
    np.testing.assert_allclose(damped, np.linalg.solve(A + 5 * np.eye(4), A @ minimum), rtol=1e-9)


def test_newton_converges_quadratically_on_rosenbrock(x64):
    optimizer = jgd.optimizers.newton(tolerance=1e-10)
    norms, rates, _ = run(optimizer, rosenbrock, jnp.array([-1.2, 1.0]), 30)
    assert steps_to(norms, 1e-8) < 25
    assert rates[steps_to(norms, 1e-8) - 1] == 1


def test_newton_goes_down_at_negative_curvature(x64):
    start = jnp.array([1.0, 0.5, -1.0])
    saddle = lambda w: w @ matrix([2.0, 1.0, -3.0]) @ w / 2
    g = jax.grad(saddle)(start)
    for most in (1, 2, 10):
        updates = step_of(jgd.optimizers.newton(max_cg_steps=most, linesearch=None), saddle, start)
        assert g @ updates < 0
    hill = lambda w: -w @ w
    np.testing.assert_allclose(step_of(jgd.optimizers.newton(linesearch=None), hill, start), 2 * start)  # −g


def test_conjugate_gradients_stop_at_the_tolerance(x64):
    A, start = matrix([1.0, 10.0, 100.0, 1000.0]), jnp.ones(4)
    loss = lambda w: w @ A @ w / 2
    left = lambda **options: float(
        jnp.linalg.norm(A @ (start + step_of(jgd.optimizers.newton(linesearch=None, **options), loss, start)))
    )
    first = float(jnp.linalg.norm(A @ start))
    assert 0.1 * first >= left(tolerance=0.1) > left(tolerance=1e-9)
    assert left(tolerance=1e-9) <= 1e-9 * first < left(tolerance=1e-9, max_cg_steps=2)


PERCEPTRON = jgd.models.MLP((3, 2, 2), "tanh")
GAUSS_NEWTON = {"learning_rate": 0.5, "damping": 0.3}


class TestGaussNewton:
    """Against the matrix Jᵀ L J itself, on a small perceptron with two classes and on a least-squares problem."""

    loss = jgd.SupervisedLoss(PERCEPTRON, "softmax_cross_entropy")

    def problem(self, dtype=None):
        rng = np.random.default_rng(0)
        inputs = jnp.asarray(rng.normal(size=(6, 3)), dtype or jnp.result_type(float))
        return PERCEPTRON.init(jgd.init_key(0), inputs.dtype), (inputs, jnp.array([0, 1, 0, 0, 1, 1]))

    def build(self, **options):
        options = {**GAUSS_NEWTON, "tolerance": 1e-13, "max_cg_steps": 40, "linesearch": None, **options}
        return jgd.optimizers.gauss_newton_cg(**options)

    def test_five_steps_are_those_of_the_matrix(self, x64):
        params, batch = self.problem()
        x, unflatten = ravel_pytree(params)
        inputs, labels = np.asarray(batch[0]), np.asarray(batch[1])
        outputs = lambda x: PERCEPTRON.predict(unflatten(x), inputs)
        progress = jgd.start(self.build(), params)
        step = jax.jit(lambda progress: jgd.step(self.loss, self.build(), progress, batch)[0])
        for _ in range(5):
            J = np.asarray(jax.jacobian(outputs)(x))
            chances = np.asarray(jax.nn.softmax(outputs(x)))
            g, B = 0.0, 0.3 * np.eye(x.size)
            for i, p in enumerate(chances):
                g = g + J[i].T @ (p - np.eye(2)[labels[i]]) / 6
                B = B + J[i].T @ (np.diag(p) - np.outer(p, p)) @ J[i] / 6
            x = x - 0.5 * np.linalg.solve(B, g)
            progress = step(progress)
            np.testing.assert_allclose(ravel_pytree(progress.params)[0], x, rtol=1e-9)

    def test_levenberg_marquardt_is_the_algorithm_and_refuses_what_rises(self, x64):
        """Algorithm 3.16 with the matrix, from where the first step, nearly undamped, overshoots."""
        params, batch = self.problem()
        params = jax.tree.map(lambda w: 6 * w, params)
        x, unflatten = ravel_pytree(params)
        outputs = jax.jit(lambda x: PERCEPTRON.predict(unflatten(x), batch[0]))
        F = jax.jit(lambda x: self.loss(unflatten(x), batch))
        g_of, J_of = jax.jit(jax.grad(F)), jax.jit(jax.jacobian(outputs))
        optimizer = jgd.optimizers.levenberg_marquardt(damping=1e-6, tolerance=1e-13, max_cg_steps=60)
        progress = jgd.start(optimizer, params)
        step = jax.jit(lambda progress: jgd.step(self.loss, optimizer, progress, batch)[0])
        x, mu, nu, taken = np.asarray(x), 1e-6, 2.0, []
        for _ in range(8):
            g, J, chances = np.asarray(g_of(x)), np.asarray(J_of(x)), np.asarray(jax.nn.softmax(outputs(x)))
            B = sum(J[i].T @ (np.diag(p) - np.outer(p, p)) @ J[i] / 6 for i, p in enumerate(chances))
            h = np.linalg.solve(B + mu * np.eye(x.size), -g)
            rho = float(F(x) - F(x + h)) / (h @ (mu * h - g) / 2)
            if rho > 0:
                x, mu, nu = x + h, mu * max(1 / 3, 1 - (2 * rho - 1) ** 3), 2.0
            else:
                mu, nu = mu * nu, 2 * nu
            taken.append(rho > 0)
            progress = step(progress)
            np.testing.assert_allclose(ravel_pytree(progress.params)[0], x, rtol=1e-5, atol=1e-7)
            np.testing.assert_allclose(progress.opt_state.inner[0].damping, mu, rtol=1e-5)
        assert set(taken) == {True, False}

    def test_on_one_vector_it_is_the_same(self, x64):
        params, batch = self.problem()
        flat = jgd.chain(jgd.transforms.Flatten(self.build().transform))
        ends = [
            jgd.step(self.loss, optimizer, jgd.start(optimizer, params), batch)[0] for optimizer in (flat, self.build())
        ]
        chex.assert_trees_all_close(ends[0].params, ends[1].params, rtol=1e-9)

    def test_its_numbers_are_data(self, x64):
        params, batch = self.problem()

        def end(hypers):
            batches = jax.tree.map(lambda x: jnp.stack([x] * 3), batch)
            return self.loss(jgd.rollout(self.loss, self.build(**hypers), params, batches)[0].params, batch)

        lanes = {name: value * jnp.array([1.0, 1.2]) for name, value in GAUSS_NEWTON.items()}
        together = jax.jit(jax.vmap(end))(lanes)
        np.testing.assert_allclose(together[0], end(GAUSS_NEWTON), rtol=1e-12)
        slopes = jax.grad(end)(GAUSS_NEWTON)
        for name, value in GAUSS_NEWTON.items():
            up, down = (end({**GAUSS_NEWTON, name: value + sign * 1e-5}) for sign in (1, -1))
            np.testing.assert_allclose(slopes[name], (up - down) / 2e-5, rtol=1e-6)

    @pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
    def test_low_precision(self, dtype):
        params, batch = self.problem(dtype)
        end, report = jgd.step(self.loss, self.build(), jgd.start(self.build(), params), batch)
        assert {leaf.dtype for leaf in jax.tree.leaves(end.params)} == {jnp.dtype(dtype)}
        assert float(self.loss(end.params, batch)) < float(report.loss)

    def test_on_some_leaves_it_is_the_matrix_of_those(self, x64):
        params, (inputs, _) = self.problem()
        batch = (inputs, jnp.square(inputs[:, :2]))
        squares = jgd.SupervisedLoss(PERCEPTRON, "squared_error")
        direction = self.build(damping=0.0, learning_rate=1.0).transform
        optimizer = jgd.transforms.partition({"0/*": jgd.transforms.Freeze(), "1/*": direction})
        end, _ = jgd.step(squares, optimizer, jgd.start(optimizer, params), batch)
        grads = jax.grad(squares)(end.params, batch)
        assert float(jnp.abs(grads[0]["weights"]).max()) > 1e-3
        assert max(float(jnp.abs(g).max()) for g in jax.tree.leaves(grads[1])) < 1e-9  # linear in the last layer

    def test_a_loss_without_outputs_is_refused(self):
        with pytest.raises(jgd.JgdError, match="gauss_newton_cg needs the loss as a function of a model's outputs"):
            run(self.build(), rosenbrock, jnp.ones(2), 1)


@pytest.mark.parametrize("distribution", ["normal", "rademacher"])
def test_sophias_estimate_is_the_hessians_diagonal_on_average(distribution, x64):
    A = matrix([1.0, 2.0, 3.0, 4.0])
    loss = lambda w: w["a"] @ A[:2, :2] @ w["a"] / 2 + w["a"] @ A[:2, 2:] @ w["b"] + w["b"] @ A[2:, 2:] @ w["b"] / 2
    start = {"a": jnp.ones(2), "b": jnp.ones(2)}
    optimizer = jgd.optimizers.sophia(0.1, b2=0.0, distribution=distribution)

    def estimate(key):
        state = jgd.start(optimizer, start, jax.random.wrap_key_data(key, impl="threefry2x32")).opt_state
        _, state = optimizer.update(jax.grad(loss)(start), state, start, loss=loss)
        return jnp.concatenate(jax.tree.leaves(state.inner[0].diagonal))

    keys = jax.vmap(lambda i: jnp.stack([i, i]))(jnp.arange(20_000, dtype=jnp.uint32))
    found = np.asarray(jax.jit(jax.vmap(estimate))(keys))
    error = found.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - np.diag(A)) < 5 * error).all()
    assert error.max() < 0.05


def test_sophias_steps_are_no_longer_than_the_clip_allows(x64):
    hill = lambda w: -jnp.sum(w**2)  # negative curvature: each coordinate goes by its sign
    updates = step_of(jgd.optimizers.sophia(0.1, weight_decay=0.0), hill, jnp.array([3.0, -1e-6]))
    np.testing.assert_allclose(updates, [0.1, -0.1])


def test_sam_goes_around_any_method_that_takes_a_gradient(x64):
    o = jgd.optimizers
    start = jnp.array([3.0, 4.0])
    bowl = lambda w: jnp.sum(jnp.array([1.0, 5.0]) * w**2) / 2
    plain, around = o.adam(0.1, eps=1.0), o.sam(o.adam(0.1, eps=1.0), rho=2.0)
    g = jax.grad(bowl)(start)
    there = jax.grad(bowl)(start + 2 * g / jnp.linalg.norm(g))
    want, _ = plain.update(there, plain.init(start), start)
    np.testing.assert_allclose(step_of(around, bowl, start), want)
    np.testing.assert_allclose(step_of(o.sam(o.adam(0.1), rho=0.0), bowl, start), step_of(o.adam(0.1), bowl, start))
    for taken in (o.nesterov(0.1), around):
        with pytest.raises(jgd.JgdError, match="must be first"):
            o.sam(taken)


def test_asam_does_not_see_how_the_weights_are_scaled(x64):
    """Weights A w that compute the same function get the same neighbors, so the gradient there is A⁻¹ times the old."""
    loss = lambda w: (w[0] * w[1] - 1) ** 2 + w[2] * w[3] + (w[2] * w[3]) ** 2
    start, A = jnp.array([0.5, 1.5, -1.0, 0.7]), jnp.array([10.0, 0.1, 0.2, 5.0])
    o = jgd.optimizers
    updates = lambda optimizer, w: step_of(optimizer, loss, w)
    adaptive, plain = o.asam(o.sgd(0.1), rho=0.3, eta=0.0), o.sam(o.sgd(0.1), rho=0.3)
    np.testing.assert_allclose(updates(adaptive, A * start), updates(adaptive, start) / A, rtol=1e-12)
    assert (abs(updates(plain, A * start) * A / updates(plain, start) - 1) > 0.05).any()
    with pytest.raises(jgd.JgdError, match="matches no leaf"):
        step_of(o.asam(o.sgd(0.1), unscaled=("bais",)), lambda w: loss(w["w"]), {"w": start})


class TestPrivacy:
    """Linear regression: one example's gradient is 2 (w x + b − y) (x, 1)."""

    loss = jgd.SupervisedLoss(jgd.models.Linear(2), "squared_error")

    def problem(self, dtype=None):
        rng = np.random.default_rng(0)
        inputs, targets = rng.normal(size=(8, 2)), rng.normal(size=8)
        targets[3] = 1e3  # an outlier
        params = {"bias": jnp.full((), 0.5, dtype), "weights": jnp.full(2, -0.5, dtype)}
        return params, (jnp.asarray(inputs, dtype), jnp.asarray(targets, dtype))

    def steps(self, optimizer, steps=4):
        params, batch = self.problem()
        batches = jax.tree.map(lambda x: jnp.stack([x] * steps), batch)
        return jgd.rollout(self.loss, optimizer, params, batches)[0]

    def test_without_noise_it_is_clipped_descent(self, x64):
        params, (x, y) = jax.tree.map(np.asarray, self.problem())
        w, b, v = params["weights"], params["bias"], 0.0
        for _ in range(4):
            g = 2 * (x @ w + b - y)[:, None] * np.concatenate([x, np.ones((8, 1))], axis=1)
            g = g / np.maximum(1, np.linalg.norm(g, axis=1, keepdims=True) / 1.5)
            v = 0.8 * v + g.sum(axis=0) / 8
            w, b = w - 0.1 * v[:2], b - 0.1 * v[2]
        end = self.steps(jgd.optimizers.dp_sgd(0.1, 1.5, 0.0, momentum=0.8)).params
        np.testing.assert_allclose(end["weights"], w, rtol=1e-12)
        np.testing.assert_allclose(end["bias"], b, rtol=1e-12)

    def test_the_noise_has_the_size_that_was_asked_for(self, x64):
        flat, rows = {"a": jnp.zeros(20_000), "b": jnp.zeros(20_000)}, jnp.zeros(4)
        loss = lambda w, rows: jnp.sum(0 * w["a"] + 0 * w["b"]) * jnp.sum(rows)
        optimizer = jgd.optimizers.dp_sgd(1.0, l2_norm_clip=3.0, noise_multiplier=2.0)

        def one(progress, _):
            before = progress.params
            progress, _ = jgd.step(loss, optimizer, progress, rows)
            return progress, jax.tree.map(lambda a, b: a - b, progress.params, before)

        drawn = jax.lax.scan(one, jgd.start(optimizer, flat), length=2)[1]
        drawn = np.concatenate([drawn["a"], drawn["b"]])
        np.testing.assert_allclose(drawn.std(axis=1), 2.0 * 3.0 / 4, rtol=0.02)
        assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.03  # of both leaves and both steps

    def test_its_numbers_are_data(self, x64):
        numbers = {"learning_rate": 0.1, "l2_norm_clip": 1.5, "noise_multiplier": 0.5, "momentum": 0.8}
        end = lambda hypers: jnp.sum(self.steps(jgd.optimizers.dp_sgd(**hypers)).params["weights"] ** 2)
        lanes = {name: value * jnp.array([1.0, 1.1]) for name, value in numbers.items()}
        together = jax.jit(jax.vmap(end))(lanes)
        np.testing.assert_allclose(together[0], end(numbers), rtol=1e-12)
        slopes = jax.jit(jax.grad(end))(numbers)
        for name, value in numbers.items():
            up, down = (end({**numbers, name: value + sign * 1e-6}) for sign in (1, -1))
            np.testing.assert_allclose(slopes[name], (up - down) / 2e-6, rtol=1e-6)

    @pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
    def test_dtypes_and_an_example_without_a_gradient(self, dtype):
        params, (x, y) = self.problem(dtype)
        x, y = x.at[0].set(0), y.at[0].set(params["bias"])
        optimizer = jgd.optimizers.dp_sgd(0.1, 1.0, 0.1)
        end, _ = jgd.step(self.loss, optimizer, jgd.start(optimizer, params), (x, y))
        assert {leaf.dtype for leaf in jax.tree.leaves(end.params)} == {jnp.dtype(dtype)}
        assert all(np.isfinite(np.asarray(leaf, np.float32)).all() for leaf in jax.tree.leaves(end.params))

    def test_it_refuses_a_gradient_without_its_examples(self):
        optimizer, w = jgd.optimizers.dp_sgd(0.1, 1.0, 0.0), jnp.ones(2)
        with pytest.raises(jgd.JgdError, match="dp_sgd needs the gradient of each example"):
            optimizer.update(w, optimizer.init(w), w, loss=lambda w: jnp.sum(w))


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda o: o.lbfgs(memory_size=0), "memory_size"),
        (lambda o: o.lbfgs(linesearch="zom"), "did you mean 'zoom'"),
        (lambda o: o.newton(max_cg_steps=0), "max_cg_steps"),
        (lambda o: o.sophia(0.1, update_every=0), "update_every"),
        (lambda o: o.sophia(0.1, distribution="uniform"), "distribution"),
        (lambda o: o.sophia(0.1, seed=-1), "seed"),
        (lambda o: o.dp_sgd(0.1, 1.0, 1.0, seed=2**40), "seed"),
        (lambda o: ZoomSearch(max_linesearch_steps=0), "max_linesearch_steps"),
    ],
)
def test_bad_structure_is_refused_by_name(build, said):
    with pytest.raises(jgd.JgdError, match=said):
        build(jgd.optimizers)


@pytest.mark.parametrize("count", [0, 3, 40])
def test_a_tree_is_joined_to_one_vector_and_cut_again(count, x64):
    shapes = [(), (2, 3), (0, 2), (4,)]
    leaves = {str(i): jnp.asarray(np.random.default_rng(i).normal(size=shapes[i % 4])) for i in range(count)}
    lanes = jax.tree.map(lambda x: jnp.stack([x, 2 * x]), leaves)
    back = jax.jit(lambda a: tree.unravel(tree.ravel(a), leaves))
    chex.assert_trees_all_equal(back(leaves), leaves)
    if count:
        chex.assert_trees_all_equal(jax.vmap(back)(lanes), lanes)
        slopes = jax.grad(lambda a: sum(jnp.sum(x**2) for x in jax.tree.leaves(back(a))))(leaves)
        jax.tree.map(lambda slope, x: np.testing.assert_array_equal(slope, 2 * x), slopes, leaves)


def test_the_many_leaves_of_a_shape_are_cut_by_one_kernel():
    many = {str(i): jnp.zeros((3, 4)) for i in range(40)}
    program = jax.jit(lambda v: tree.unravel(v, many)).lower(jnp.zeros(480)).compile().as_text()
    assert "dynamic-slice" in program  # else each place is a constant, and each slice is compiled for itself

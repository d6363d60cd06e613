"""What the papers of the matrix methods claim, and leaves that are stacks of matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem

import jgd
from jgd import optimizers
from jgd.optimizers import InLowRank
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.distributed_shampoo import ScaleByDistributedShampoo
from jgd.optimizers.kl_shampoo import ScaleByKlShampoo
from jgd.optimizers.mars import VarianceReduced
from jgd.optimizers.muon import Orthogonalize
from jgd.optimizers.newton_schulz import NAMED
from jgd.optimizers.psgd_kron import ScaleByKron
from jgd.optimizers.scion import OverRms, SignOfMatrix
from jgd.optimizers.shampoo import ScaleByShampoo
from jgd.optimizers.soap import ScaleBySoap
from jgd.optimizers.splus import ScaleBySplus
from jgd.transforms import Flatten, Noise
from jgd.transforms.kronecker import inverse_root

pytestmark = pytest.mark.slow  # the fast part runs what these stand on


def first_update(optimizer, grads, params=None):
    params = grads if params is None else params
    return optimizer.update(grads, optimizer.init(params), params)[0]


def random(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5)])
def test_muons_step_has_all_singular_values_near_one(shape):
    update = first_update(optimizers.muon(1.0, scale="none"), random(*shape))
    values = np.linalg.svd(update, compute_uv=False)
    assert values.min() > 0.65
    assert values.max() < 1.25
    u, _, vt = np.linalg.svd(random(*shape), full_matrices=False)
    assert np.sum(-update * (u @ vt)) > 0.9 * min(shape) ** 0.5 * np.linalg.norm(update)  # along U Vᵀ


@pytest.mark.parametrize(("name", "off"), [("dion", 0.03), ("polar_express", 0.145)])
def test_triples_that_change_end_nearer_to_one_than_a_triple(name, off):
    values = np.linalg.svd(
        first_update(optimizers.muon(1.0, scale="none", ns_coeffs=name), random(6, 4)), compute_uv=False
    )
    assert abs(values - 1).max() < off
    alone = first_update(optimizers.muon(0.1, ns_coeffs=[NAMED["standard"]] * 5), random(6, 4))
    np.testing.assert_allclose(alone, first_update(optimizers.muon(0.1), random(6, 4)), atol=1e-6)


def test_dion_is_the_authors_step_and_keeps_what_it_left_out(x64):
    """microsoft/dion's dion_update, whose weights are (out, in), on the Q that the state starts with."""
    optimizer, w = optimizers.dion(0.1, 2, momentum=0.8, eps=1e-3, weight_decay=0.5), problem.START["weights"]
    tree = lambda x: {"bias": jnp.zeros(1), "weights": jnp.asarray(x.T)}
    X, M, state = w.T, np.zeros(w.T.shape), optimizer.init(tree(w.T))
    Q = np.asarray(state.inner[0][0][0].right["weights"])[0]
    update = jax.jit(optimizer.update)
    still = update(tree(0 * X), state, tree(X))[0]["weights"]
    np.testing.assert_allclose(still, -0.05 * w)
    for t in range(3):
        G = problem.Slope("weights")(X.T, t).T
        updates, state = update(tree(G), state, tree(X))
        M = M + G
        P = np.linalg.qr(M @ Q)[0]
        R = M.T @ P
        M = M - (1 - 0.8) * P @ R.T
        Q = R / (np.linalg.norm(R, axis=0) + 1e-3)
        after = (1 - 0.1 * 0.5) * X - 0.1 * (X.shape[0] / X.shape[1]) ** 0.5 * P @ Q.T
        np.testing.assert_allclose(updates["weights"], (after - X).T, rtol=1e-10)
        X = after


def test_a_stack_of_matrices_is_as_many_matrices():
    stack = random(3, 4, 5)
    alone = jnp.stack([first_update(optimizers.muon(0.1), matrix) for matrix in stack])
    np.testing.assert_allclose(first_update(optimizers.muon(0.1), stack), alone, atol=1e-6)


def test_a_kernel_is_one_matrix_of_all_its_inputs():
    kernel = random(2, 3, 4, 5)
    flat = first_update(optimizers.muon(0.1), kernel.reshape(24, 5)).reshape(kernel.shape)
    np.testing.assert_allclose(first_update(optimizers.muon(0.1), kernel), flat, atol=1e-6)


def test_a_pattern_says_which_axes_are_a_matrix():
    heads, torchs = random(4, 2, 3), random(5, 4, 3, 2)
    grads = {"heads": heads, "torchs": torchs, "plain": random(4, 6)}
    muon = optimizers.muon(0.1, matrices={"heads": (0, (1, 2)), "torchs": (1, 0, (2, 3))})
    updates = first_update(muon, grads)
    plain = lambda matrix: first_update(optimizers.muon(0.1), matrix)
    np.testing.assert_allclose(updates["heads"], plain(heads.reshape(4, 6)).reshape(4, 2, 3), atol=1e-6)
    np.testing.assert_allclose(updates["torchs"], plain(torchs.reshape(5, 24).T).T.reshape(torchs.shape), atol=1e-6)
    np.testing.assert_allclose(updates["plain"], plain(grads["plain"]), atol=1e-6)
    with pytest.raises(jgd.JgdError, match="matches no leaf"):
        first_update(optimizers.muon(0.1, matrices={"haeds": (0, 1)}), grads)
    with pytest.raises(jgd.JgdError, match="different axes"):
        first_update(optimizers.muon(0.1, matrices={"heads": (0, -3)}), grads)


def test_embeddings_and_heads_go_to_adamw():
    grads = {"embed": random(4, 3), "block": random(3, 3), "head": random(3, 4)}
    updates = first_update(optimizers.muon(0.1, adam=("embed", "head"), adam_learning_rate=0.02, adam_eps=0.0), grads)
    for name in ("embed", "head"):
        np.testing.assert_allclose(updates[name], -0.02 * np.sign(grads[name]), rtol=1e-5)
    with pytest.raises(jgd.JgdError, match="matches no leaf"):
        first_update(optimizers.muon(0.1, adam="heads"), grads)


@pytest.mark.parametrize("eps", [0.0, 1e-7])
def test_muon_stands_still_at_zero_and_can_be_differentiated_there(eps):
    def moved(rate):
        params = {"dead": jnp.ones((3, 2)), "live": jnp.ones((2, 2))}
        grads = {"dead": jnp.zeros((3, 2)), "live": rate * jnp.ones((2, 2))}
        return first_update(optimizers.muon(rate, eps=eps), grads, params)

    np.testing.assert_array_equal(moved(0.1)["dead"], 0)
    slope = jax.grad(lambda rate: sum(jnp.sum(x**2) for x in jax.tree.leaves(moved(rate))))(0.1)
    assert np.isfinite(slope)


def test_scions_constrained_weights_stay_in_their_balls():
    """Spectral norm ≤ ρ √(out / in) in hidden layers, largest entry ≤ ρ / in in the last, whatever the gradients are."""
    optimizer = optimizers.scion(0.3, momentum=0.0, radius=2.0, last_radius=3.0, last_layers="head", first_layers="in")
    params = {"in": jnp.zeros((5, 4)), "hidden": jnp.zeros((4, 9)), "head": jnp.zeros((9, 2)), "bias": jnp.zeros(2)}

    def one(progress, seed):
        grads = jax.tree.map(lambda p: jax.random.normal(jax.random.key(seed), p.shape), progress[0])
        updates, state = optimizer.update(grads, progress[1], progress[0])
        params = jgd.apply_updates(progress[0], updates)
        return (params, state), params

    path = jax.lax.scan(one, (params, optimizer.init(params)), jnp.arange(40))[1]
    largest = {name: np.abs(leaf).max() for name, leaf in path.items()}
    assert 0.9 < largest["in"] < 1 + 1e-5
    assert 0.9 < largest["head"] / (3 / 9) < 1 + 1e-5
    assert largest["bias"] < 2 * 2**0.5
    spectral = np.linalg.norm(path["hidden"], ord=2, axis=(1, 2)).max()
    assert 0.3 < spectral / (2 * 1.5) < 1.21  # Newton–Schulz's singular values end below 1.21


def test_scion_divides_a_kernel_by_its_taps():
    kernel = random(3, 3, 4, 8)
    update = first_update(optimizers.scion(1.0, unconstrained=True), kernel)
    values = np.linalg.svd(update.reshape(36, 8), compute_uv=False) / (2**0.5 / 9)  # √(out / in) / taps
    assert 0.65 < values.min() < values.max() < 1.25


def test_a_head_may_have_axes_of_its_own():
    grads = {"head": random(2, 5), "hidden": random(3, 3)}
    layout = {"last_layers": "head", "matrices": {"head": (1, 0)}}
    updates = first_update(optimizers.scion(1.0, unconstrained=True, **layout), grads)
    np.testing.assert_allclose(updates["head"], -np.sign(grads["head"]) / 5, rtol=1e-6)


def test_shampoo_of_a_tensor_has_a_matrix_for_each_axis(x64):
    grads = jnp.asarray(np.random.default_rng(0).normal(size=(2, 3, 4)))
    update = first_update(optimizers.shampoo(1.0, eps=1e-3), grads)
    want = np.asarray(grads)
    for axis in range(3):
        flat = np.moveaxis(np.asarray(grads), axis, 0).reshape(grads.shape[axis], -1)
        values, vectors = np.linalg.eigh(flat @ flat.T + 1e-3 * np.eye(len(flat)))
        root = vectors @ np.diag(values ** (-1 / 6)) @ vectors.T
        want = np.moveaxis(np.tensordot(root, want, axes=(1, axis)), 0, axis)
    np.testing.assert_allclose(update, -want, rtol=1e-10)


def test_soap_merges_axes_and_takes_vectors(x64):
    """A kernel is the matrix of its merged axes, a vector a column, and a small matrix is a column too."""
    kernel, vector, small = random(2, 2, 3), random(3), random(1, 2)
    apart = {"kernel": kernel.reshape(4, 3), "vector": vector[:, None], "small": small.reshape(2, 1)}

    def third(optimizer, grads):
        state = optimizer.init(grads)
        for factor in (1.0, 0.5, 2.0):
            updates, state = optimizer.update(jax.tree.map(lambda g, f=factor: f * g + f**2, grads), state, grads)
        return updates

    numbers = {"update_every": 1, "max_precond_dim": 4, "eps": 1e-2}
    merged = optimizers.soap(0.1, **numbers, vectors=True, merge_dims=True)
    got = third(merged, {"kernel": kernel, "vector": vector, "small": small})
    for name, want in third(optimizers.soap(0.1, **numbers), apart).items():
        np.testing.assert_allclose(got[name], want.reshape(got[name].shape), rtol=1e-12)
    plain = third(optimizers.soap(0.1, **numbers), {"vector": vector})["vector"]
    assert abs(got["vector"] - plain).max() > 1e-3


def test_kl_shampoos_eigenvalues_have_a_floor():
    """1 / min(n, max_root)², and n counts as 10 at least; without gradients they would fall by b2 each step."""
    grads = jnp.zeros((2, 20))
    optimizer = optimizers.kl_shampoo(0.1, b2=0.1, max_root=15.0)
    state, update = optimizer.init(grads), jax.jit(optimizer.update)
    for _ in range(4):
        state = update(grads, state, grads)[1]
    floors = {leaf.shape: leaf for leaf in jax.tree.leaves(state) if leaf.shape in ((1, 2), (1, 20))}
    np.testing.assert_allclose(floors[1, 2], np.full((1, 2), 1 / 100), rtol=1e-6)
    np.testing.assert_allclose(floors[1, 20], np.full((1, 20), 1 / 225), rtol=1e-6)


def test_an_inverse_root_has_a_derivative_where_eigenvalues_are_equal(x64):
    direction = jnp.asarray([[1.0, 0.3, 0.0], [0.3, -0.5, 0.2], [0.0, 0.2, 0.7]])
    for start in (jnp.eye(3), jnp.diag(jnp.asarray([1.0, 1.0, 2.0])), jnp.diag(jnp.asarray([1.0, 1.0 + 1e-9, 2.0]))):
        along = lambda t, start=start: inverse_root((start + t * direction)[None], jnp.asarray(0.1), 0.25)[0]
        slope = jax.jacfwd(along)(0.0)
        np.testing.assert_allclose(slope, (along(1e-5) - along(-1e-5)) / 2e-5, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("name", ["soap", "shampoo"])
def test_the_step_turns_with_the_coordinates(name, x64):
    """Rotated rows and columns make rotated steps: what Adam can't, as its coordinates know no other."""
    rng = np.random.default_rng(0)
    left, right = (jnp.asarray(np.linalg.qr(rng.normal(size=(n, n)))[0]) for n in (4, 3))
    gradients = jnp.asarray(rng.normal(size=(6, 4, 3)))

    def end(gradients):
        optimizer, params = optimizers.get(name)(0.1), jnp.zeros((4, 3))
        one = lambda carry, g: (optimizer.update(g, carry[1], params), None)
        state = optimizer.init(params)
        return jax.lax.scan(one, (params, state), gradients)[0][0]

    np.testing.assert_allclose(end(left @ gradients @ right), left @ end(gradients) @ right, atol=1e-7)


def psgd_reference(w, gradient, noise, *, learning_rate, b1, weight_decay, rate, scale, clip, period, dense):
    """The reference's step for one matrix: inverses and the norm's bound spelled out, no balancing."""
    rows, columns = w.shape
    Q, R = scale**0.5 * np.eye(rows), scale**0.5 * np.eye(columns)
    m = np.zeros_like(w)

    def bound(S):
        top = np.abs(S).max()
        S = S / top
        i, j = (S**2).sum(0).argmax(), (S**2).sum(1).argmax()
        if (S**2).sum(0)[i] > (S**2).sum(1)[j]:
            x = S[:, i] @ S
            return top * np.linalg.norm(x / np.linalg.norm(x) @ S.T)
        x = S @ S[j]
        return top * np.linalg.norm(S.T @ (x / np.linalg.norm(x)))

    for t in range(problem.STEPS):
        m = b1 * m + (1 - b1) * gradient(w, t)
        M = m / (1 - b1 ** (t + 1))
        if t < dense or t % period == 0:
            A, B = Q @ M @ R.T, np.linalg.inv(Q).T @ noise(t) @ np.linalg.inv(R)
            left, right = (A @ A.T, B @ B.T), (A.T @ A, B.T @ B)
            Q, R = (
                q - rate / bound(plus + minus) * np.triu(plus - minus) @ q
                for q, (plus, minus) in ((Q, left), (R, right))
            )
        U = Q.T @ Q @ M @ R.T @ R
        U = U * min(1, clip / np.sqrt(np.mean(U**2)))  # _clip_update_rms of the authors' port
        w = w - learning_rate * (U + weight_decay * w)
        yield w


def test_psgd_kron_is_the_references_step_on_its_noise(x64):
    optimizer = optimizers.psgd_kron(
        0.05,
        0.8,
        weight_decay=0.1,
        preconditioner_lr=0.2,
        preconditioner_init_scale=1.3,
        clip_threshold=0.7,
        update_every=4,
        dense_steps=7,
        seed=3,
    )
    draw = lambda t: np.asarray(jax.random.normal(jax.random.fold_in(Noise.of(3).at(t), 0), (1, 2, 3)))[0]
    numbers = {"learning_rate": 0.05, "b1": 0.8, "weight_decay": 0.1, "rate": 0.2, "scale": 1.3, "clip": 0.7}
    want = list(psgd_reference(problem.START["weights"], problem.Slope("weights"), draw, **numbers, period=4, dense=7))
    alone = lambda params, noise: problem.loss({"weights": params}, {"weights": noise})
    one = lambda progress, noise: [jgd.step(alone, optimizer, progress, noise)[0]] * 2
    start = jgd.start(optimizer, problem.params()["weights"])
    path = jax.lax.scan(lambda p, n: tuple(one(p, n)), start, problem.noise()["weights"])[1].params
    np.testing.assert_allclose(path, want, rtol=1e-9)


def test_psgd_kron_whitens():
    """On gradients of very unequal size in both axes, the preconditioned ones become nearly equal in size."""
    size = jnp.outer(jnp.array([1.0, 10.0, 0.1]), jnp.array([0.3, 3.0]))
    grads = lambda t: size * jax.random.normal(jax.random.key(t), (3, 2))
    optimizer, params = optimizers.psgd_kron(1.0, b1=0.0, clip_threshold=None), jnp.zeros((3, 2))

    def one(state, t):
        updates, state = optimizer.update(grads(t), state, params)
        return state, updates

    updates = jax.lax.scan(one, optimizer.init(params), jnp.arange(600))[1]
    size = np.sqrt(np.mean(np.asarray(updates[400:]) ** 2, axis=0))
    assert size.max() / size.min() < 3  # the gradients' is 1000
    assert 0.5 < size.mean() < 2


def test_a_dead_leaf_does_not_ruin_psgd_kron():
    optimizer, params = optimizers.psgd_kron(0.1), {"dead": jnp.ones((2, 2)), "live": jnp.ones((2, 2))}
    grads = {"dead": jnp.zeros((2, 2)), "live": jnp.ones((2, 2))}
    one = lambda state, _: (optimizer.update(grads, state, params)[1], None)
    state = jax.lax.scan(one, optimizer.init(params), length=1500)[0]
    updates, _ = optimizer.update(grads, state, params)
    np.testing.assert_array_equal(updates["dead"], 0)
    assert np.isfinite(updates["live"]).all()


def test_galore_keeps_moments_of_low_rank_only():
    params = {"tall": jnp.ones((9, 4)), "wide": jnp.ones((3, 8)), "stack": jnp.ones((2, 3, 8)), "bias": jnp.ones(5)}
    state = optimizers.galore(0.1, rank=2).init(params)
    low, whole = state.inner[0]
    assert sorted(x.shape for x in low.bases) == [(1, 1, 3, 2), (1, 1, 4, 2), (1, 2, 3, 2)]
    assert sorted(x.shape for x in low.inner.mean.total) == [(1, 1, 2, 8), (1, 1, 9, 2), (1, 2, 2, 8)]
    assert [x.shape for x in jax.tree.leaves(whole.mean.total)] == [(5,)]
    updates = first_update(optimizers.galore(0.1, rank=2), {"tall": random(9, 4), "bias": random(5)})
    assert np.linalg.matrix_rank(updates["tall"], tol=1e-5) == 2


def test_exact_mars_looks_at_all_parameters_of_the_step_before(x64):
    """Where leaves share a loss, g' must be taken with every leaf at its old place, not one group at a time."""
    loss = lambda p: jnp.sum(p["matrix"] ** 2) * p["number"] ** 2 / 8
    number = {"gamma": 0.5, "b1": 0.5, "max_norm": 1e9, "eps": 0.0, "b2": 0.0}
    optimizer = optimizers.mars(0.1, **number, exact=True, form="adamw")
    first = {"matrix": jnp.ones((1, 1)), "number": jnp.asarray(2.0)}
    state = optimizer.init(first)
    updates, state = optimizer.update(jax.grad(loss)(first), state, first, loss=loss)
    second = jgd.apply_updates(first, updates)
    now, old = jax.grad(loss)(second), jax.grad(loss)(first)
    _, state = optimizer.update(now, state, second, loss=loss)
    c = now["matrix"] + 0.5 * (now["matrix"] - old["matrix"])
    moments = state.inner[1][0][0]
    np.testing.assert_allclose(moments.mean.total["matrix"], 0.25 * old["matrix"] + 0.5 * c, rtol=1e-12)


@pytest.mark.parametrize(
    "transform",
    [
        Orthogonalize(1e-7),
        SignOfMatrix(True),
        OverRms(1e-8),
        ScaleByShampoo(1e-4),
        ScaleByDistributedShampoo(0.9, 0.99, 1e-4, 1e-8),
        ScaleBySoap(0.9, 0.9, 0.9, 1e-8, 0.0),
        ScaleBySplus(0.9, 0.9),
        ScaleByKlShampoo(0.9, 0.9, 1e-8, 0.1, 4000.0),
        ScaleByKron(0.1, 1.0),
        InLowRank(ScaleByAdam(0.9, 0.999, 1e-8), 0.25),
        VarianceReduced(0.025, 0.95, 1.0),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_a_matrix_method_is_refused_where_leaves_are_made_one_vector(transform):
    with pytest.raises(jgd.JgdError, match=f"{type(transform).__name__} does"):
        Flatten(transform)

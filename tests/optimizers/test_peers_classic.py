"""The classical, layerwise, sign-based and low-state methods beside torch and optax.

optax has η inside the velocity of `rmsprop`, which agrees while η is constant. Its `lars` divides by ‖g + β θ‖, the
paper by ‖g‖ + β ‖θ‖; `momo` and `momo_adam` differ in the weight decay, `polyak_sgd` in the scaling. `adafactor`: see
its file; optax's decay is not multiplied by the rate, torch's is. `FLOAT32`: their rates are computed in float32.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.peers import optaxs, ours, same, torchs

import jgd

o = jgd.optimizers
FLOAT32 = {"adafactor": 1e-6, "asgd": 1e-6, "madgrad": 1e-5}
RMS = {"decay": 0.8, "eps": 1e-3, "centered": True, "momentum": 0.7}
TORCH = {
    "sgd": (
        lambda: o.sgd(0.02, momentum=0.8, dampening=0.3),
        lambda optim, params: optim.SGD(params, lr=0.02, momentum=0.8, dampening=0.3),
    ),
    "rmsprop": (
        lambda: o.rmsprop(0.02, **RMS, eps_in_sqrt=False),
        lambda optim, params: optim.RMSprop(params, lr=0.02, alpha=0.8, eps=1e-3, centered=True, momentum=0.7),
    ),
    "adafactor": (
        lambda: o.adafactor(0.05, min_dim_size_to_factor=1, last_axes=True, weight_decay=0.1),
        lambda optim, params: optim.Adafactor(params, lr=0.05, weight_decay=0.1),
    ),
}
OPTAX = {
    "rmsprop": (
        lambda: o.rmsprop(0.02, **RMS, initial_scale=0.1, nesterov=True),
        lambda optax: optax.rmsprop(0.02, **RMS, initial_scale=0.1, nesterov=True),
    ),
    "rmsprop, corrected": (
        lambda: o.rmsprop(0.02, **{**RMS, "eps": 0.1}, bias_correction=True),
        lambda optax: optax.rmsprop(0.02, **{**RMS, "eps": 0.1}, bias_correction=True),
    ),
    "adafactor": (
        lambda: o.adafactor(
            0.05, min_dim_size_to_factor=2, decay_rate=0.7, clip_threshold=0.8, momentum=0.7, relative_step=False
        ),
        lambda optax: optax.adafactor(0.05, 2, 0.7, clipping_threshold=0.8, momentum=0.7),
    ),
    "lamb": (
        lambda: o.lamb(0.05, b1=0.8, b2=0.95, eps=1e-3, weight_decay=0.1),
        lambda optax: optax.lamb(0.05, b1=0.8, b2=0.95, eps=1e-3, weight_decay=0.1),
    ),
    "lars": (
        lambda: o.lars(0.3, 0.7, weight_decay=0.1, trust_coefficient=0.1, eps=1e-3, nesterov=True, joint_norm=True),
        lambda optax: optax.lars(0.3, weight_decay=0.1, trust_coefficient=0.1, eps=1e-3, momentum=0.7, nesterov=True),
    ),
    "lion": (
        lambda: o.lion(0.02, b1=0.8, b2=0.9, weight_decay=0.1),
        lambda optax: optax.lion(0.02, b1=0.8, b2=0.9, weight_decay=0.1),
    ),
}

STEP_SIZES = {"eta_minus": 0.5, "eta_plus": 1.2}
TORCH["rprop"] = (
    lambda: o.rprop(0.05, **STEP_SIZES, min_step_size=0.03, max_step_size=0.07),
    lambda optim, params: optim.Rprop(params, lr=0.05, etas=(0.5, 1.2), step_sizes=(0.03, 0.07)),
)
OPTAX["sign_sgd"] = (lambda: o.sign_sgd(0.02), lambda optax: optax.sign_sgd(0.02))
OPTAX["optimistic_gradient_descent"] = (
    lambda: o.optimistic_gradient_descent(0.05, alpha=0.8, beta=0.6),
    lambda optax: optax.optimistic_gradient_descent(0.05, alpha=0.8, beta=0.6),
)
TORCH["asgd"] = (
    lambda: o.asgd(0.05, lambd=0.1, t0=5),
    lambda optim, params: optim.ASGD(params, lr=0.05, lambd=0.1, t0=5),
)
MOMO = {"lower_bound": -3.0, "adapt_lower_bound": True}
OPTAX["fromage"] = (lambda: o.fromage(0.1), lambda optax: optax.fromage(0.1))
OPTAX["novograd"] = (
    lambda: o.novograd(0.05, 0.8, 0.95, 1e-3, weight_decay=0.1),
    lambda optax: optax.novograd(0.05, 0.8, 0.95, 1e-3, weight_decay=0.1),
)
OPTAX["madgrad"] = (
    lambda: o.madgrad(0.05 + 1e-3, 0.7, 1e-3, weight_decay=0.1),
    lambda optax: optax.contrib.madgrad(0.05, 0.7, 0.1, 1e-3),
)
WITH_VALUE = {
    "momo": (
        lambda: o.momo(0.15, 0.7, **MOMO),
        lambda optax: optax.contrib.momo(0.15, 0.7, **MOMO),
    ),
    "momo_adam": (
        lambda: o.momo_adam(0.15, 0.7, 0.95, 1e-3, **MOMO),
        lambda optax: optax.contrib.momo_adam(0.15, 0.7, 0.95, 1e-3, **MOMO),
    ),
    "polyak_sgd": (
        lambda: o.polyak_sgd(0.4, f_min=-3.0, eps=0.1),
        lambda optax: optax.polyak_sgd(0.4, f_min=-3.0, eps=0.1),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), TORCH.values(), ids=TORCH)
def test_as_in_torch(make, theirs, x64, request):
    torch = pytest.importorskip("torch")
    rtol = FLOAT32.get(request.node.callspec.id, 1e-10)
    same(ours(make()), torchs(lambda params: theirs(torch.optim, params)), rtol)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), OPTAX.values(), ids=OPTAX)
def test_as_in_optax(make, theirs, x64, request):
    rtol = FLOAT32.get(request.node.callspec.id, 1e-10)
    same(ours(make()), optaxs(theirs(pytest.importorskip("optax"))), rtol)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), WITH_VALUE.values(), ids=WITH_VALUE)
def test_as_in_optax_given_the_loss(make, theirs, x64):
    same(ours(make()), optaxs(theirs(pytest.importorskip("optax")), with_value=True))


@pytest.mark.slow
def test_sm3_covers_a_kernel_as_optax_does(x64):
    """optax's refuses scalars, such as the table's bias."""
    optax = pytest.importorskip("optax")
    rng = np.random.default_rng(0)
    params = {"kernel": rng.normal(size=(2, 3, 4)), "bias": rng.normal(size=5)}
    params = ours_params = theirs_params = {name: jnp.asarray(leaf) for name, leaf in params.items()}
    optimizer, theirs = o.sm3(0.1, 0.7, eps=1e-8), optax.sm3(0.1, 0.7)
    state, their_state = optimizer.init(params), theirs.init(params)
    for _ in range(4):
        grads = {name: jnp.asarray(rng.normal(size=leaf.shape)) for name, leaf in params.items()}
        updates, state = optimizer.update(grads, state, ours_params)
        ours_params = jgd.apply_updates(ours_params, updates)
        with jax.numpy_dtype_promotion("standard"):
            updates, their_state = theirs.update(grads, their_state, theirs_params)
        theirs_params = jgd.apply_updates(theirs_params, updates)
    for name, leaf in ours_params.items():
        np.testing.assert_allclose(leaf, theirs_params[name], rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 3, 5, 4)], ids=str)
def test_adafactor_factors_a_kernel_as_optax_and_torch_do(shape, x64):
    optax, torch = pytest.importorskip("optax"), pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    start, slopes = rng.normal(size=shape), rng.normal(size=(3, *shape))

    def walk(optimizer):
        params, state = jnp.asarray(start), optimizer.init(jnp.asarray(start))
        for g in slopes:
            updates, state = optimizer.update(jnp.asarray(g), state, params)
            params = params + updates
        return params

    with jax.numpy_dtype_promotion("standard"):
        largest = walk(optax.adafactor(0.05, 3))
    np.testing.assert_allclose(
        walk(o.adafactor(0.05, min_dim_size_to_factor=3, relative_step=False)), largest, rtol=1e-6, atol=1e-8
    )
    weights = torch.nn.Parameter(torch.tensor(start))
    theirs = torch.optim.Adafactor([weights], lr=0.05)
    for g in slopes:
        weights.grad = torch.tensor(g)
        theirs.step()
    np.testing.assert_allclose(
        walk(o.adafactor(0.05, min_dim_size_to_factor=1, last_axes=True)), weights.detach().numpy(), rtol=1e-10
    )

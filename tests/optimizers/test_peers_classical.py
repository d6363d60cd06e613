"""The first family beside torch and optax."""

import pytest
from helpers.peers import optaxs, ours, same, torchs

import jgd

TORCH_CLASSICAL = {
    "sgd": (
        lambda: jgd.optimizers.sgd(0.02, momentum=0.8, nesterov=True),
        lambda optim, params: optim.SGD(params, lr=0.02, momentum=0.8, nesterov=True),
    ),
    "adamw": (
        lambda: jgd.optimizers.adamw(0.05, b1=0.8, b2=0.95, eps=1e-3, weight_decay=0.1),
        lambda optim, params: optim.AdamW(params, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), TORCH_CLASSICAL.values(), ids=TORCH_CLASSICAL)
def test_classical_as_in_torch(make, theirs, x64):
    torch = pytest.importorskip("torch")
    same(ours(make()), torchs(lambda params: theirs(torch.optim, params)))


OPTAX_CLASSICAL = {
    "adam": (
        lambda: jgd.optimizers.adam(0.05, b1=0.8, b2=0.95, eps=1e-3),
        lambda optax: optax.adam(0.05, b1=0.8, b2=0.95, eps=1e-3),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), OPTAX_CLASSICAL.values(), ids=OPTAX_CLASSICAL)
def test_classical_as_in_optax(make, theirs, x64):
    same(ours(make()), optaxs(theirs(pytest.importorskip("optax"))))

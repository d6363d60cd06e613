"""The matrix methods beside torch and optax.

muon: torch has its weights as (out, in) and iterates in bfloat16, which is taken away from it here; it takes matrices
only. optax's scale is ours (it also has its inputs first); its vectors get Nesterov's Adam where its matrices get
Nesterov's momentum, so the vectors are compared without.

galore: optax projects the longer side, and takes its singular vectors in float32.
"""

import pytest
from helpers.peers import optaxs, ours, same, torchs

import jgd


def weights(path):
    return {"weights": path["weights"]}


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["original", "match_rms_adamw"])
@pytest.mark.parametrize("nesterov", [True, False])
def test_muon_as_in_torch(nesterov, scale, x64, monkeypatch):
    torch = pytest.importorskip("torch", minversion="2.9")
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    numbers = {"eps": 0.0, "weight_decay": 0.1, "nesterov": nesterov}
    mine = ours(jgd.optimizers.muon(0.05, 0.8, **numbers, scale=scale, matrices={"*": (1, 0)}))
    matrices = lambda params: [leaf for leaf in params if leaf.ndim == 2]
    theirs = torchs(
        lambda params: torch.optim.Muon(matrices(params), lr=0.05, momentum=0.8, **numbers, adjust_lr_fn=scale)
    )
    same(weights(mine), weights(theirs))


@pytest.mark.slow
@pytest.mark.parametrize("nesterov", [True, False])
def test_muon_as_in_optax(nesterov, x64):
    contrib = pytest.importorskip("optax.contrib")
    same_names = {"eps": 1e-3, "weight_decay": 0.1, "nesterov": nesterov, "adam_b1": 0.8, "adam_learning_rate": 0.04}
    mine = ours(jgd.optimizers.muon(0.05, 0.8, **same_names, bias_correction=True, adam_eps=1e-3))
    theirs = optaxs(contrib.muon(0.05, beta=0.8, **same_names, adam_b2=0.95))
    same(*map(weights, (mine, theirs)) if nesterov else (mine, theirs))


@pytest.mark.slow
def test_galore_as_in_optax(x64):
    optax = pytest.importorskip("optax")
    mine = ours(jgd.optimizers.galore(0.05, 1, scale=0.7, b1=0.8, b2=0.9, eps=1e-3, weight_decay=0.1, side="long"))
    adam = optax.scale_by_adam(0.8, 0.9, 1e-3)
    theirs = optax.contrib.galore(0.05, rank=1, scale=0.7, base_optimizer=adam, weight_decay=0.1)
    same(weights(mine), weights(optaxs(theirs)), rtol=1e-5)

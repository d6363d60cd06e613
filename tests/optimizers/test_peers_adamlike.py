"""Adam's family beside torch and optax.

Where peers differ from the paper or from each other, the setting that follows each is compared with it:
  adamax    both add eps to |g|; the paper has none
  nadam     torch keeps b1 in m where Dozat has μ_t; optax has no momentum schedule at all (`nadam_simplified`)
  amsgrad   torch corrects the maximum, optax takes the maximum of corrected moments, the paper corrects nothing
  radam     eps beside the uncorrected root in torch, beside the corrected one in optax
  acprop    optax centers the gradient on the mean before it, the paper on the mean with it
  yogi      optax starts m, too, at 1e-6
  adan      optax has 1 − b2 where the paper and its code have b2: compared at 0.5, where they meet, without its eps_root
"""

import pytest
from helpers.peers import optaxs, ours, same, torchs

from jgd import optimizers

BETAS = {"b1": 0.8, "b2": 0.95}
MOMENTS = {**BETAS, "eps": 1e-3}
DECAYED = {**MOMENTS, "weight_decay": 0.1}
TORCH = {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-3}

AS_TORCH = {
    "adam": (lambda: optimizers.adam(0.05, **MOMENTS), lambda optim, params: optim.Adam(params, **TORCH)),
    "adamax": (
        lambda: optimizers.adamax(0.05, **MOMENTS),
        lambda optim, params: optim.Adamax(params, **TORCH),
    ),
    "nadam": (
        lambda: optimizers.nadam(0.05, **MOMENTS, momentum_decay=0.02),
        lambda optim, params: optim.NAdam(params, **TORCH, momentum_decay=0.02),
    ),
    "nadamw": (
        lambda: optimizers.nadamw(0.05, **DECAYED),
        lambda optim, params: optim.NAdam(params, **TORCH, weight_decay=0.1, decoupled_weight_decay=True),
    ),
    "amsgrad": (
        lambda: optimizers.amsgrad(0.05, **MOMENTS),
        lambda optim, params: optim.Adam(params, **TORCH, amsgrad=True),
    ),
    "radam": (lambda: optimizers.radam(0.05, **MOMENTS), lambda optim, params: optim.RAdam(params, **TORCH)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), AS_TORCH.values(), ids=AS_TORCH)
def test_as_in_torch(make, theirs, x64):
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # else its nadam multiplies its momenta up in float32
    try:
        want = torchs(lambda params: theirs(torch.optim, params))
    finally:
        torch.set_default_dtype(before)
    same(ours(make()), want)


AS_OPTAX = {
    "adam": (
        lambda: optimizers.adam(0.05, **MOMENTS, eps_root=1e-3),
        lambda optax: optax.adam(0.05, **MOMENTS, eps_root=1e-3),
    ),
    "adamw-nesterov": (
        lambda: optimizers.adamw(0.05, **DECAYED, nesterov=True),
        lambda optax: optax.adamw(0.05, **DECAYED, nesterov=True),
    ),
    "adamax": (lambda: optimizers.adamax(0.05, **MOMENTS), lambda optax: optax.adamax(0.05, **MOMENTS)),
    "adamaxw": (lambda: optimizers.adamaxw(0.05, **DECAYED), lambda optax: optax.adamaxw(0.05, **DECAYED)),
    "nadam_simplified": (
        lambda: optimizers.nadam_simplified(0.05, **MOMENTS, eps_root=1e-3),
        lambda optax: optax.nadam(0.05, **MOMENTS, eps_root=1e-3),
    ),
    "nadamw_simplified": (
        lambda: optimizers.nadamw_simplified(0.05, **DECAYED),
        lambda optax: optax.nadamw(0.05, **DECAYED),
    ),
    "amsgrad-before": (
        lambda: optimizers.amsgrad(0.05, **MOMENTS, bias_correction="before"),
        lambda optax: optax.amsgrad(0.05, **MOMENTS),
    ),
    "amsgrad-none": (
        lambda: optimizers.amsgrad(0.05, **MOMENTS, bias_correction="none"),
        lambda optax: optax.amsgrad(0.05, **MOMENTS, bias_correction_mu=False, bias_correction_nu=False),
    ),
    "radam": (
        lambda: optimizers.radam(0.05, **MOMENTS, threshold=6.0, eps_after_correction=True),
        lambda optax: optax.radam(0.05, **MOMENTS, threshold=6.0),
    ),
    "adabelief": (
        lambda: optimizers.adabelief(0.05, **MOMENTS, eps_root=1e-3),
        lambda optax: optax.adabelief(0.05, **MOMENTS, eps_root=1e-3),
    ),
    "acprop": (
        lambda: optimizers.acprop(0.05, **MOMENTS, eps_root=1e-3, centered_on_previous=True),
        lambda optax: optax.contrib.acprop(0.05, **MOMENTS, eps_root=1e-3),
    ),
    "yogi": (
        lambda: optimizers.yogi(0.05, **MOMENTS, initial_mean=1e-6),
        lambda optax: optax.yogi(0.05, **MOMENTS),
    ),
    "adan": (
        lambda: optimizers.adan(0.05, 0.8, 0.5, 0.9, 1e-3, weight_decay=0.1, proximal=False),
        lambda optax: optax.adan(0.05, 0.8, 0.5, 0.9, 1e-3, eps_root=0.0, weight_decay=0.1),
    ),
    "adopt": (
        lambda: optimizers.adopt(0.05, **BETAS, eps=0.5),
        lambda optax: optax.contrib.adopt(0.05, **BETAS, eps=0.5),
    ),
    "ademamix": (
        lambda: optimizers.ademamix(0.05, **DECAYED, b3=0.9, alpha=2.0),
        lambda optax: optax.contrib.ademamix(0.05, **DECAYED, b3=0.9, alpha=2.0),
    ),
    "simplified_ademamix": (
        lambda: optimizers.simplified_ademamix(0.01, **DECAYED, alpha=2.0),
        lambda optax: optax.contrib.simplified_ademamix(0.01, **DECAYED, alpha=2.0),
    ),
    "adopt-unclipped": (
        lambda: optimizers.adopt(0.05, **BETAS, eps=0.5, use_clipping=False),
        lambda optax: optax.contrib.adopt(0.05, **BETAS, eps=0.5, use_clipping=False),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), AS_OPTAX.values(), ids=AS_OPTAX)
def test_as_in_optax(make, theirs, x64):
    same(ours(make()), optaxs(theirs(pytest.importorskip("optax"))))

"""Schedule-free and learning-rate-free methods beside optax.contrib.

schedule_free: optax's warm-up starts at a rate of 0 and its weights are one step ahead of its rates, so it is compared
without one; its b1 must not be 0.
prodigy, dadapt_adamw: optax always corrects the bias.
mechanic: optax calls it mechanize.
"""

import pytest
from helpers.peers import optaxs, ours, same

import jgd

OPTAX_FREE = {
    "schedule_free": (
        lambda: jgd.optimizers.schedule_free(jgd.optimizers.rmsprop(0.05, decay=0.9), b1=0.8),
        lambda optax: optax.contrib.schedule_free(optax.rmsprop(0.05, decay=0.9), 0.05, b1=0.8),
    ),
    "schedule_free_sgd": (
        lambda: jgd.optimizers.schedule_free_sgd(0.05, b1=0.8, weight_decay=0.1, weight_lr_power=1.5),
        lambda optax: optax.contrib.schedule_free_sgd(0.05, b1=0.8, weight_decay=0.1, weight_lr_power=1.5),
    ),
    "schedule_free_adamw": (
        lambda: jgd.optimizers.schedule_free_adamw(0.05, b1=0.8, b2=0.95, eps=1e-3, weight_decay=0.1),
        lambda optax: optax.contrib.schedule_free_adamw(0.05, b1=0.8, b2=0.95, eps=1e-3, weight_decay=0.1),
    ),
    "prodigy": (
        lambda: jgd.optimizers.prodigy(
            0.9, b1=0.8, b2=0.9, eps=1e-3, d0=0.01, d_coef=0.8, weight_decay=0.1, bias_correction=True
        ),
        lambda optax: optax.contrib.prodigy(
            0.9, betas=(0.8, 0.9), eps=1e-3, estim_lr0=0.01, estim_lr_coef=0.8, weight_decay=0.1
        ),
    ),
    "dadapt_adamw": (
        lambda: jgd.optimizers.dadapt_adamw(
            0.9, b1=0.8, b2=0.9, eps=1e-3, d0=0.01, weight_decay=0.1, bias_correction=True
        ),
        lambda optax: optax.contrib.dadapt_adamw(0.9, betas=(0.8, 0.9), eps=1e-3, estim_lr0=0.01, weight_decay=0.1),
    ),
    **{
        f"dog-{kind}": (
            lambda kind=kind: jgd.optimizers.dog(0.9, init_step=0.05, eps=1e-3, weight_decay=0.1, init_step_kind=kind),
            lambda optax, kind=kind: optax.contrib.dog(0.9, (kind, 0.05), eps=1e-3, weight_decay=0.1),
        )
        for kind in ("heuristic", "distance", "learning_rate")
    },
    "dowg": (
        lambda: jgd.optimizers.dowg(0.9, init_estim_sq_dist=0.01, eps=1e-3, weight_decay=0.1),
        lambda optax: optax.contrib.dowg(0.9, 0.01, eps=1e-3, weight_decay=0.1),
    ),
    "cocob": (
        lambda: jgd.optimizers.cocob(alpha=20.0, eps=0.5, weight_decay=0.1),
        lambda optax: optax.contrib.cocob(alpha=20.0, eps=0.5, weight_decay=0.1),
    ),
    "mechanic": (
        lambda: jgd.optimizers.mechanic(jgd.optimizers.sgd(0.1, momentum=0.5), s_init=0.1),
        lambda optax: optax.contrib.mechanize(optax.sgd(0.1, momentum=0.5), s_init=0.1),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), OPTAX_FREE.values(), ids=OPTAX_FREE)
def test_free_as_in_optax(make, theirs, x64):
    same(ours(make()), optaxs(theirs(pytest.importorskip("optax"))))

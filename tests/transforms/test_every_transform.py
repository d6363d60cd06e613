"""What is asked of every transform: its numbers are data, its state is fixed, any tree and any dtype descends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.catalog import EACH

import jgd
from jgd.testing import CHECKS, trees

pytestmark = [pytest.mark.slow, pytest.mark.sampled(12)]  # the fast part runs what these stand on

OFTEN = [
    "abstract init",
    "one structure",
    "nothing aliases",
    "any tree",
    "dtypes",
    "mixed dtypes",
    "one program",
    "vmapped like looped",
    "scheduled",
]
STRONGER = {"differentiable"}  # below, compared with finite differences
RARELY = [check for check in CHECKS if check not in {*OFTEN, *STRONGER}]  # they follow from the others, more or less


@pytest.mark.parametrize("check", OFTEN)
@pytest.mark.parametrize("case", EACH)
def test_a_case_passes(case, check):
    if (case.name, check) == ("Flatten", "mixed dtypes"):
        pytest.skip("one vector has one dtype")
    CHECKS[check](case.subject)


@pytest.mark.sampled(10)
@pytest.mark.parametrize("check", RARELY)
@pytest.mark.parametrize("case", EACH)
def test_a_case_passes_the_rest(case, check):
    CHECKS[check](case.subject)


@pytest.mark.parametrize("tree", [(), np.ones(())], ids=["empty", "0-d"])
@pytest.mark.parametrize("case", EACH)
def test_a_whole_tree_may_be_one_leaf_or_none(case, tree):
    trees.descends(case.subject, tree)


@pytest.mark.slow
@pytest.mark.parametrize("case", EACH)
def test_hypergradients_are_finite_and_true(case, x64):
    def final(hypers):
        """The loss of what is deployed; "dead" never sees a gradient."""
        params = {**ground.params(), "dead": jnp.zeros(3)}
        optimizer = case.build(**hypers)
        end = jgd.rollout(ground.loss, optimizer, params, ground.noise(6))[0]
        return ground.loss(
            optimizer.eval_params(end.opt_state, end.params), jax.tree.map(lambda n: n[-1], ground.noise())
        )

    final = jax.jit(final)
    slopes = jax.jit(jax.grad(final))(case.hypers)
    for name, value in case.hypers.items():
        assert np.isfinite(slopes[name]), name
        if case.smooth:
            reach = 1e-5 * value
            up, down = (float(final({**case.hypers, name: value + sign * reach})) for sign in (1, -1))
            np.testing.assert_allclose(slopes[name], (up - down) / (2 * reach), rtol=1e-6, atol=1e-9, err_msg=name)

"""What derivatives cost: ratios that do not depend on the number of parameters."""

import jax
import jax.numpy as jnp
import pytest

import jgd
from jgd.models import MLP
from jgd.teaching import costs


@pytest.fixture(autouse=True)
def double(x64):
    return None


@pytest.mark.slow
def test_a_gradient_costs_a_few_forwards_and_a_hessian_d_gradients():
    table = costs.cost_table((8, 32, 128))
    for row in table.rows:
        assert 1.5 < row.gradient / row.forward <= 5
        assert 0.8 < row.product / row.gradient < 3
        assert 0.8 * row.d < row.hessian / row.gradient < 1.3 * row.d
    text = str(table).splitlines()
    assert len(text) == 5
    assert text[0].endswith("H/grad")
    assert table.to_dict()["d"] == [8, 32, 128]

    def perceptron(width):
        model = MLP((8, width, width, 3), "tanh")
        batch = (jnp.ones((64, 8)), jnp.zeros((64, 3)))
        return jgd.SupervisedLoss(model, "squared_error"), model.init(jax.random.key(0), jnp.float64), batch

    for row in costs.cost_table((4, 8), perceptron).rows:
        assert 2 < row.gradient / row.forward <= 5
        assert row.product / row.gradient < 3
        assert row.hessian / row.gradient > row.d
    unseen = costs.cost(lambda w, batch: jnp.sum(w**2), jnp.ones(20_000), None)
    assert unseen.hessian is None
    assert "too large" in str(costs.CostTable((unseen,)))


def test_a_loss_without_operations_has_no_ratio():
    with pytest.raises(jgd.JgdError, match="no floating-point operation in this loss"):
        costs.cost(lambda w, b: w[0], jnp.ones(3), None)

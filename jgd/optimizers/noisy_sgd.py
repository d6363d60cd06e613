"""Noisy SGD: gradient descent with Gaussian noise that dies out.

θ ← θ − α (g + n),  n ~ N(0, η / (1 + t)^γ),  t = 0, 1, …

Source: Neelakantan et al. 2015, arXiv:1511.06807, equation 1; γ = 0.55 and η among 0.01, 0.3 and 1 are the paper's.
η / (1 + t)^γ is the variance. The noise is a pure function of the seed, the step and the place in the tree.
"""

from jgd.core.optimizer import Optimizer, chain
from jgd.core.spellings import builder
from jgd.core.types import Scalar
from jgd.transforms import AddNoise, ScaleByLearningRate


@builder
def noisy_sgd(
    learning_rate: Scalar,
    eta: Scalar = 0.01,
    gamma: Scalar = 0.55,
    *,
    seed: int = 0,
) -> Optimizer:
    """Noisy SGD: θ ← θ − α (g + n), n ~ N(0, η / (1 + t)^γ).

    Args:
        learning_rate: α > 0, a number or a schedule.
        eta: ≥ 0, the variance of the first noise. Default: 0.01.
        gamma: ≥ 0, the power of its fall. Default: 0.55.
        seed: Seed of the noise, a whole number; structure. `jgd.train` and `jgd.sweep` mix the run's own in. Default:
            0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = noisy_sgd(0.1, eta=0.0)
        >>> updates, _ = optimizer.update(jnp.array([2.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-0.2]
    """
    return chain(AddNoise(eta, gamma, seed), ScaleByLearningRate(learning_rate))

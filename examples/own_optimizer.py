# %% [markdown]
# # An optimizer of your own
#
# A rule is a record with two functions: what it remembers, and one step. It gets a name, is checked as jgd's own methods are, and
# goes into a sweep like them.

# %%
import jax
import jax.numpy as jnp

import jgd
import jgd.testing
from jgd.transforms import ScaleByLearningRate

SAMPLES, SEEDS, STEPS = 12, 4, 200


# %%
@jgd.record
class ScaleBySoftSign(jgd.Transform):
    """u = m / (|m| + s), m ← b m + (1 − b) g: momentum where |m| is small, its sign where it is large."""

    b: float = jgd.hyper("[0, 1)", default=0.9)
    softness: float = jgd.hyper("> 0", default=1e-3)

    def init(self, params):
        return jax.tree.map(lambda p: jnp.zeros_like(p, dtype=jnp.float32), params)

    def update(self, grads, mean, context):
        b, softness = context.at(self.b), context.at(self.softness)  # numbers, or schedules
        mean = jax.tree.map(lambda m, g: b * m + (1 - b) * g, mean, grads)
        return jax.tree.map(lambda m: m / (jnp.abs(m) + softness), mean), mean


@jgd.optimizers.register("soft_sign", replace=True)
def soft_sign(learning_rate, *, b=0.9, softness=1e-3):
    return jgd.chain(ScaleBySoftSign(b, softness), ScaleByLearningRate(learning_rate))


# %% [markdown]
# `jgd.testing` asks whether it can be traced, batched and saved. Without `only` it makes all checks, in some ten seconds.

# %%
jgd.testing.check_optimizer(soft_sign, {"learning_rate": 0.1}, only=["bad values refused", "one program"])

# %%
rates = {"learning_rate": jgd.spaces.log_uniform(1e-3, 3)}
space = {"soft_sign": {**rates, "softness": jgd.spaces.log_uniform(1e-4, 1)}, "adam": rates}
found = jgd.sweep("iris", list(space), space, samples=SAMPLES, seeds=SEEDS, steps=STEPS, batch_size=30)
print(jgd.reports.table_text(found))

# %% [markdown]
# And where does it go? Its way beside Adam's, through a ravine.

# %%
ravine = jgd.landscapes.get("ill_conditioned")
paths = jgd.teaching.descents(ravine, {"soft sign": soft_sign(0.05), "adam": jgd.optimizers.adam(0.05)}, STEPS).paths
jgd.plots.plot_paths(ravine, paths).figure.savefig("paths.png", dpi=150)
jgd.optimizers.registry.unregister("soft_sign")

# %% [markdown]
# # A model of your own
#
# Two functions make a model: one for the start, one for the loss. Here a small network of your own learns to tell tumors apart, and
# its gradient is checked before it is believed.

# %%
import jax
import jax.numpy as jnp
from sklearn.datasets import load_breast_cancer

import jgd

EPOCHS, HIDDEN = 20, 30

# %%
inputs, labels = load_breast_cancer(return_X_y=True)


def init(key):
    first, second = jax.random.split(key)
    hidden = {"w": jax.random.normal(first, (30, HIDDEN)) / 30**0.5, "b": jnp.zeros(HIDDEN)}
    return {"hidden": hidden, "out": jax.random.normal(second, (HIDDEN,)) / HIDDEN**0.5}


def logits(params, x):
    return jnp.tanh(x @ params["hidden"]["w"] + params["hidden"]["b"]) @ params["out"]


def loss(params, batch):
    x, y = batch
    return jnp.mean(jnp.logaddexp(0.0, jnp.where(y == 1, -1.0, 1.0) * logits(params, x)))


# %% [markdown]
# The task cuts the rows into three parts, scales them, and knows which score chooses.

# %%
known = {"scale": jgd.Standard(), "classes": ("malignant", "benign"), "model": logits}
task = jgd.Task.from_arrays("tumors", init, loss, (inputs, labels), **known).chosen_by("accuracy")
print(jgd.check_gradients(task.loss, task.init(jgd.init_key(0)), task.train))

# %%
run = jgd.train(task, jgd.optimizers.adamw(1e-2), epochs=EPOCHS, batch_size=32, stop=jgd.StoppingRule(patience=50))
print(run, run.predict(inputs[:3]))
jgd.plots.plot_training_curves(run).figure.savefig("tumors.png", dpi=150)

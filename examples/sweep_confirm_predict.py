# %% [markdown]
# # From a sweep to predictions
#
# Two optimizers, several learning rates and seeds on the handwritten digits: chosen by validation, confirmed on fresh seeds and on
# the test rows, and used.

# %%
import jgd
from jgd import spaces

SAMPLES, SEEDS, STEPS = 16, 4, 300

# %%
task = jgd.tasks.get("digits", "softmax")
found = jgd.sweep(
    task,
    ["sgd", "adam"],
    {"learning_rate": spaces.log_uniform(1e-3, 1)},
    samples=SAMPLES,
    seeds=SEEDS,
    steps=STEPS,
    batch_size=64,
)
print(jgd.reports.report(found))

# %% [markdown]
# The best of many is flattered by the choice. Fresh seeds tell how good it is; the test rows are read here for the first time.

# %%
sure = found.confirm(seeds=SEEDS)
print(jgd.reports.confirmation_text(sure))

# %% [markdown]
# The winner is trained once more, kept in a file that holds numbers and no code, and asked.

# %%
best = jgd.train(task, jgd.optimizers.get(found.best.recipe)(**found.best.hyperparameters), steps=STEPS, batch_size=64)
file = jgd.save_model(best, "digits.safetensors")
inputs, labels = jgd.datasets.digits().rows
answers = jgd.load_model(file).predict(inputs[:10])
print(answers, labels[:10])

# %% [markdown]
# What the sweep saw is also a picture, and a table for other tools.

# %%
jgd.plots.plot_sensitivity(found).figure.savefig("sensitivity.png", dpi=150)
jgd.reports.save_data(found, "runs.csv")

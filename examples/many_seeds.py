# %% [markdown]
# # Many seeds
#
# One run is an anecdote. A hundred seeds of one config are one compiled program, and say how much of a result is luck.

# %%
import numpy as np

import jgd
from jgd.core.statistics import estimate

SEEDS, STEPS = 100, 200

# %%
task = jgd.tasks.get("iris", "mlp")
found = jgd.sweep(task, "adam", {"learning_rate": [0.01]}, seeds=SEEDS, steps=STEPS, batch_size=15)
scores = np.asarray(found.scores[0])
print(f"lowest {scores.min():.3f}, median {np.median(scores):.3f}, highest {scores.max():.3f}")
for count in (3, 10, SEEDS):
    print(f"{count} seeds: {estimate(scores[:count])}")

# %% [markdown]
# How often would three seeds have misled? A table with one row a run goes to pandas, or into a file.

# %%
rng = np.random.default_rng(0)
means = np.array([rng.choice(scores, 3).mean() for _ in range(1000)])
print(f"means of three seeds: 95% of them in {np.quantile(means, 0.025):.3f} … {np.quantile(means, 0.975):.3f}")
jgd.plots.plot_score_distribution(found).figure.savefig("seeds.png", dpi=150)
jgd.reports.save_data(found, "seeds.csv")

# %% [markdown]
# The same start with another split of the rows: luck of the split beside luck of the seed.

# %%
split = jgd.sweep(task, "adam", {"learning_rate": [0.01]}, seeds=SEEDS, steps=STEPS, batch_size=15, resplit=True)
print("spread over seeds:", scores.std().round(4), "over seeds and splits:", np.std(split.scores[0]).round(4))

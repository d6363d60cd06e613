# %% [markdown]
# # A sweep on several processes, killed and continued
#
# A directory is all that workers share. Here two shards of one sweep run one after the other in this process; on a cluster they are
# jobs of an array that start whenever they can. What a kill has left, the same call finishes, with the same bits.

# %%
import numpy as np

import jgd

SAMPLES, SEEDS, STEPS = 64, 4, 200

# %%
space = {"learning_rate": jgd.spaces.log_uniform(1e-3, 1)}
ask = {"samples": SAMPLES, "seeds": SEEDS, "steps": STEPS, "batch_size": 30, "block": 8}
half = jgd.sweep("iris", "adam", space, store="sweep", shard=(0, 2), **ask)
print("after one of two shards:", int(np.isfinite(half.scores).sum()), "of", half.scores.size, "runs")

# %% [markdown]
# Anyone may look at the directory in between: `jgd show sweep`, or

# %%
print(jgd.load_sweep("sweep"))

# %%
found = jgd.sweep("iris", "adam", space, store="sweep", shard=(1, 2), **ask)
alone = jgd.sweep("iris", "adam", space, **ask)
assert np.array_equal(found.scores, alone.scores)
print(found.best)

# %% [markdown]
# More seeds later: what is done isn't run again.

# %%
more = jgd.load_sweep("sweep").extend(seeds=SEEDS + 2)
assert np.array_equal(more.scores[:, :SEEDS], alone.scores)
print(more.best)

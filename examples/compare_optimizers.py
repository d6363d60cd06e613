# %% [markdown]
# # Which optimizer is better?
#
# A fair answer needs equal budgets, more than one seed, and a range that holds the best of each. Then "can't tell" is an answer, too.

# %%
import jgd
from jgd import analysis

SAMPLES, SEEDS, STEPS = 30, 40, 300

# %%
names = ["lion", "adam"]
rates = {"learning_rate": jgd.spaces.log_uniform(1e-4, 3)}
found = jgd.sweep("iris", names, rates, samples=SAMPLES, seeds=SEEDS // 8 + 3, steps=STEPS, batch_size=30)
print(found)
for finding in analysis.findings(found):
    print("*", finding.message)

# %% [markdown]
# Sensitivity: a method that is good at one rate only is hard to use.

# %%
for name in names:
    print(name, analysis.sensitivity_of(found, name))
jgd.plots.plot_sensitivity(found).figure.savefig("sensitivity.png", dpi=150)
jgd.plots.plot_best_of_budget(found).figure.savefig("budget.png", dpi=150)

# %% [markdown]
# The picks were chosen because they did well. On fresh seeds they meet as pairs: at each seed, the same start and the same batches.

# %%
picked = {pick.recipe: {name: [value] for name, value in pick.hyperparameters.items()} for pick in found.picks}
fresh = jgd.sweep("iris", names, picked, seeds=range(1000, 1003 + SEEDS), steps=STEPS, batch_size=30)
losses = {name: fresh.validation["loss"][fresh.configs_of(name)[0], :, -1] for name in names}
for rival in names[1:]:
    pair = analysis.paired(losses[names[0]], losses[rival], larger_is_better=False)
    print(f"{names[0]} (a) and {rival} (b): {pair.words}")

# %% [markdown]
# # From a CSV to predictions
#
# A table with words, dates and gaps: which flat costs how much? Everything that the columns need (fills, categories, scales) is
# fitted on the training rows and kept with the model.

# %%
import csv
import random

import jgd

ROWS, EPOCHS = 600, 60

# %% [markdown]
# A file to work with. In real life it is there already.

# %%
dice = random.Random(0)
with open("flats.csv", "w", newline="", encoding="utf-8") as file:
    out = csv.writer(file)
    out.writerow(["area", "city", "built", "rent"])
    for _ in range(ROWS):
        area, city, built = dice.uniform(20, 120), dice.choice(["Jena", "Gera", "Weimar"]), dice.randint(1890, 2024)
        rent = 7 * area + {"Jena": 200, "Gera": 0, "Weimar": 90}[city] + 0.5 * (built - 1890) + dice.gauss(0, 25)
        gap = dice.random() < 0.05
        out.writerow(["" if gap else f"{area:.1f}", city, built, f"{rent:.0f}"])

# %%
data = jgd.data.read("flats.csv", "rent", one_hot="auto", missing="mean")
task = jgd.tasks.of_table(data, "linear")
run = jgd.train(task, jgd.optimizers.adam(0.05), epochs=EPOCHS, batch_size=32)
print(run)

# %% [markdown]
# New rows come as they are, and answers have the unit of the target. The file has the model and its preprocessing, and no code.

# %%
jgd.save_model(run, "flats.safetensors")
new = {"area": [60.0, float("nan")], "city": ["Jena", "Gera"], "built": [1995, 1900]}
print(jgd.load_model("flats.safetensors").predict(new))

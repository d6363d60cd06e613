# %% [markdown]
# # A Flax model with batch normalization
#
# A convolutional network in NNX, with batch statistics and dropout, swept over learning rate, weight decay and seeds. jgd tells what
# descends from what is only kept, and gives back a module in evaluation mode.

# %%
import numpy as np
from flax import nnx

import jgd

STEPS, CHANNELS = 200, 60


# %%
class CNN(nnx.Module):
    def __init__(self, rngs):
        self.conv, self.norm = nnx.Conv(1, CHANNELS, (3, 3), strides=2, rngs=rngs), nnx.BatchNorm(CHANNELS, rngs=rngs)
        self.drop, self.out = nnx.Dropout(0.2, rngs=rngs), nnx.Linear(16 * CHANNELS, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.norm(self.conv(x)))
        return self.out(self.drop(x.reshape(len(x), -1)))


digits = jgd.datasets.digits()
images = (digits.inputs.reshape(-1, 8, 8, 1) / 16).astype(np.float32)
task = jgd.interop.flax.task(CNN, "softmax_cross_entropy", (images, digits.targets))

# %%
space = {"learning_rate": [0.003, 0.03], "weight_decay": [0.0, 0.1]}
found = jgd.sweep(task, "adamw", space, seeds=2, steps=STEPS, batch_size=32)
print(jgd.reports.table_text(found))

# %% [markdown]
# The best run's module, ready to be called, and the same kept in a file. The file has the numbers; the class is yours.

# %%
model = found.model()
print("right on all rows:", float((model(images).argmax(1) == digits.targets).mean()))
file = jgd.save_model(found, "cnn.safetensors")
again = jgd.load_model(file, model=task.model).library_model()
assert np.allclose(again(images[:5]), model(images[:5]))

"""Layer 0: what everything stands on. Enters: hyperparameters, gradients, parameters. Leaves: updates and states.

record.py     records that JAX sees as pytrees        types.py      Params, Loss, Schedule, Transform, Context
optimizer.py  Chain, Optimizer and its state          tree.py       arithmetic on pytrees
seeds.py      keys from (seed, stream)                functions.py  users' functions: names, jit, a checked loss
disk.py       files that are whole, or not there      machine.py    what the last bits depend on
text.py       tables as plain text                    strict_json.py  no NaN in JSON
checks/       errors for bad input
"""

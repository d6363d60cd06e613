"""Layer 0: what everything stands on. Enters: hyperparameters, gradients, parameters. Leaves: updates and states.

types.py         Params, Loss, Schedule, Scalar       record.py     records that JAX sees as pytrees
transform.py     Transform, Context, UpdateInfo       composite.py  Chain, and what transforms of several share
optimizer.py     Optimizer, its state, chain          updates.py    parameters plus updates
hyperparameters.py  numbers by name                   masks.py, paths.py  which leaves
tree.py          arithmetic on pytrees                tree_xla.py   work-arounds for XLA, each with its reason
seeds.py         keys from (seed, stream)             functions.py  users' functions: names, a checked loss
fingerprint.py, source.py  what a run is made of      machine.py    what its last bits depend on
atomic_files.py, array_files.py, snapshots.py, strict_json.py, plain_trees.py  files that are whole, or not there
sharding.py, processes.py  one run over devices and processes    shards.py  arrays cut over processes, on the disk
version.py       jgd's                                on_demand.py  packages of many names
registry.py, spellings.py  builders by name           statistics.py, text.py  estimates and tables
eager.py         calls outside jit, compiled once a structure
checks/, field_checks.py  errors for bad input        program_files.py, program_maps.py  compiled programs, kept and let go
loss_protocol.py, tracing.py  losses and metrics      row_weights.py, supervised_batch.py  what batches hold
lengths.py, schedule_ranges.py  schedules in a run    ties.py       configs that seeds can't tell apart
jaxprs.py, convolutions.py  traced programs           forked.py, nan_traps.py  settings under which JAX can't go on
format.py, short_repr.py, text_line.py, notebook.py  what people read    other_names.py  what others call arguments
"""

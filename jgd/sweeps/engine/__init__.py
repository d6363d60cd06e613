"""The engine: one compiled program a group of configs and device, and whole blocks of lanes on the devices.

A lane is one run, (config, seed), inside a block: a fixed number of lanes side by side. Users read "run".

block.py           which lanes run together            width.py       how many, by what the loss does
programs.py        what is compiled: start, steps, evaluation    calls.py   the programs' arguments, from the work
layout.py          matrices as they are multiplied fastest      observing.py   what is recorded of parameters
footprint.py       what a block takes on its device
device_inputs.py   what is shared, on each device      compile.py     programs compiled before any step
compiler.py        what XLA is asked for
work.py            what a block is computed from       run_block.py   one block, from begin to end
engine.py          blocks to executors, what they leave to the store (progress.py: counted, and told)
executor.py        who runs blocks: local.py, the devices of this process, a thread each (threads.py; devices.py:
                   cores as devices), or pool.py, workers anywhere (elsewhere.py: what one does)
"""

"""Layer 6: training one run. Enters: a loss, an optimizer, parameters and rows. Leaves: a `Run`.

train.py    the door: everything is checked, then the loop runs
loop.py     segments, evaluations, reasons to stop
session.py  what survives a crash             history.py  what each step saw, in bounded memory
resume.py   going on with a stored run        describe.py what a run is known by, in words
run.py      what is left                      several.py  the same at several seeds
diagnosis.py  why a run broke                 bar.py      a progress bar
ranging.py  the learning-rate range test      stream.py   rows from the disk
interrupt.py  Ctrl-C between segments
"""

from jgd.training.history import smooth
from jgd.training.lr_range_test import RateRange, lr_range_test
from jgd.training.run import Kept, Run
from jgd.training.run_loop import TrainProgress
from jgd.training.seeds import Runs, train_seeds
from jgd.training.train import train

__all__ = ["Kept", "TrainProgress", "RateRange", "Run", "Runs", "lr_range_test", "smooth", "train", "train_seeds"]

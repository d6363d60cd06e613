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

from jgd.train.history import smooth
from jgd.train.loop import Look
from jgd.train.ranging import RateRange, rate_range
from jgd.train.run import Kept, Run
from jgd.train.several import Runs, train_seeds
from jgd.train.train import train

__all__ = ["Kept", "Look", "RateRange", "Run", "Runs", "rate_range", "smooth", "train", "train_seeds"]

"""Layer 6: training one run. Enters: a loss, an optimizer, parameters and rows. Leaves: a `Run`.

train.py         the function                      arguments.py  what it is given, checked
plan.py          what stays fixed                  run_state.py  what moves, and survives a crash
run_loop.py      segment after segment             validation.py evaluations inside a segment
end_reason.py    why a run ends                    diagnosis.py  why a run broke
resume.py        saving, and going on              history.py    what each step saw, in bounded memory
run.py           what is left                      seeds.py      the same at several seeds
loader.py        rows from the disk                batch_source.py  batches of another library's loader
hard_mining.py   the hardest rows                  lr_range_test.py  the learning-rate range test
progress.py      what a callback gets              progress_bar.py   a bar on the terminal
interrupt.py     Ctrl-C between segments           load.py       a run from its directory
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.training.history import smooth as smooth
    from jgd.training.load import load_run as load_run
    from jgd.training.lr_range_test import LrRangeTest as LrRangeTest
    from jgd.training.lr_range_test import lr_range_test as lr_range_test
    from jgd.training.progress import TrainProgress as TrainProgress
    from jgd.training.run import BestParams as BestParams
    from jgd.training.run import Run as Run
    from jgd.training.seeds import Runs as Runs
    from jgd.training.seeds import train_seeds as train_seeds
    from jgd.training.train import train as train

HOMES = {  # module -> its names that are public here
    "history": "smooth",
    "load": "load_run",
    "lr_range_test": "LrRangeTest lr_range_test",
    "progress": "TrainProgress",
    "run": "BestParams Run",
    "seeds": "Runs train_seeds",
    "train": "train",
}
import_on_demand(__name__, HOMES)

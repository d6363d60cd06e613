"""MLflow: a callback of `jgd.train` and `jgd.sweep` that logs metrics to a run there."""

from jgd.interop.libraries import library
from jgd.interop.scalars import Callback, Progress


def callback(run_id: str | None = None) -> Callback:
    """A callback that logs what is new at each call; in a sweep one metric a config, seed and metric of the task.

    The run's id goes with every call: MLflow's active run is one of a thread, and the blocks of a sweep call from theirs.

    Args:
        run_id: Of a run of MLflow; default: the active one, or one that is started (end it by `mlflow.end_run()`).

    Returns:
        What `callback=` of `jgd.train` and `jgd.sweep` takes.

    Raises:
        ImportError: mlflow is not installed.

    Example:
        >>> import jgd
        >>> jgd.interop.mlflow.callback()  # doctest: +SKIP
    """
    mlflow = library("mlflow", "mlflow")
    if run_id is None:
        run = mlflow.active_run()
        run_id = (mlflow.start_run() if run is None else run).info.run_id

    def log(progress: Progress) -> None:
        for step, values in progress.scalars():
            mlflow.log_metrics(dict(values), step=step, run_id=run_id)

    return log

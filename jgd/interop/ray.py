"""Ray's workers as an executor of sweeps. Enters: a cluster that Ray knows. Leaves: a `concurrent.futures.Executor`."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures import wait as wait_for
from typing import Any

from jgd.core import checks
from jgd.interop.libraries import library


def executor(**options: Any) -> Executor:
    """Ray's tasks as an executor: `jgd.sweep(…, executor=jgd.interop.ray.executor())`.

    Where `ray.init(…)` wasn't called, Ray starts on this machine. A block is a task; Ray runs it again where its worker
    dies, three times by default, and the sweep has the same bits. The workers must have jgd.

    Args:
        **options: of `ray.remote`: what a block needs (num_cpus=1 by default, num_gpus, resources) and how it is retried
            (max_retries).

    Returns:
        The executor; leaving its `with` block cancels what waits and leaves Ray as it is.

    Raises:
        ImportError: without Ray, which no extra brings: `pip install ray`.
        JgdValueError: for options that `ray.remote` doesn't take.

    Source:
        Moritz et al. 2018, arXiv:1712.05889.

    Example:
        >>> jgd.sweep("digits", "adam", space, steps=500, executor=jgd.interop.ray.executor())  # doctest: +SKIP
    """
    ray = library("ray", "ray")
    try:
        task = ray.remote(**{"num_cpus": 1} | options)(_call)
    except (TypeError, ValueError, AssertionError) as error:
        raise checks.JgdValueError(f"options must be those of ray.remote: {error}", argument="options") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    return _Tasks(ray, task)


class _Tasks(Executor):
    """Tasks of Ray by `submit`. _max_workers: how many run at once, as other executors of processes tell it."""

    def __init__(self, ray: Any, task: Any) -> None:
        self._ray, self._task = ray, task
        self._max_workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._waiting: dict[Future, Any] = {}  # -> what Ray calls it

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        reference = self._task.remote(fn, args, kwargs)
        future = reference.future()
        self._waiting[future] = reference
        future.add_done_callback(lambda done: self._waiting.pop(done, None))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        waiting = dict(self._waiting)
        if cancel_futures:
            for reference in waiting.values():
                self._ray.cancel(reference)
        if wait:
            wait_for(waiting)


def _call(fn: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
    """What each task does."""
    return fn(*args, **kwargs)

"""Functions run at once, each in a thread of its own under the caller's JAX settings."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

import jax


def in_threads(work: list[Callable[[threading.Event], None]]) -> None:
    """Each in a thread of its own, under the caller's JAX settings; the first fault, or Ctrl-C, stops them all."""
    stop = threading.Event()
    settings = _settings()

    def one(task: Callable[[threading.Event], None]) -> None:
        with settings():
            task(stop)

    with ThreadPoolExecutor(len(work)) as pool:
        try:
            done, _ = wait([pool.submit(one, task) for task in work], return_when=FIRST_EXCEPTION)
            for finished in done:
                finished.result()
        finally:
            stop.set()


def _settings() -> Callable[[], ExitStack]:
    """A context with this thread's JAX settings, for another thread: contexts such as enable_x64 are of one thread."""
    contexts: dict[str, Callable[[Any], Any]] = {
        "jax_enable_x64": jax.enable_x64,
        "jax_default_matmul_precision": jax.default_matmul_precision,
        "jax_numpy_dtype_promotion": jax.numpy_dtype_promotion,
        "jax_numpy_rank_promotion": jax.numpy_rank_promotion,
        "jax_debug_nans": jax.debug_nans,
    }
    here = {name: getattr(jax.config, name) for name in contexts}

    def enter() -> ExitStack:
        stack = ExitStack()
        for name, context in contexts.items():
            stack.enter_context(context(here[name]))
        return stack

    return enter

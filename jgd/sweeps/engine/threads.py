"""Functions run at once, each in a thread of its own under the caller's JAX settings."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

import jax

CONTEXTS: dict[str, Callable[[Any], Any]] = {  # settings that a thread may have of its own
    "jax_enable_x64": jax.enable_x64,
    "jax_default_matmul_precision": jax.default_matmul_precision,
    "jax_numpy_dtype_promotion": jax.numpy_dtype_promotion,
    "jax_numpy_rank_promotion": jax.numpy_rank_promotion,
    "jax_debug_nans": jax.debug_nans,
    "jax_debug_infs": jax.debug_infs,
}


def in_threads(work: list[Callable[[threading.Event], None]]) -> None:
    """Each in a thread of its own, under the caller's JAX settings; the first fault, or Ctrl-C, stops them all."""
    stop = threading.Event()
    here = settings()

    def one(task: Callable[[threading.Event], None]) -> None:
        with under(here):
            task(stop)

    with ThreadPoolExecutor(len(work)) as pool:
        try:
            done, _ = wait([pool.submit(one, task) for task in work], return_when=FIRST_EXCEPTION)
            for finished in done:
                finished.result()
        finally:
            stop.set()


def settings() -> dict[str, Any]:
    """This thread's JAX settings, for another thread or process."""
    return {name: getattr(jax.config, name) for name in CONTEXTS}


def under(there: Mapping[str, Any]) -> ExitStack:
    """A context with such settings."""
    stack = ExitStack()
    for name, value in there.items():
        stack.enter_context(CONTEXTS[name](value))
    return stack

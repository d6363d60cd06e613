"""A process that was forked after JAX had started: JAX's threads are gone, and what waits for them waits for ever."""

import os
import sys

from jgd.core.checks.errors import JgdError

_dead = False  # in this process


def refuse_fork(what: str) -> None:
    """Refuse to compute where nothing would ever come back.

    Args:
        what: What can't run here.

    Raises:
        JgdError: In a process that `os.fork` made of one in which JAX had started.
    """
    if _dead:
        raise JgdError(
            f"{what} can't run in a process that was forked after JAX had started, whose threads no fork copies: start "
            "processes by multiprocessing.get_context('spawn') (or joblib's loky), or fork before JAX is first used"
        )


def _forked() -> None:
    """In the child. Private to jax is only whether it has started; where it doesn't say, nothing is refused."""
    global _dead
    _dead = _dead or bool(getattr(sys.modules.get("jax._src.xla_bridge"), "_backends", None))


if hasattr(os, "register_at_fork"):  # not on Windows, which can't fork
    os.register_at_fork(after_in_child=_forked)

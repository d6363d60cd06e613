"""Whether what is to be analyzed is a sweep: enters an argument, leaves an error where it is something else."""

from typing import Any

from jgd.core import checks

READ = ("configs", "loss", "validation", "diverged_at", "given")  # what the analyses read: data will do


def check_sweep(sweep: Any) -> None:
    """Refuse what has not the arrays of a sweep.

    Args:
        sweep: The argument.

    Raises:
        JgdTypeError: For anything else, by its name and type.

    Example:
        >>> check_sweep([0.1, 0.2])
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdTypeError: sweep must be what jgd.sweep(…) returns, got [0.1, 0.2] (list)
    """
    if not all(hasattr(sweep, name) for name in READ):
        raise checks.JgdTypeError(
            f"sweep must be what jgd.sweep(…) returns, got {checks.shown(sweep)} ({type(sweep).__name__})",
            argument="sweep",
        )
